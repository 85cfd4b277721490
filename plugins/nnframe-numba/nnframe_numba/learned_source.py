"""The lines of the source that change learned parameters; see `nnframe_numba.batch_source`.

Parameter 0 of layer 1 is called q0_1. Its gradient is the sum of e0_1, which has what each output of each sample adds.
Those of the loss are called q0_loss and e0_loss.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf
from typing import NamedTuple


class LearnedForm(NamedTuple):
    """What the source depends on, for a learned parameter.

    Attributes
    ----------
    is_penalized : bool
        Whether penalties apply to it.
    low, high : float
        The limits that it is kept within.
    """

    is_penalized: bool
    low: float
    high: float

    def limit_lines(self, name: str) -> list[str]:
        """Return the lines that keep the parameter within its limits."""
        if (self.low, self.high) == (-inf, inf):
            return []
        low, high = (f"{'-' if value < 0 else ''}np.inf" if abs(value) == inf else repr(value) for value in self[1:])
        return [f"limit({name}, {low}, {high})"]


# With their names.
Learned = Sequence[tuple[str, LearnedForm]]


def learned_gradient_lines(learned: Learned, trained: Collection[str], in_place: bool) -> list[str]:
    """Return the lines that compute the gradients by learned parameters, or add them to these.

    Parameters
    ----------
    learned : sequence of (str, LearnedForm)
    trained : collection of str
        The names of all that is trained.
    in_place : bool
        Whether they are added.
    """
    lines = []
    for name, form in learned:
        if name not in trained:
            continue
        shares = f"e{name[1:]}"
        if in_place:
            lines += [f"add_learned_gradient({shares}, {name})", *form.limit_lines(name)]
        else:
            lines.append(f"store_learned_gradient({shares}, g{name})")
    return lines


def limit_lines(learned: Learned, trained: Collection[str]) -> list[str]:
    """Return the lines that keep all learned parameters within their limits."""
    return [line for name, form in learned if name in trained for line in form.limit_lines(name)]


def penalized_names(learned: Learned) -> list[str]:
    """Return the names of those that penalties apply to."""
    return [name for name, form in learned if form.is_penalized]

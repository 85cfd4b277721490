"""The contract for a fused pair: an activation and a loss that are more stable or faster together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nnframe.arrays import Array
from nnframe.errors import ArgumentTypeError, shown


@dataclass(frozen=True)
class Fused:
    """A loss as a function of the last layer's pre-activations.

    Parameters
    ----------
    gradient : callable
        ``gradient(z, a, y, **params) -> dL/dz``: pre-activations z, activations a and targets y, all of shape
        (n, B); returns (n, B), not yet averaged over the batch.
    value : callable, optional
        ``value(z, y, **params) -> (B,)``: the loss of each column, computed from z. Where it is left out, the
        loss's own value is taken from a.
    both : callable, optional
        ``both(z, y, **params) -> (values, dL/dz)``, computed at once where they share work: for optimizers of the whole
        data, which need both and no activations.

    Notes
    -----
    Whichever side of the pair declares it passes its own parameters; the other side's must be at their
    defaults, or the pair is differentiated by the chain rule.
    """

    gradient: Callable[..., Array]
    value: Callable[..., Array] | None = None
    both: Callable[..., tuple[Array, Array]] | None = None

    def __post_init__(self) -> None:
        others = self.value, self.both
        if not callable(self.gradient) or not all(each is None or callable(each) for each in others):
            raise ArgumentTypeError(
                f"Fused got {shown(self.gradient)} as gradient, {shown(self.value)} as value and {shown(self.both)} as "
                f"both; expected a function as gradient, and functions or None as value and both"
            )


def checked_fused(owner: str, fused: object) -> Mapping[str, Fused]:
    """Return a mapping of partner names to fused forms, read-only and with the names in lower case.

    Raises
    ------
    ArgumentTypeError
        If it is something else.
    """
    if not isinstance(fused, Mapping) or not all(
        isinstance(key, str) and isinstance(form, Fused) for key, form in fused.items()
    ):
        raise ArgumentTypeError(
            f"fused of {owner!r} is {shown(fused)}; expected a dict of names to Fused, such as "
            f"{{'softmax': Fused(gradient=...)}}"
        )
    return MappingProxyType({key.lower(): form for key, form in fused.items()})

"""Where the arrays of a part have the numbers of a formula, as texts for `nnframe_numba.column_source`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from nnframe.contracts.learned import Learned, learned_of
from nnframe.contracts.loss import Loss
from nnframe.inputs.by_name import INPUTS, SAMPLE_WEIGHT


class Layout(NamedTuple):
    """Where numbers are, for sample i and one of n components.

    Attributes
    ----------
    size : str
        What n is.
    inputs : mapping of str to str
        For each array of the formula; ``{j}`` stands for the component.
    numbers : frozenset of str
        Those of them that have one number for each sample.
    results : tuple of str
        Where the formula's results go, for component j.
    parameters : mapping of str to str
        What parameters of the formula are, beside those that the part is called with.
    """

    size: str
    inputs: Mapping[str, str]
    numbers: frozenset[str]
    results: tuple[str, ...]
    parameters: Mapping[str, str] = MappingProxyType({})


def plain_layout(arguments: Sequence[str], target: str) -> Layout:
    """Return the layout where each array of the formula is one of the part; its `grad` is the part's d."""
    rows = {name: "d" if name == "grad" else name for name in arguments}
    inputs = {name: f"{row}[i, {{j}}]" for name, row in rows.items()}
    return Layout(f"{rows[arguments[0]]}.shape[1]", inputs, frozenset(), (_result(target),))


def loss_layout(loss: Loss, target: str) -> Layout | None:
    """Return the layout of a loss that has several outputs for a target, takes sample weights or learns parameters.

    It is None for one that takes x.

    The outputs of a target are n apart in a, and their derivatives in d. Weights are the last column of y, see
    `nnframe.training.by_name.with_given`. Learned parameters are the part's arrays q0, q1, ...
    """
    if INPUTS in loss.asks:
        return None
    outputs = loss.arguments.outputs
    learned = {name: f"np.float64(q{i}[0, 0])" for i, name in enumerate(learned_of(loss))}
    inputs = {name: _apart("a", k, "{j}") for k, name in enumerate(outputs)}
    inputs |= {"y": "y[i, {j}]", SAMPLE_WEIGHT: "y[i, y.shape[1] - 1]"}
    results = [_apart(target, k, "j") for k in range(len(outputs))] if target == "d" else [_result(target)]
    return Layout(f"a.shape[1] // {len(outputs)}", inputs, frozenset([SAMPLE_WEIGHT]), tuple(results), learned)


def learned_layout(arguments: Sequence[str], learned: Mapping[str, Learned], target: str) -> Layout:
    """Return the layout of an activation with learned parameters, which are the part's arrays q0, q1, ..."""
    layout = plain_layout([name for name in arguments if name not in learned], target)
    values = {
        name: f"q{i}[{{j}}, 0]" if each.per == "output" else f"q{i}[0, 0]"
        for i, (name, each) in enumerate(learned.items())
    }
    return layout._replace(inputs={**layout.inputs, **values})


def _apart(array: str, k: int, j: str) -> str:
    return f"{array}[i, {k} * n + {j}]" if k else f"{array}[i, {j}]"


def _result(target: str) -> str:
    return {"losses": "losses[i]", "e of loss": "e[i, 0]"}.get(target, f"{target}[i, j]")

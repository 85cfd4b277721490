"""Which formula of a plugin each part of a batch is made of, known without numba.

The parts are `activate_k` and `differentiate_k` for each layer k, `value`, `gradient_of_loss` and `optimize`; see
`nnframe_numba.compiled_parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnframe.contracts.bound import BoundActivation, BoundOptimizer, Linear, Objective
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.contracts.optimizer import LEARNING_RATE
from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.errors import DerivativeError
from nnframe.registry.binding import IDENTITY
from nnframe.registry.guard import is_built_in
from nnframe_numba.column_layout import Layout, learned_layout, loss_layout
from nnframe_numba.derived_formulas import (
    DerivedFormula,
    derived_learned,
    derived_learned_loss,
    derived_loss,
    derived_pair,
    derived_slope,
)
from nnframe_numba.fingerprint import fingerprint
from nnframe_numba.parameters import described

if TYPE_CHECKING:
    from nnframe.formula.source import Source

# Built-in plugins that `nnframe_numba.builtin_kernels` has loops for; pairs of an activation and a loss that are fused.
ACTIVATIONS = frozenset(("relu", "softmax", "sigmoid", "tanh"))
OBJECTIVES = frozenset(("mse", "cel", "softmax+cel"))
# Their backward pass needs no z, so z and a may be one array.
IN_PLACE = frozenset(("relu", "sigmoid", "tanh"))


class Formula(NamedTuple):
    """A formula that is to be compiled.

    Attributes
    ----------
    plugin : Plugin
        Whose it is.
    function : callable
    part : str
        What messages call it.
    arguments : tuple of str
        Names for the arrays that it takes by position.
    settings : mapping of str to parameter
        What it is always called with, by keyword.
    keywords : tuple of str
        What else it is called with by keyword.
    source : Source or None
        Where the function is derived.
    layout : Layout or None
        Where its numbers are, if its arguments aren't arrays of the part as a whole.
    """

    plugin: Plugin
    function: Callable[..., Any]
    part: str
    arguments: tuple[str, ...]
    settings: Mapping[str, Parameter]
    keywords: tuple[str, ...] = ()
    source: Source | None = None
    layout: Layout | None = None

    @property
    def label(self) -> str:
        """What tells formulas from others with the same function."""
        return (
            self.part
            if self.layout is None
            else f"{self.part} {sorted([*self.layout.inputs.items(), *self.layout.parameters.items()])}"
        )

    def key(self, are_arguments: bool) -> object:
        """Return what its machine code depends on, a text if it is equal for equal formulas in every process.

        Parameters
        ----------
        are_arguments : bool
            Whether numeric parameters are arguments of the machine code.
        """
        content = fingerprint(self.function)
        parameters = described(self.settings, are_arguments)
        return (self.function, self.label, parameters) if content is None else f"{self.label} {content} {parameters}"


# A loop of this package, by its key; None for what is more than a formula.
PartFormula = Formula | str | None


def part_formulas(net: BoundNet | TrainingTask, dtype: np.dtype[Any]) -> dict[str, PartFormula]:
    """Return the formula of each part by its name in the source, in the order of the source."""
    layers, last = net.layers, net.layers[-1].activation
    found: dict[str, PartFormula] = {}
    for k, layer in enumerate(layers):
        if layer.parameters:
            found |= learned_formulas(layer.activation, k, dtype)
            continue
        found[f"activate_{k}"] = activation_formula(layer.activation)
        if k < len(layers) - 1 or net.objective.loss_gradient is not None:
            # A fused gradient goes through the last activation already.
            found[f"differentiate_{k}"] = slope_formula(layer.activation, dtype)
    if net.objective.parameters:
        found |= _learned_loss_formulas(net.objective.plugin, dtype)
    else:
        found["value"], found["gradient_of_loss"] = objective_formulas(net.objective, last, dtype)
    if not net.rule.is_plain:
        found["optimize"] = update_formula(net.rule.optimizer)
    return found


def answer_formulas(layers: Sequence[Linear], dtype: np.dtype[Any], first: int = 0) -> dict[str, PartFormula]:
    """Return the formulas of the outputs of layers by their names in the source, counted from `first`."""
    return {
        f"activate_{k}": (
            learned_formulas(layer.activation, k, dtype)[f"activate_{k}"]
            if layer.parameters
            else activation_formula(layer.activation)
        )
        for k, layer in enumerate(layers, first)
    }


def activation_formula(bound: BoundActivation) -> PartFormula:
    """Return the formula of a layer's outputs."""
    if bound is IDENTITY:
        return "copy"
    plugin = bound.plugin
    if plugin is None:
        return None
    if built_in_name(plugin) in ACTIVATIONS:
        return f"builtin {plugin.name}"
    return Formula(plugin, plugin.forward, "forward", ("z",), plugin.settings)


def learned_formulas(bound: BoundActivation, k: int, dtype: np.dtype[Any]) -> dict[str, PartFormula]:
    """Return the formulas of a layer with learned parameters, all from a recording."""
    plugin = bound.plugin
    assert plugin is not None
    learned = learned_of(plugin)
    parts = [
        (f"activate_{k}", "derived forward", "a"),
        (f"differentiate_{k}", "derived backward", "d"),
        *((f"learn_{i}_{k}", f"derived gradient of {name}", "e") for i, name in enumerate(learned)),
    ]
    return _recorded_formulas(
        plugin,
        lambda: derived_learned(plugin, dtype),
        parts,
        lambda derived, target: learned_layout(derived.arguments, learned, target),
    )


def _learned_loss_formulas(loss: Loss, dtype: np.dtype[Any]) -> dict[str, PartFormula]:
    """Return the formulas of a loss with learned parameters, all from a recording."""
    parts = [
        ("value", "derived value", "losses"),
        ("gradient_of_loss", "derived gradient", "d"),
        *((f"learn_{i}_loss", f"derived gradient of {name}", "e of loss") for i, name in enumerate(learned_of(loss))),
    ]
    return _recorded_formulas(
        loss, lambda: derived_learned_loss(loss, dtype), parts, lambda _, target: loss_layout(loss, target)
    )


def _recorded_formulas(
    plugin: Plugin,
    record: Callable[[], tuple[DerivedFormula, DerivedFormula, list[DerivedFormula]]],
    parts: Sequence[tuple[str, str, str]],
    layout: Callable[[DerivedFormula, str], Layout | None],
) -> dict[str, PartFormula]:
    """Return the formulas of parts, each with its name, what messages call it, and the array that it fills."""
    try:
        first, second, by_parameter = record()
    except DerivativeError:
        # It has derivatives by hand.
        return dict.fromkeys(name for name, _, _ in parts)
    return {
        name: _derived(plugin, derived, text)._replace(layout=layout(derived, target))
        for derived, (name, text, target) in zip((first, second, *by_parameter), parts, strict=True)
    }


def slope_formula(bound: BoundActivation, dtype: np.dtype[Any]) -> PartFormula:
    """Return the formula of a layer's backward pass: of its derivative where it takes z alone."""
    if bound is IDENTITY:
        return "leave"
    plugin = bound.plugin
    if plugin is None:
        return None
    if built_in_name(plugin) in ACTIVATIONS:
        return f"builtin {plugin.name}'"
    if plugin.backward is None and bound.derivative is not None:
        # What can't be derived is told with the plugin's name.
        bound.derivative(np.zeros((1, 1)))
    if plugin.backward is not None:
        return Formula(plugin, plugin.backward, "backward", ("grad", "z", "a"), plugin.settings)
    if plugin.derivative is not None:
        return Formula(plugin, plugin.derivative, "derivative", ("z",), plugin.settings)
    derived = derived_slope(plugin, dtype)
    part = "derived derivative" if derived.arguments == ("z",) else "derived backward"
    return _derived(plugin, derived, part)


def objective_formulas(
    objective: Objective, last: BoundActivation, dtype: np.dtype[Any]
) -> tuple[PartFormula, PartFormula]:
    """Return the formulas of the loss and its gradient: that by z where loss and last activation are fused."""
    loss, fused = objective.plugin, objective.fused
    if loss.is_grouped or loss.asks:
        return _formulas_of_separate(loss, dtype)
    built_in = built_in_name(loss)
    if fused is not None:
        partner = last.plugin.name if last.plugin else ""
        built_in = f"{partner}+{built_in}" if built_in_name(fused.owner) else None
    if built_in in OBJECTIVES:
        return f"builtin {built_in}", f"builtin {built_in}'"
    value = Formula(loss, loss.value, "value", ("a", "y"), loss.settings)
    if fused is None:
        if loss.gradient is None:
            gradient = _derived(loss, derived_loss(loss, dtype)[1], "derived gradient")
        else:
            gradient = Formula(loss, loss.gradient, "gradient", ("a", "y"), loss.settings)
        return value, gradient
    owner, form, pair = fused
    if pair is not None and last.plugin is not None:
        by_z, slope_by_z = derived_pair(loss, last.plugin, dtype)
        return _derived(loss, by_z, "fused value"), _derived(loss, slope_by_z, "fused gradient")
    if form.value is not None:
        value = Formula(owner, form.value, "fused value", ("z", "y"), owner.settings)
    return value, Formula(owner, form.gradient, "fused gradient", ("z", "a", "y"), owner.settings)


def _formulas_of_separate(loss: Loss, dtype: np.dtype[Any]) -> tuple[PartFormula, PartFormula]:
    """Return the formulas of a loss with several outputs for a target or arguments by name, both from a recording."""
    layouts = loss_layout(loss, "losses"), loss_layout(loss, "d")
    if None in layouts:
        return None, None
    try:
        value, gradient = derived_loss(loss, dtype)
    except DerivativeError:
        # It has a gradient by hand.
        return None, None
    return (
        _derived(loss, value, "derived value")._replace(layout=layouts[0]),
        _derived(loss, gradient, "derived gradient")._replace(layout=layouts[1]),
    )


def _derived(plugin: Plugin, derived: DerivedFormula, part: str) -> Formula:
    return Formula(plugin, derived.function, part, derived.arguments, derived.settings, source=derived.source)


def update_formula(bound: BoundOptimizer | None) -> PartFormula:
    """Return the formula of an update; that of plain gradient descent for None."""
    if bound is None:
        return "plain descent"
    optimizer = bound.plugin
    settings = {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE}
    arguments = ("w", "g", *optimizer.state)
    return Formula(optimizer, optimizer.update, "update", arguments, settings, ("t", LEARNING_RATE))


def is_in_place(bound: BoundActivation) -> bool:
    """Return whether a layer's a may be the same array as its z."""
    return bound.plugin is not None and built_in_name(bound.plugin) in IN_PLACE


def built_in_name(plugin: Plugin) -> str | None:
    """Return the name of a built-in plugin; None for any other."""
    return plugin.name if is_built_in(plugin) else None

"""The parts of an epoch that plugins decide.

A part is a function of rows: z, a, y and d are (B, n), losses (B,).

- activate(z, a) fills a;
- differentiate(d, z, a) turns d = dL/da into dL/dz;
- value(z, a, y, losses) fills the losses;
- gradient(z, a, y, d) fills d with dL/dz where loss and activation are fused, else with dL/da;
- optimize(w, g, *state, t, rate) turns vectors of weights and of an optimizer's state into the next ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnframe import Activation, Array, PluginError, registry
from nnframe.contracts.bound import BoundActivation, BoundOptimizer, Objective
from nnframe.contracts.domains import Domain, sample
from nnframe.contracts.optimizer import LEARNING_RATE
from nnframe.contracts.plugin import Plugin
from nnframe.registry.binding import IDENTITY
from nnframe_numba import formula_loops
from nnframe_numba.builtin_kernels import ACTIVATE, DIFFERENTIATE, IN_PLACE, OBJECTIVE
from nnframe_numba.formula_compiler import Candidate, CompiledPart, selected


def activation_parts(bound: BoundActivation, dtype: np.dtype[Any]) -> tuple[CompiledPart, CompiledPart]:
    """Return `activate` and `differentiate` of a layer."""

    def activate_on_numpy(z: Array, a: Array) -> None:
        np.copyto(a.T, bound.forward(z.T))

    def differentiate_on_numpy(d: Array, z: Array, a: Array) -> None:
        np.copyto(d.T, bound.backward(d.T, z.T, a.T))

    plugin = bound.plugin
    if bound is IDENTITY:
        return CompiledPart(formula_loops.copy, "copy"), CompiledPart(formula_loops.leave, "leave")
    if plugin is None:
        reason = "an activation: it is more than a formula"
        return CompiledPart(activate_on_numpy, None, reason), CompiledPart(differentiate_on_numpy, None, reason)

    built_in = _built_in_name(plugin)
    if built_in in ACTIVATE:
        activate, differentiate = ACTIVATE[built_in], DIFFERENTIATE[built_in]
        return CompiledPart(activate, f"builtin {built_in}"), CompiledPart(differentiate, f"builtin {built_in}'")
    z, d = _sample("real", dtype, 0), _sample("real", dtype, 1)
    ways = {"element": formula_loops.element_activate, "array": formula_loops.array_activate}
    sample = (z, np.empty_like(z))
    activate_part = selected(
        Candidate(plugin, plugin.forward, "forward", ways, activate_on_numpy, sample, (1,), plugin.settings)
    )
    function, part, ways, settings = _slope_formula(plugin, dtype)
    arguments = (d, z, _activations(bound, z))
    return activate_part, selected(
        Candidate(plugin, function, part, ways, differentiate_on_numpy, arguments, (0,), settings)
    )


def is_in_place(bound: BoundActivation) -> bool:
    """Whether a layer's a may be the same array as its z."""
    return bound.plugin is not None and _built_in_name(bound.plugin) in IN_PLACE


def _slope_formula(plugin: Activation, dtype: np.dtype[Any]) -> tuple[Any, str, dict[str, Any], Mapping[str, Any]]:
    """Return the formula of the backward pass, given or derived, its name, ways to compile it, and its parameters."""
    element = {"element": formula_loops.element_slope, "array": formula_loops.array_slope}
    if plugin.backward is not None:
        return plugin.backward, "backward", {"array": formula_loops.array_backward}, plugin.settings
    if plugin.derivative is not None:
        return plugin.derivative, "derivative", element, plugin.settings
    derived = plugin.derived
    if derived.slope is not None:
        return derived.slope.formula(dtype), "derived derivative", element, {}
    return derived.backward.formula(dtype), "derived backward", {"array": formula_loops.array_backward}, {}


def objective_parts(
    objective: Objective, last: BoundActivation, dtype: np.dtype[Any]
) -> tuple[CompiledPart, CompiledPart]:
    """Return `value` and `gradient` of a loss behind a last layer."""
    loss, fused = objective.plugin, objective.fused
    loss_gradient = objective.loss_gradient

    def value_on_numpy(z: Array, a: Array, y: Array, losses: Array) -> None:
        np.copyto(losses, objective.value(z.T, a.T, y.T))

    def gradient_on_numpy(z: Array, a: Array, y: Array, d: Array) -> None:
        slope = objective.gradient(z.T, a.T, y.T) if loss_gradient is None else loss_gradient(a.T, y.T)
        np.copyto(d.T, slope)

    built_in = _built_in_name(loss)
    if fused is not None:
        partner = last.plugin.name if last.plugin else ""
        built_in = f"{partner}+{built_in}" if _built_in_name(fused.owner) else None
    if built_in in OBJECTIVE:
        value, gradient = OBJECTIVE[built_in]
        return CompiledPart(value, f"builtin {built_in}"), CompiledPart(gradient, f"builtin {built_in}'")

    z, y = _sample("real", dtype, 0), _sample(loss.y_domain, dtype, 2)
    a = _sample(loss.a_domain, dtype, 1) if fused is None else _activations(last, z)
    losses, d = np.empty(len(z), dtype), np.empty_like(z)
    owner: Plugin = loss
    function: Any = loss.value
    part = "value"
    ways = {"array": formula_loops.array_value}
    settings: Mapping[str, Any] = loss.settings
    if fused is not None and fused.form.value is not None:
        owner, function, part, settings = fused.owner, fused.form.value, "fused value", fused.owner.settings
        ways = {"array": formula_loops.array_fused_value}
    if fused is not None and fused.derived is not None:
        function, settings = fused.derived.value.formula(dtype), {}
    value_part = selected(Candidate(owner, function, part, ways, value_on_numpy, (z, a, y, losses), (3,), settings))
    owner, part, settings = loss, "gradient", loss.settings
    function = loss.gradient
    ways = {"element": formula_loops.element_gradient, "array": formula_loops.array_gradient}
    if fused is not None:
        owner, function, part, settings = fused.owner, fused.form.gradient, "fused gradient", fused.owner.settings
        ways = {"element": formula_loops.element_fused_gradient, "array": formula_loops.array_fused_gradient}
        if fused.derived is not None:
            function, settings = fused.derived.gradient.formula(dtype), {}
    elif function is None:
        function, part, settings = loss.derived.gradient.formula(dtype), "derived gradient", {}
    return value_part, selected(Candidate(owner, function, part, ways, gradient_on_numpy, (z, a, y, d), (3,), settings))


def optimizer_part(bound: BoundOptimizer | None, dtype: np.dtype[Any]) -> CompiledPart:
    """Return `optimize`; plain gradient descent for None."""
    if bound is None:
        return CompiledPart(formula_loops.plain_descent, "plain descent")
    optimizer, update = bound.plugin, bound.update

    def optimize_on_numpy(w: Array, g: Array, *state_t_rate: Any) -> None:
        *state, t, rate = state_t_rate
        for array, new in zip((w, *state), update(w, g, *state, t=t, learning_rate=rate), strict=True):
            np.copyto(array, new)

    w, g = (_sample("real", dtype, seed).ravel() for seed in (0, 1))
    state = [np.full_like(w, value) for value in optimizer.state.values()]
    ways = {"element": formula_loops.element_optimize(len(state))}
    settings = {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE}
    sample, filled = (w, g, *state, 2, 0.01), (0, *range(2, 2 + len(state)))
    return selected(Candidate(optimizer, optimizer.update, "update", ways, optimize_on_numpy, sample, filled, settings))


def _built_in_name(plugin: Plugin) -> str | None:
    return plugin.name if registry.provider_of(plugin) == registry.BUILTIN_PROVIDER else None


def _activations(bound: BoundActivation, z: Array) -> Array:
    """Return f(z); where f fails, anything: a formula that is compared with itself on it fails in the same way."""
    try:
        return np.ascontiguousarray(bound.forward(z.T).T)
    except PluginError:
        return z


def _sample(domain: Domain, dtype: np.dtype[Any], seed: int) -> Array:
    """Return rows of numbers that a formula takes."""
    return np.ascontiguousarray(sample(domain, (3, 5), np.random.default_rng(seed)).T.astype(dtype))

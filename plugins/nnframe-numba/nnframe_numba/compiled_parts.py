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
from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.registry.binding import IDENTITY
from nnframe_numba import formula_loops
from nnframe_numba.builtin_kernels import ACTIVATE, DIFFERENTIATE, IN_PLACE, OBJECTIVE
from nnframe_numba.formula_compiler import Candidate, CompiledPart, Way, compiled_part

FORWARD = (Way("element", formula_loops.element_activate), Way("array", formula_loops.array_activate))
SLOPE = (Way("element", formula_loops.element_slope), Way("array", formula_loops.array_slope))
BACKWARD = (Way("array", formula_loops.array_backward),)
VALUE = (Way("array", formula_loops.array_value),)
FUSED_VALUE = (Way("array", formula_loops.array_fused_value),)
GRADIENT = (Way("element", formula_loops.element_gradient), Way("array", formula_loops.array_gradient))
FUSED_GRADIENT = (
    Way("element", formula_loops.element_fused_gradient),
    Way("array", formula_loops.array_fused_gradient),
)


def activation_parts(bound: BoundActivation, dtype: np.dtype[Any]) -> tuple[CompiledPart, CompiledPart]:
    """Return `activate` and `differentiate` of a layer."""
    if bound.plugin is not None and _built_in_name(bound.plugin) in ACTIVATE:
        name = bound.plugin.name
        return activate_part(bound, dtype), CompiledPart(DIFFERENTIATE[name], f"builtin {name}'")

    def differentiate_on_numpy(d: Array, z: Array, a: Array) -> None:
        np.copyto(d.T, bound.backward(d.T, z.T, a.T))

    if bound is IDENTITY:
        return activate_part(bound, dtype), CompiledPart(formula_loops.leave, "leave")
    if bound.plugin is None:
        return activate_part(bound, dtype), CompiledPart(differentiate_on_numpy, None, NOT_A_FORMULA)
    if bound.plugin.backward is None and bound.derivative is not None:
        # What can't be derived is told with the plugin's name.
        bound.derivative(np.zeros((1, 1)))
    function, part, arguments, ways, settings = _slope_formula(bound.plugin, dtype)
    z, d = _sample("real", dtype, 0), _sample("real", dtype, 1)
    candidate = Candidate(
        bound.plugin,
        function,
        part,
        arguments,
        ways,
        differentiate_on_numpy,
        (d, z, _activations(bound, z)),
        (0,),
        settings,
    )
    return activate_part(bound, dtype), compiled_part(candidate)


def activate_part(bound: BoundActivation, dtype: np.dtype[Any]) -> CompiledPart:
    """Return `activate` of a layer."""

    def activate_on_numpy(z: Array, a: Array) -> None:
        np.copyto(a.T, bound.forward(z.T))

    plugin = bound.plugin
    if bound is IDENTITY:
        return CompiledPart(formula_loops.copy, "copy")
    if plugin is None:
        return CompiledPart(activate_on_numpy, None, NOT_A_FORMULA)
    built_in = _built_in_name(plugin)
    if built_in in ACTIVATE:
        return CompiledPart(ACTIVATE[built_in], f"builtin {built_in}")
    z = _sample("real", dtype, 0)
    return compiled_part(
        Candidate(
            plugin,
            plugin.forward,
            "forward",
            ("z",),
            FORWARD,
            activate_on_numpy,
            (z, np.empty_like(z)),
            (1,),
            plugin.settings,
        )
    )


def is_in_place(bound: BoundActivation) -> bool:
    """Return whether a layer's a may be the same array as its z."""
    return bound.plugin is not None and _built_in_name(bound.plugin) in IN_PLACE


def _slope_formula(
    plugin: Activation, dtype: np.dtype[Any]
) -> tuple[Any, str, tuple[str, ...], tuple[Way, ...], Mapping[str, Parameter]]:
    """Return the formula of the backward pass, its name and arguments, how to compile it, and its parameters."""
    if plugin.backward is not None:
        return plugin.backward, "backward", ("grad", "z", "a"), BACKWARD, plugin.settings
    if plugin.derivative is not None:
        return plugin.derivative, "derivative", ("z",), SLOPE, plugin.settings
    derived = plugin.derived
    if derived.slope is not None:
        return derived.slope.formula(dtype), "derived derivative", ("z",), SLOPE, {}
    return derived.backward.formula(dtype), "derived backward", ("grad", "z", "a"), BACKWARD, {}


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

    if loss.is_grouped or loss.asks:
        reason = f"{loss.spec!r}: a loss with several outputs for each target, or one that takes x or sample_weight"
        return CompiledPart(value_on_numpy, None, reason), CompiledPart(gradient_on_numpy, None, reason)
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
    value_candidate = Candidate(
        loss, loss.value, "value", ("a", "y"), VALUE, value_on_numpy, (z, a, y, losses), (3,), loss.settings
    )
    if fused is not None and fused.form.value is not None:
        value_candidate = value_candidate._replace(
            plugin=fused.owner,
            formula=fused.form.value,
            part="fused value",
            arguments=("z", "y"),
            ways=FUSED_VALUE,
            settings=fused.owner.settings,
        )
        if fused.derived is not None:
            value_candidate = value_candidate._replace(formula=fused.derived.value.formula(dtype), settings={})
    gradient_candidate = Candidate(
        loss,
        loss.gradient or loss.value,
        "gradient",
        ("a", "y"),
        GRADIENT,
        gradient_on_numpy,
        (z, a, y, d),
        (3,),
        loss.settings,
    )
    if fused is not None:
        gradient_candidate = gradient_candidate._replace(
            plugin=fused.owner,
            formula=fused.form.gradient,
            part="fused gradient",
            arguments=("z", "a", "y"),
            ways=FUSED_GRADIENT,
            settings=fused.owner.settings,
        )
        if fused.derived is not None:
            gradient_candidate = gradient_candidate._replace(formula=fused.derived.gradient.formula(dtype), settings={})
    elif loss.gradient is None:
        gradient_candidate = gradient_candidate._replace(
            formula=loss.derived.gradient.formula(dtype), part="derived gradient", settings={}
        )
    return compiled_part(value_candidate), compiled_part(gradient_candidate)


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
    n = len(state)
    return compiled_part(
        Candidate(
            optimizer,
            optimizer.update,
            "update",
            ("w", "g", *optimizer.state),
            (
                Way("element", formula_loops.element_optimize(n, whole_steps=False), "large"),
                Way("element", formula_loops.element_optimize(n, whole_steps=True), "whole steps"),
            ),
            optimize_on_numpy,
            (w, g, *state, 2, 0.01),
            (0, *range(2, 2 + n)),
            {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE},
            keywords=("t", LEARNING_RATE),
        )
    )


NOT_A_FORMULA = "an activation: it is more than a formula"


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

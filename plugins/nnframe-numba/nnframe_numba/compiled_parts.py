"""The parts of a batch that plugins decide, compiled where that is possible.

A part is a function of rows: z, a, y and d are (B, n), losses (B,).

- activate(z, a) fills a;
- differentiate(d, z, a) turns d = dL/da into dL/dz;
- value(z, a, y, losses) fills the losses;
- gradient_of_loss(z, a, y, d) fills d with dL/dz where loss and activation are fused, else with dL/da;
- optimize(w, g, *state, t, rate) turns vectors of weights and of an optimizer's state into the next ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from nnframe import Array, PluginError
from nnframe.contracts.bound import BoundActivation, BoundOptimizer, Linear, Objective
from nnframe.contracts.domains import Domain, sample
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.contracts.learned import learned_of
from nnframe.contracts.learned_values import starting_values
from nnframe.contracts.loss import Loss
from nnframe.contracts.plugin import Plugin
from nnframe.inputs.by_name import INPUTS, SAMPLE_WEIGHT
from nnframe.registry.binding import bind_activation, bind_objective
from nnframe.training.by_name import with_given
from nnframe_numba import formula_loops
from nnframe_numba.builtin_kernels import BUILT_IN
from nnframe_numba.column_loops import column_part
from nnframe_numba.formula_compiler import Candidate, CompiledPart, Way, compiled_part
from nnframe_numba.part_formulas import Formula, PartFormula, activation_formula, answer_formulas, part_formulas


def _column(arrays: str, target: str) -> Way:
    return Way("column", partial(column_part, tuple(arrays.split()), target))


FORWARD = (
    Way("element", formula_loops.element_activate),
    _column("z a", "a"),
    Way("array", formula_loops.array_activate),
)
SLOPE = (Way("element", formula_loops.element_slope), Way("array", formula_loops.array_slope))
BACKWARD = (_column("d z a", "d"), Way("array", formula_loops.array_backward))
VALUE = (_column("z a y losses", "losses"), Way("array", formula_loops.array_value))
FUSED_VALUE = (_column("z a y losses", "losses"), Way("array", formula_loops.array_fused_value))
GRADIENT = (
    Way("element", formula_loops.element_gradient),
    _column("z a y d", "d"),
    Way("array", formula_loops.array_gradient),
)
FUSED_GRADIENT = (
    Way("element", formula_loops.element_fused_gradient),
    _column("z a y d", "d"),
    Way("array", formula_loops.array_fused_gradient),
)
# Loops of this package, by the keys of `nnframe_numba.part_formulas`.
LOOPS: dict[str, Callable[..., Any]] = {
    "copy": formula_loops.copy,
    "leave": formula_loops.leave,
    "plain descent": formula_loops.plain_descent,
}
NOT_A_FORMULA = "an activation: it is more than a formula"


def compiled_parts(net: BoundNet | TrainingTask, dtype: np.dtype[Any]) -> dict[str, CompiledPart]:
    """Return all parts by their names in the source.

    Raises
    ------
    NotCompiledError
        If one would have to be compiled, and this is not the thread for it.
    """
    formulas = part_formulas(net, dtype)
    parts: dict[str, CompiledPart] = {}
    for k, layer in enumerate(net.layers):
        if layer.parameters:
            parts |= _learned_parts(formulas, layer.activation, k, dtype)
            continue
        parts[f"activate_{k}"] = activate_part(layer.activation, dtype)
        if f"differentiate_{k}" in formulas:
            parts[f"differentiate_{k}"] = _differentiate_part(formulas[f"differentiate_{k}"], layer.activation, dtype)
    last = net.layers[-1].activation
    if net.objective.parameters:
        return parts | _learned_loss_parts(formulas, net.objective.plugin, dtype) | _update_parts(formulas, net, dtype)
    parts["value"] = _value_part(formulas["value"], net.objective, last, dtype)
    parts["gradient_of_loss"] = _gradient_part(formulas["gradient_of_loss"], net.objective, last, dtype)
    return parts | _update_parts(formulas, net, dtype)


def _update_parts(
    formulas: dict[str, PartFormula], net: BoundNet | TrainingTask, dtype: np.dtype[Any]
) -> dict[str, CompiledPart]:
    if "optimize" not in formulas:
        return {}
    return {"optimize": _optimize_part(formulas["optimize"], net.rule.optimizer, dtype)}


def _learned_parts(
    formulas: dict[str, PartFormula], bound: BoundActivation, k: int, dtype: np.dtype[Any]
) -> dict[str, CompiledPart]:
    """Return the parts of a layer with learned parameters, q0, q1, ..., which follow the other arrays."""
    plugin = bound.plugin
    assert plugin is not None
    z, d = (_sample("real", dtype, seed) for seed in (0, 1))
    values = starting_values(plugin, z.shape[1], dtype)
    q, like = values.values(), bind_activation(plugin, values)
    a, letters = _activations(like, z), " ".join(f"q{i}" for i in range(len(q)))

    def activate(z: Array, a: Array, *_: Array) -> None:
        np.copyto(a.T, like.forward(z.T))

    def differentiate(d: Array, z: Array, a: Array, *_: Array) -> None:
        np.copyto(d.T, like.backward(d.T, z.T, a.T))

    def learn(name: str, d: Array, z: Array, a: Array, e: Array, *_: Array) -> None:
        given = learned_of(plugin)[name].gradient
        if given is None:
            found = plugin.derived_for_learning.by_parameter[name](d.T, z.T, a.T, *q)
        else:
            found = given(d.T, z.T, a.T, **plugin.settings | values)
        np.copyto(e.T, found)

    made: dict[str, tuple[str, str, Callable[..., None], tuple[Array, ...], int]] = {
        f"activate_{k}": (f"z a {letters}", "a", activate, (z, np.empty_like(z), *q), 1),
        f"differentiate_{k}": (f"d z a {letters}", "d", differentiate, (d, z, a, *q), 0),
    }
    for i, name in enumerate(values):
        sample = d, z, a, np.empty_like(z), *q
        made[f"learn_{i}_{k}"] = f"d z a e {letters}", "e", partial(learn, name), sample, 3
    return {
        name: _part(formulas[name], (_column(arrays, target),), on_numpy, sample, (filled,), _unrecorded(plugin))
        for name, (arrays, target, on_numpy, sample, filled) in made.items()
        if name in formulas
    }


def _learned_loss_parts(formulas: dict[str, PartFormula], loss: Loss, dtype: np.dtype[Any]) -> dict[str, CompiledPart]:
    """Return the parts of a loss with learned parameters, likewise."""
    values = {name: np.array(loss.settings[name], dtype) for name in learned_of(loss)}
    like = bind_objective(loss, None, parameters=values)
    z, y, a = _sample("real", dtype, 0), _sample(loss.y_domain, dtype, 2), _sample(loss.a_domain, dtype, 1)
    q = [value.reshape(1, 1) for value in values.values()]
    letters = " ".join(f"q{i}" for i in range(len(q)))

    def value(z: Array, a: Array, y: Array, losses: Array, *_: Array) -> None:
        np.copyto(losses, like.value(z.T, a.T, y.T))

    def gradient(z: Array, a: Array, y: Array, d: Array, *_: Array) -> None:
        np.copyto(d.T, like.gradient(z.T, a.T, y.T))

    def learn(i: int, z: Array, a: Array, y: Array, e: Array, *_: Array) -> None:
        gradients = like.parameter_gradients
        assert gradients is not None
        for k in range(len(a)):
            e[k] = gradients(a[k : k + 1].T, y[k : k + 1].T, np.ones(1, dtype))[i]

    made: dict[str, tuple[str, str, Callable[..., None], Array]] = {
        "value": ("losses", "losses", value, np.empty(len(z), dtype)),
        "gradient_of_loss": ("d", "d", gradient, np.empty_like(z)),
    }
    for i in range(len(q)):
        made[f"learn_{i}_loss"] = "e", "e", partial(learn, i), np.empty((len(z), 1), dtype)
    reason = _unrecorded(loss)
    return {
        name: _part(
            formulas[name], (_column(f"z a y {array} {letters}", target),), on_numpy, (z, a, y, out, *q), (3,), reason
        )
        for name, (array, target, on_numpy, out) in made.items()
    }


def _unrecorded(plugin: Plugin) -> str:
    return f"{plugin.spec!r}: it has learned parameters, and its formula can't be recorded"


def activation_part(layer: Linear, k: int, dtype: np.dtype[Any]) -> CompiledPart:
    """Return `activate` of a layer, for answers."""
    if not layer.parameters:
        return activate_part(layer.activation, dtype)
    return _learned_parts(answer_formulas([layer], dtype, k), layer.activation, k, dtype)[f"activate_{k}"]


def activate_part(bound: BoundActivation, dtype: np.dtype[Any]) -> CompiledPart:
    """Return `activate` of a layer."""

    def on_numpy(z: Array, a: Array) -> None:
        np.copyto(a.T, bound.forward(z.T))

    formula, z = activation_formula(bound), _sample("real", dtype, 0)
    return _part(formula, FORWARD, on_numpy, (z, np.empty_like(z)), (1,))


def _differentiate_part(formula: PartFormula, bound: BoundActivation, dtype: np.dtype[Any]) -> CompiledPart:
    def on_numpy(d: Array, z: Array, a: Array) -> None:
        np.copyto(d.T, bound.backward(d.T, z.T, a.T))

    z, d = _sample("real", dtype, 0), _sample("real", dtype, 1)
    ways = SLOPE if isinstance(formula, Formula) and formula.arguments == ("z",) else BACKWARD
    return _part(formula, ways, on_numpy, (d, z, _activations(bound, z)), (0,))


def _value_part(
    formula: PartFormula, objective: Objective, last: BoundActivation, dtype: np.dtype[Any]
) -> CompiledPart:
    def on_numpy(z: Array, a: Array, y: Array, losses: Array) -> None:
        np.copyto(losses, objective.value(z.T, a.T, y.T))

    z, a, y = _loss_sample(objective, last, dtype)
    ways = _ways(formula, VALUE, FUSED_VALUE)
    return _part(formula, ways, on_numpy, (z, a, y, np.empty(len(z), dtype)), (3,), _more_than_a_formula(objective))


def _gradient_part(
    formula: PartFormula, objective: Objective, last: BoundActivation, dtype: np.dtype[Any]
) -> CompiledPart:
    loss_gradient = objective.loss_gradient

    def on_numpy(z: Array, a: Array, y: Array, d: Array) -> None:
        slope = objective.gradient(z.T, a.T, y.T) if loss_gradient is None else loss_gradient(a.T, y.T)
        np.copyto(d.T, slope)

    z, a, y = _loss_sample(objective, last, dtype)
    ways = _ways(formula, GRADIENT, FUSED_GRADIENT)
    return _part(formula, ways, on_numpy, (z, a, y, np.empty_like(z)), (3,), _more_than_a_formula(objective))


def _ways(formula: PartFormula, by_a: tuple[Way, ...], by_z: tuple[Way, ...]) -> tuple[Way, ...]:
    """Return the ways to make a part of the loss."""
    if not isinstance(formula, Formula):
        return by_a
    if formula.layout is not None:
        return tuple(way for way in by_a if way.call == "column")
    return by_z if "z" in formula.arguments else by_a


def _optimize_part(formula: PartFormula, bound: BoundOptimizer | None, dtype: np.dtype[Any]) -> CompiledPart:
    def on_numpy(w: Array, g: Array, *state_t_rate: Any) -> None:
        assert bound is not None
        *state, t, rate = state_t_rate
        for array, new in zip((w, *state), bound.update(w, g, *state, t=t, learning_rate=rate), strict=True):
            np.copyto(array, new)

    w, g = (_sample("real", dtype, seed).ravel() for seed in (0, 1))
    state = [] if bound is None else [np.full_like(w, value) for value in bound.plugin.state.values()]
    n = len(state)
    ways = (
        Way("element", formula_loops.element_optimize(n, whole_steps=False), "large"),
        Way("element", formula_loops.element_optimize(n, whole_steps=True), "whole steps"),
    )
    return _part(formula, ways, on_numpy, (w, g, *state, 2, 0.01), (0, *range(2, 2 + n)))


def _part(
    formula: PartFormula,
    ways: tuple[Way, ...],
    on_numpy: Any,
    sample: tuple[Any, ...],
    filled: tuple[int, ...],
    reason: str = NOT_A_FORMULA,
) -> CompiledPart:
    """Return a part; with a reason why it runs on numpy if there is no formula."""
    if formula is None:
        return CompiledPart(on_numpy, None, reason)
    if isinstance(formula, str):
        return CompiledPart((LOOPS | BUILT_IN)[formula], formula)
    return compiled_part(Candidate(formula, ways, on_numpy, sample, filled))


def _more_than_a_formula(objective: Objective) -> str:
    return (
        f"{objective.plugin.spec!r}: a loss that takes x, or one with several outputs for each target or sample_weight "
        f"whose value can't be recorded"
    )


def _loss_sample(objective: Objective, last: BoundActivation, dtype: np.dtype[Any]) -> tuple[Array, Array, Array]:
    """Return z, a and y that the loss takes."""
    loss = objective.plugin
    if loss.is_grouped or loss.asks:
        outputs, targets, given = loss.samples(n=3, count=5)
        a = outputs.reshape(-1, 5).T
        y = with_given(loss, given.get(INPUTS, targets).T, targets.T, given.get(SAMPLE_WEIGHT))
        z, a, y = (np.ascontiguousarray(each, dtype) for each in (a, a, y))
        return z, a, y
    z, y = _sample("real", dtype, 0), _sample(loss.y_domain, dtype, 2)
    a = _sample(loss.a_domain, dtype, 1) if objective.fused is None else _activations(last, z)
    return z, a, y


def _activations(bound: BoundActivation, z: Array) -> Array:
    """Return f(z); where f fails, anything: a formula that is compared with itself on it fails in the same way."""
    try:
        return np.ascontiguousarray(bound.forward(z.T).T)
    except PluginError:
        return z


def _sample(domain: Domain, dtype: np.dtype[Any], seed: int) -> Array:
    """Return rows of numbers that a formula takes."""
    return np.ascontiguousarray(sample(domain, (3, 5), np.random.default_rng(seed)).T.astype(dtype))

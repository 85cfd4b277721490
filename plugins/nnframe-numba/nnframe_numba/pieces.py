"""The parts of an epoch that plugins decide, each in the first way that works: by element, by array, on numpy.

A part is a function of rows: z, a, y and d are (B, n).

- activate(z, a) fills a;
- differentiate(d, z, a) turns d = dL/da into dL/dz;
- value(z, a, y) returns the sum of the losses;
- gradient(z, a, y, d) fills d with dL/dz where loss and activation are fused, else with dL/da;
- optimize(w, g, *state, t, rate) turns vectors of weights and of an optimizer's state into the next ones.

A compiled formula is held against the plain one before it is used: what means something else for one number than for
an array is found out, and not trained with.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba.core.errors import NumbaError

from nnframe import Activation, Array, registry
from nnframe.binding import IDENTITY
from nnframe.complex_step import STEP
from nnframe.engine import BoundActivation, BoundOptimizer, Objective
from nnframe.errors import one_line
from nnframe.optimizer import LEARNING_RATE
from nnframe.plugin import Plugin
from nnframe_numba import storage
from nnframe_numba.builtin_forms import ACTIVATE, DIFFERENTIATE, OBJECTIVE
from nnframe_numba.convert import NotConvertible, converted, fingerprint
from nnframe_numba.jit import formula
from nnframe_numba.source import optimizer_source

Formula: TypeAlias = Callable[..., Any]

# Wide enough for all that rounding does to a formula, narrow enough to tell one formula from another.
TOLERANCES = {"float32": 1e-3, "float64": 1e-8}


class Piece(NamedTuple):
    """A part of an epoch.

    Attributes
    ----------
    function : callable
    key : str or None
        Equal for equal parts, in every process; None for what can't be told and so can't be kept on disk.
    reason : str or None
        Why it runs on numpy; None where it is compiled.
    """

    function: Callable[..., Any]
    key: str | None
    reason: str | None = None


def activation_pieces(bound: BoundActivation, dtype: np.dtype[Any]) -> tuple[Piece, Piece]:
    """Return `activate` and `differentiate` of a layer."""

    def activate_on_numpy(z: Array, a: Array) -> None:
        np.copyto(a.T, bound.forward(z.T))

    def differentiate_on_numpy(d: Array, z: Array, a: Array) -> None:
        np.copyto(d.T, bound.backward(d.T, z.T, a.T))

    plugin = bound.plugin
    if plugin is None:
        if bound is IDENTITY:
            return Piece(_copy, "copy"), Piece(_leave, "leave")
        reason = "it is more than a formula"
        return Piece(activate_on_numpy, None, reason), Piece(differentiate_on_numpy, None, reason)

    built_in = _built_in_name(plugin)
    z = _sample("real", dtype, 0)
    a = np.empty_like(z)
    activate_on_numpy(z, a)
    d = _sample("real", dtype, 1)
    if built_in in ACTIVATE:
        activate = Piece(ACTIVATE[built_in], f"builtin {built_in}")
    else:
        ways = {"element": _element_activate, "array": _array_activate}
        activate = _choose(plugin, plugin.forward, "forward", ways, activate_on_numpy, (z, np.empty_like(z)), (1,))
    if built_in in DIFFERENTIATE:
        return activate, Piece(DIFFERENTIATE[built_in], f"builtin {built_in}'")
    function, part, ways = _slope_formula(plugin)
    return activate, _choose(plugin, function, part, ways, differentiate_on_numpy, (d, z, a), (0,))


def objective_pieces(objective: Objective, last: BoundActivation, dtype: np.dtype[Any]) -> tuple[Piece, Piece]:
    """Return `value` and `gradient` of a loss behind a last layer."""

    def value_on_numpy(z: Array, a: Array, y: Array) -> float:
        return float(objective.value(z.T, a.T, y.T).sum(dtype=np.float64))

    def gradient_on_numpy(z: Array, a: Array, y: Array, d: Array) -> None:
        slope = objective.gradient if objective.loss_gradient is None else None
        np.copyto(d.T, slope(z.T, a.T, y.T) if slope else objective.loss_gradient(a.T, y.T))  # type: ignore[misc]

    loss, fused = objective.plugin, objective.fused
    partner = f"{last.plugin.name}+" if fused and last.plugin else ""
    built_in = partner + (_built_in_name(loss) or "") if not fused or _built_in_name(fused.owner) else None
    if built_in in OBJECTIVE:
        value, gradient = OBJECTIVE[built_in]
        return Piece(value, f"builtin {built_in}"), Piece(gradient, f"builtin {built_in}'")

    z, y = _sample("real", dtype, 0), _sample(loss.y_domain, dtype, 2)
    a = _sample(loss.a_domain, dtype, 1)
    d = np.empty_like(z)
    if fused is not None:
        np.copyto(a.T, last.forward(z.T))
        gradient_piece = _choose(
            fused.owner,
            fused.form.gradient,
            "fused gradient",
            {"element": _element_fused_gradient, "array": _array_fused_gradient},
            gradient_on_numpy,
            (z, a, y, d),
            (3,),
        )
    else:
        ways = {"element": _element_gradient, "array": _array_gradient}
        gradient_piece = _choose(loss, loss.gradient, "gradient", ways, gradient_on_numpy, (z, a, y, d), (3,))
    if fused is not None and fused.form.value is not None:
        function, owner, ways = fused.form.value, fused.owner, {"array": _array_fused_value}
    else:
        function, owner, ways = loss.value, loss, {"array": _array_value}
    return _choose(owner, function, "value", ways, value_on_numpy, (z, a, y), ()), gradient_piece


def optimizer_piece(bound: BoundOptimizer | None, dtype: np.dtype[Any]) -> Piece:
    """Return `optimize`; plain gradient descent for None."""
    if bound is None:
        return Piece(_descend, "descend")
    optimizer = bound.plugin

    def optimize_on_numpy(w: Array, g: Array, *state_t_rate: Any) -> None:
        *state, t, rate = state_t_rate
        for array, new in zip((w, *state), bound.update(w, g, *state, t=t, learning_rate=rate), strict=True):
            np.copyto(array, new)

    def element(f: Callable[..., Any]) -> Any:
        namespace = {"__name__": __name__, "formula": f}
        exec(optimizer_source(len(optimizer.state)), namespace)
        return formula(namespace["optimize"])

    w, g = (_sample("real", dtype, seed).ravel() for seed in (0, 1))
    state = [np.full_like(w, value) for value in optimizer.state.values()]
    parameters = {name: value for name, value in optimizer.settings.items() if name != LEARNING_RATE}
    sample, filled = (w, g, *state, 1, 0.01), (0, *range(2, 2 + len(state)))
    return _choose(
        optimizer, optimizer.update, "update", {"element": element}, optimize_on_numpy, sample, filled, parameters
    )


# What this process has compiled already, by the function and how it is called.
_chosen: dict[tuple[Any, ...], Piece] = {}


def _choose(
    plugin: Plugin,
    function: Formula,
    part: str,
    ways: Mapping[str, Callable[[Callable[..., Any]], Any]],
    on_numpy: Callable[..., Any],
    sample: tuple[Any, ...],
    filled: tuple[int, ...],
    parameters: Mapping[str, Any] | None = None,
) -> Piece:
    """Return a formula in the first way that compiles and does on a sample what it does on numpy.

    Parameters
    ----------
    plugin : Plugin
    function : callable
        The function of it that is wanted.
    part : str
        What that is called.
    ways : mapping of str to callable
        From a name to what makes a piece of a converted formula.
    on_numpy : callable
        The piece as numpy runs it.
    sample : tuple
        Arguments of the piece, an array first.
    filled : tuple of int
        Which of them it fills; none for a piece that returns a number.
    parameters : mapping, optional
        What the formula is always called with; all of the plugin's parameters if left out.
    """
    settings = plugin.settings if parameters is None else parameters
    known: tuple[Any, ...] = (function, part, json.dumps(settings), str(sample[0].dtype), *ways)
    if known in _chosen and not _chosen[known].reason:
        return _chosen[known]
    content = fingerprint(function)
    key = content and storage.digest(content, *known[1:])
    note = (key and storage.read_note(key)) or None
    reasons = []
    for way, make in ways.items():
        if note is not None and note["way"] != way:
            continue
        try:
            piece = make(converted(function, settings, scalar=way == "element"))
            if note is None:
                _compare(piece, on_numpy, sample, filled)
        except (NotConvertible, NumbaError, Mismatch) as error:
            reasons.append(_first_line(error))
            continue
        if key and note is None:
            storage.keep_note(key, {"way": way})
        _chosen[known] = Piece(piece, key and f"{way} {key}")
        return _chosen[known]
    reason = note["reason"] if note is not None else reasons[-1]
    if key and note is None:
        storage.keep_note(key, {"way": "numpy", "reason": reason})
    return Piece(on_numpy, None, f"{part} of {plugin.spec!r}: {reason}")


class Mismatch(Exception):
    """A compiled formula that gives something else than the plain one."""


def _compare(
    piece: Callable[..., Any], on_numpy: Callable[..., Any], sample: tuple[Any, ...], filled: tuple[int, ...]
) -> None:
    mine, wanted = (tuple(copy.copy(argument) for argument in sample) for _ in range(2))
    with np.errstate(all="ignore"):
        returned, expected = piece(*mine), on_numpy(*wanted)
    results = [(mine[i], wanted[i]) for i in filled] or [(returned, expected)]
    tolerance = TOLERANCES[str(sample[0].dtype)]
    if not all(np.allclose(*pair, rtol=tolerance, atol=tolerance, equal_nan=True) for pair in results):
        raise Mismatch("compiled, it gives other numbers")


def _first_line(error: Exception) -> str:
    """Return what is wrong in a line; numba explains itself in many."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During:", "File", "[", "<", "-"))]
    return telling[0] if telling else one_line(error)


def _built_in_name(plugin: Plugin) -> str | None:
    return plugin.name if registry.provider_of(plugin) == registry.BUILTIN_PROVIDER else None


def _slope_formula(plugin: Activation) -> tuple[Callable[..., Any], str, dict[str, Callable[..., Any]]]:
    if plugin.backward is not None:
        return plugin.backward, "backward", {"array": _array_backward}
    if plugin.derivative is not None:
        return plugin.derivative, "derivative", {"element": _element_slope, "array": _array_slope}
    return plugin.forward, "complex step", {"element": _element_complex_step}


def _sample(domain: str, dtype: np.dtype[Any], seed: int) -> Array:
    """Return rows of numbers that a formula takes."""
    rng = np.random.default_rng(seed)
    if domain == "probability":
        return rng.dirichlet(np.ones(3), size=5).astype(dtype)
    numbers = rng.normal(scale=2, size=(5, 3))
    return (np.abs(numbers) + 0.1 if domain == "positive" else numbers).astype(dtype)


# From a converted formula f to a piece. numba compiles f into it.


@formula
def _copy(z: Array, a: Array) -> None:
    a[...] = z


@formula
def _leave(d: Array, z: Array, a: Array) -> None:
    pass


@formula
def _descend(w: Array, g: Array, t: int, rate: float) -> None:
    for i in range(w.size):
        w[i] -= rate * g[i]


def _element_activate(f: Formula) -> Formula:
    @formula
    def activate(z: Array, a: Array) -> None:
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                a[i, j] = f(z[i, j])

    return activate


def _array_activate(f: Formula) -> Formula:
    @formula
    def activate(z: Array, a: Array) -> None:
        _fill(a, f(z.T))

    return activate


def _element_slope(f: Formula) -> Formula:
    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] *= f(z[i, j])

    return differentiate


def _element_complex_step(f: Formula) -> Formula:
    # The cube root of the machine epsilon balances rounding against truncation.
    relative_step = float(np.cbrt(np.finfo(np.float64).eps))

    @formula
    def slope(z: float) -> float:
        exact = f(complex(z, STEP)).imag / STEP
        if np.isfinite(exact):
            return exact
        # exp overflows for complex numbers where the formula for real ones has a limit.
        step = relative_step * max(1.0, abs(z))
        above, below = z + step, z - step
        return (f(above) - f(below)) / (above - below)

    return _element_slope(slope)


def _array_slope(f: Formula) -> Formula:
    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        slope = f(z.T)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] *= slope[j, i]

    return differentiate


def _array_backward(f: Formula) -> Formula:
    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        _fill(d, f(d.T, z.T, a.T))

    return differentiate


def _array_value(f: Formula) -> Formula:
    @formula
    def value(z: Array, a: Array, y: Array) -> float:
        return _total(f(a.T, y.T))

    return value


def _array_fused_value(f: Formula) -> Formula:
    @formula
    def value(z: Array, a: Array, y: Array) -> float:
        return _total(f(z.T, y.T))

    return value


def _element_gradient(f: Formula) -> Formula:
    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] = f(a[i, j], y[i, j])

    return gradient


def _array_gradient(f: Formula) -> Formula:
    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        _fill(d, f(a.T, y.T))

    return gradient


def _element_fused_gradient(f: Formula) -> Formula:
    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] = f(z[i, j], a[i, j], y[i, j])

    return gradient


def _array_fused_gradient(f: Formula) -> Formula:
    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        _fill(d, f(z.T, a.T, y.T))

    return gradient


@formula
def _fill(rows: Array, columns: Array) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = columns[j, i]


@formula
def _total(losses: Array) -> float:
    total = 0.0
    for i in range(losses.shape[0]):
        total += losses[i]
    return total

"""From a converted formula to a part of an epoch; numba compiles the one into the other.

Each function takes a formula f and returns the part. By element, f is called with numbers; by array, with matrices of
columns, as its author wrote it. Parts see samples as rows: z, a, y and d are (B, n), losses (B,). The parameters of the
formula come last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe import Array
from nnframe_numba.batch_source import function_source, indented
from nnframe_numba.element import element, plain
from nnframe_numba.intrinsics import arrays_are_apart, flat, never_inline
from nnframe_numba.jit import formula


@formula
def copy(z: Array, a: Array) -> None:
    """Activate nothing."""
    a[...] = z


@formula
def leave(d: Array, z: Array, a: Array) -> None:
    """Differentiate nothing."""


@formula
def plain_descent(w: Array, g: Array, t: int, rate: float) -> None:
    """Do what an optimizer does, without one."""
    step = w.dtype.type(rate)
    for i in range(w.size):
        w[i] -= step * g[i]


@formula
def fill(rows: Array, columns: Array) -> None:
    """Fill rows with columns."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = columns[j, i]


def element_activate(f: Any) -> Any:
    """Return the part that fills a with f(z)."""

    @formula
    def activate(z: Array, a: Array, *parameters: Any) -> None:
        # Rows are short; one long loop makes better use of vectors.
        z_, a_ = flat(z), flat(a)
        for k in range(z.size):
            a_[k] = plain(f(element(z_[k]), *parameters))

    return activate


def array_activate(f: Any) -> Any:
    """Return the part that fills a with f(z)."""

    @formula
    def activate(z: Array, a: Array, *parameters: Any) -> None:
        fill(a, f(z.T, *parameters))

    return activate


def element_slope(f: Any) -> Any:
    """Return the part that multiplies d by f(z)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array, *parameters: Any) -> None:
        d_, z_ = flat(d), flat(z)
        for k in range(d.size):
            d_[k] *= plain(f(element(z_[k]), *parameters))

    return differentiate


def array_slope(f: Any) -> Any:
    """Return the part that multiplies d by f(z)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array, *parameters: Any) -> None:
        slope = f(z.T, *parameters)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] *= slope[j, i]

    return differentiate


def array_backward(f: Any) -> Any:
    """Return the part that fills d with f(d, z, a)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array, *parameters: Any) -> None:
        fill(d, f(d.T, z.T, a.T, *parameters))

    return differentiate


def array_value(f: Any) -> Any:
    """Return the part that fills the losses with f(a, y)."""

    @formula
    def value(z: Array, a: Array, y: Array, losses: Array, *parameters: Any) -> None:
        losses[:] = f(a.T, y.T, *parameters)

    return value


def array_fused_value(f: Any) -> Any:
    """Return the part that fills the losses with f(z, y)."""

    @formula
    def value(z: Array, a: Array, y: Array, losses: Array, *parameters: Any) -> None:
        losses[:] = f(z.T, y.T, *parameters)

    return value


def element_gradient(f: Any) -> Any:
    """Return the part that fills d with f(a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array, *parameters: Any) -> None:
        a_, y_, d_ = flat(a), flat(y), flat(d)
        for k in range(d.size):
            d_[k] = plain(f(element(a_[k]), element(y_[k]), *parameters))

    return gradient


def array_gradient(f: Any) -> Any:
    """Return the part that fills d with f(a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array, *parameters: Any) -> None:
        fill(d, f(a.T, y.T, *parameters))

    return gradient


def element_fused_gradient(f: Any) -> Any:
    """Return the part that fills d with f(z, a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array, *parameters: Any) -> None:
        z_, a_, y_, d_ = flat(z), flat(a), flat(y), flat(d)
        for k in range(d.size):
            d_[k] = plain(f(element(z_[k]), element(a_[k]), element(y_[k]), *parameters))

    return gradient


def array_fused_gradient(f: Any) -> Any:
    """Return the part that fills d with f(z, a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array, *parameters: Any) -> None:
        fill(d, f(z.T, a.T, y.T, *parameters))

    return gradient


def element_optimize(n_state: int, whole_steps: bool) -> Any:
    """Return a function that makes the part `optimize` of the formula of an optimizer that keeps so many arrays.

    With `whole_steps`, the number of the update stays an integer. As a float, its powers are one instruction for LLVM,
    which then computes what depends on nothing else once per update and not once per weight.
    """

    def make(f: Any) -> Any:
        namespace = {"__name__": __name__, "formula": f, "element": element, "plain": plain}
        namespace |= {"arrays_are_apart": arrays_are_apart, "never_inline": never_inline, "np": np}
        exec(optimizer_source(n_state, whole_steps), namespace)
        return formula(namespace["optimize"])

    return make


def optimizer_source(n_state: int, whole_steps: bool) -> str:
    """Return the source of `optimize`, which applies an optimizer's formula element by element.

    With one array of state::

        def optimize(w, g, s0, t, rate, *parameters):
            never_inline()
            arrays_are_apart()
            step = np.float64(t)
            for i in range(w.size):
                new, new0 = formula(element(w[i]), element(g[i]), element(s0[i]), step, rate, *parameters)
                w[i] = plain(new)
                s0[i] = plain(new0)
    """
    states = [f"s{i}" for i in range(n_state)]
    values = ", ".join(f"element({array}[i])" for array in ("w", "g", *states))
    new = ["new", *(f"new{i}" for i in range(n_state))]
    stores = [f"{array}[i] = plain({value})" for array, value in zip(["w", *states], new, strict=True)]
    return function_source(
        f"optimize({', '.join(['w', 'g', *states])}, t, rate, *parameters)",
        [
            "never_inline()",
            "arrays_are_apart()",
            "step = t" if whole_steps else "step = np.float64(t)",
            "for i in range(w.size):",
            f"    {', '.join(new)}{'' if states else ','} = formula({values}, step, rate, *parameters)",
            *indented(stores),
        ],
    )

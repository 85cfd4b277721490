"""From a formula that was made ready for numba to a part of an epoch; numba compiles the one into the other.

Each function takes a formula f and returns the part. "By element", f is called with numbers; "by array", with matrices
of columns, as its author meant it. Parts see samples as rows: z, a, y and d are (B, n), losses (B,).
"""

from __future__ import annotations

from typing import Any

from nnframe import Array
from nnframe_numba.epoch_source import optimizer_source
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
    for i in range(w.size):
        w[i] -= rate * g[i]


@formula
def fill(rows: Array, columns: Array) -> None:
    """Fill rows with columns."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = columns[j, i]


def element_activate(f: Any) -> Any:
    """Return the part that fills a with f(z)."""

    @formula
    def activate(z: Array, a: Array) -> None:
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                a[i, j] = f(z[i, j])

    return activate


def array_activate(f: Any) -> Any:
    """Return the part that fills a with f(z)."""

    @formula
    def activate(z: Array, a: Array) -> None:
        fill(a, f(z.T))

    return activate


def element_slope(f: Any) -> Any:
    """Return the part that multiplies d by f(z)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] *= f(z[i, j])

    return differentiate


def array_slope(f: Any) -> Any:
    """Return the part that multiplies d by f(z)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        slope = f(z.T)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] *= slope[j, i]

    return differentiate


def array_backward(f: Any) -> Any:
    """Return the part that fills d with f(d, z, a)."""

    @formula
    def differentiate(d: Array, z: Array, a: Array) -> None:
        fill(d, f(d.T, z.T, a.T))

    return differentiate


def array_value(f: Any) -> Any:
    """Return the part that fills the losses with f(a, y)."""

    @formula
    def value(z: Array, a: Array, y: Array, losses: Array) -> None:
        losses[:] = f(a.T, y.T)

    return value


def array_fused_value(f: Any) -> Any:
    """Return the part that fills the losses with f(z, y)."""

    @formula
    def value(z: Array, a: Array, y: Array, losses: Array) -> None:
        losses[:] = f(z.T, y.T)

    return value


def element_gradient(f: Any) -> Any:
    """Return the part that fills d with f(a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] = f(a[i, j], y[i, j])

    return gradient


def array_gradient(f: Any) -> Any:
    """Return the part that fills d with f(a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        fill(d, f(a.T, y.T))

    return gradient


def element_fused_gradient(f: Any) -> Any:
    """Return the part that fills d with f(z, a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                d[i, j] = f(z[i, j], a[i, j], y[i, j])

    return gradient


def array_fused_gradient(f: Any) -> Any:
    """Return the part that fills d with f(z, a, y)."""

    @formula
    def gradient(z: Array, a: Array, y: Array, d: Array) -> None:
        fill(d, f(z.T, a.T, y.T))

    return gradient


def element_optimize(n_state: int) -> Any:
    """Return what makes the part `optimize` of the formula of an optimizer that keeps so many arrays."""

    def make(f: Any) -> Any:
        namespace = {"__name__": __name__, "formula": f}
        exec(optimizer_source(n_state), namespace)
        return formula(namespace["optimize"])

    return make

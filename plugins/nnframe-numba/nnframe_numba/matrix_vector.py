"""The products of a layer for one sample: a matrix and a vector.

x is (1, n_in), z and d are (1, n_out), W is (n_out, n_in). Each number of W is used once, so that there is nothing to
keep in registers and nothing to win by copying; but after relu every second slope is 0, and its row can be left out.
"""

from __future__ import annotations

from nnframe import Array
from nnframe_numba.jit import kernel


@kernel
def linear_single(x: Array, W: Array, b: Array, z: Array) -> None:
    """Fill z with x W^T + b."""
    n_out, n_in = W.shape
    # Four outputs at once: each number of x is loaded once for all of them, and no sum waits for another.
    r = 0
    while r + 4 <= n_out:
        t0, t1, t2, t3 = b[r], b[r + 1], b[r + 2], b[r + 3]
        for j in range(n_in):
            v = x[0, j]
            t0 += W[r, j] * v
            t1 += W[r + 1, j] * v
            t2 += W[r + 2, j] * v
            t3 += W[r + 3, j] * v
        z[0, r], z[0, r + 1], z[0, r + 2], z[0, r + 3] = t0, t1, t2, t3
        r += 4
    while r < n_out:
        t0 = b[r]
        for j in range(n_in):
            t0 += W[r, j] * x[0, j]
        z[0, r] = t0
        r += 1


@kernel
def backward_single(d: Array, W: Array, before: Array) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    n_out, n_in = W.shape
    for j in range(n_in):
        before[0, j] = 0
    for r in range(n_out):
        slope = d[0, r]
        if slope != 0:
            for j in range(n_in):
                before[0, j] += slope * W[r, j]


@kernel
def add_gradient_single(d: Array, x: Array, W: Array, b: Array) -> None:
    """Add d^T x to W, and d to b."""
    n_out, n_in = W.shape
    for r in range(n_out):
        step = d[0, r]
        if step != 0:
            b[r] += step
            for j in range(n_in):
                W[r, j] += step * x[0, j]


@kernel
def store_gradient_single(d: Array, x: Array, W: Array, b: Array) -> None:
    """Fill W with d^T x and b with d."""
    n_out, n_in = W.shape
    for r in range(n_out):
        slope = d[0, r]
        b[r] = slope
        for j in range(n_in):
            W[r, j] = slope * x[0, j]

"""The three matrix products of a layer for batches: forward, backward, and the gradient of the weights.

Samples are rows: x is (B, n_in), z and d are (B, n_out), W is (n_out, n_in). BLAS rounds differently for other sizes of
a product. So a batch is always cut into the same shares, however many threads there are to compute them: equal runs end
with equal weights.
"""

from __future__ import annotations

from nnframe import Array
from nnframe_numba.blas import gemm
from nnframe_numba.jit import kernel
from nnframe_numba.shares import share_of_rows

PLAIN, FIRST_TRANSPOSED, SECOND_TRANSPOSED = 0, 1, 2


@kernel
def linear(x: Array, W: Array, b: Array, z: Array) -> None:
    """Fill z with x W^T + b."""
    n_out, n_in = W.shape
    for i in range(len(x)):
        for r in range(n_out):
            z[i, r] = b[r]
    one = z.dtype.type(1)
    gemm(SECOND_TRANSPOSED, len(x), n_out, n_in, x, 0, n_in, W, 0, n_in, one, z, 0, n_out)


@kernel
def backward(d: Array, W: Array, before: Array) -> None:
    """Fill `before` with d W, which is dL/da of the layer before."""
    n_out, n_in = W.shape
    gemm(PLAIN, len(d), n_in, n_out, d, 0, n_out, W, 0, n_in, d.dtype.type(0), before, 0, n_in)


@kernel
def add_gradient(d: Array, x: Array, W: Array, b: Array, thread: int, n_threads: int, n_shares: int) -> None:
    """Add d^T x to W and the column sums of d to b; all threads together."""
    for share in range(thread, n_shares, n_threads):
        first, last = share_of_rows(share, n_shares, len(W))
        for i in range(len(d)):
            for r in range(first, last):
                b[r] += d[i, r]
        _add_product(d, x, W, first, last, d.dtype.type(1))


@kernel
def store_gradient(d: Array, x: Array, W: Array, b: Array, thread: int, n_threads: int, n_shares: int) -> None:
    """Fill W with d^T x and b with the column sums of d; all threads together."""
    for share in range(thread, n_shares, n_threads):
        first, last = share_of_rows(share, n_shares, len(W))
        for r in range(first, last):
            b[r] = 0
        for i in range(len(d)):
            for r in range(first, last):
                b[r] += d[i, r]
        _add_product(d, x, W, first, last, d.dtype.type(0))


@kernel
def _add_product(d: Array, x: Array, W: Array, first: int, last: int, beta: float) -> None:
    """Write d^T x + beta W to some rows of W."""
    n_in = x.shape[1]
    if last > first:
        gemm(
            FIRST_TRANSPOSED, last - first, n_in, len(d), d, first, d.shape[1], x, 0, n_in, beta, W, first * n_in, n_in
        )

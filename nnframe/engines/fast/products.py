"""Functions that fill a matrix with a product, by the faster one of numpy's two ways."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear

# With fewer bytes, an output is filled with zeros in no time.
FEW_BYTES = 40_000
# A step of a pass.
Step: TypeAlias = Callable[[], object]


def product_into(A: Array, B: Array, out: Array) -> Step:
    """Return the function that fills a matrix with A B; an array's own dot only takes C-contiguous outputs."""
    if not out.flags.c_contiguous:
        A, B, out = B.T, A.T, out.T
    return partial(np.matmul, A, B, out) if is_for_matmul(A.shape[1], out) else partial(A.dot, B, out)


def is_for_matmul(n_inner: int, out: Array) -> bool:
    """Whether np.matmul is the faster function to fill `out` with a product.

    It takes half a microsecond longer to call than an array's dot, which fills the output with zeros first: 2 us for
    100 x 150 numbers, as long as the product by 5 of them takes without. For an outer product, it doesn't use BLAS.
    """
    return out.nbytes > FEW_BYTES and n_inner > 1 and min(out.shape) > 1


def fill_with_transposed(A: Array, B: Array, out: Array) -> None:
    """Fill a matrix with B' A."""
    B.T.dot(A, out)


def first_product_into(layer: Linear, z: Array) -> Callable[[Array], object]:
    """Return the function that multiplies inputs, (B, n_in), by the weights of the first layer."""
    weights, rows = layer.weights.T, z.T
    if is_for_matmul(len(weights), z):
        if rows.flags.c_contiguous:
            return lambda x: np.matmul(x, weights, rows)
        return lambda x: np.matmul(layer.weights, x.T, z)
    if rows.flags.c_contiguous:
        return lambda x: x.dot(weights, rows)
    return lambda x: layer.weights.dot(x.T, z)

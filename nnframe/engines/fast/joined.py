"""Weights and bias of a layer in one matrix, for passes over many rows.

Inputs have a 1 below them, so that one product makes W x + b, and another one both gradients:

    [W b] [x]        [dL/dW dL/db] = d [x^T 1]
          [1]

That saves an addition and a sum over the samples, each of which takes as long as a product with few inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import Samples
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory

# BLAS takes two thirds of the time to multiply by a matrix of 16 columns as by one of 14, and by 32 as by 31: as many
# columns as fill its registers. More zeros than these take longer than they save.
BLOCK, MOST_ZEROS = 16, 5


class Chunk(NamedTuple):
    """Samples, in the orders in which they are multiplied fastest.

    Attributes
    ----------
    rows : ndarray, shape (B, n_in) or (B, n_in + 1 + n_more)
        The inputs, perhaps with a 1 and some zeros at the end of each row.
    columns : ndarray, shape (n_in, B) or (n_in + 1, B)
        The transpose, without the zeros.
    y : ndarray, shape (n_out, B)
    weights : ndarray, shape (B,), or None
    factors : ndarray of float64, shape (B,)
        The weights, or ones.
    """

    rows: Array
    columns: Array
    y: Array
    weights: Array | None
    factors: Array

    @classmethod
    def of(cls, samples: Samples, has_ones: bool, n_more: int = 0) -> Chunk:
        """Return the samples: contiguous copies with ones and a number of zeros, or views."""
        x, y, weights, _ = samples
        factors = _ones(len(x)) if weights is None else weights.astype(np.float64, copy=False)
        if not has_ones:
            return cls(x, x.T, y.T, weights, factors)
        rows, n_columns = with_ones(x, n_more), x.shape[1] + 1
        columns = np.ascontiguousarray(rows[:, :n_columns].T)
        return cls(rows, columns, np.ascontiguousarray(y.T), weights, factors)


def with_ones(rows: Array, n_zeros: int = 0) -> Array:
    """Return inputs, (N, n_in), with a 1 at the end of each row, and zeros after it."""
    n_in = rows.shape[1]
    found = np.ones((len(rows), n_in + 1 + n_zeros), rows.dtype)
    found[:, :n_in], found[:, n_in + 1 :] = rows, 0
    return found


def n_fitting_zeros(n_columns: int) -> int:
    """Return how many columns of zeros let BLAS multiply by rows of n columns faster; 0 if none do."""
    n_zeros = -n_columns % BLOCK
    return n_zeros if n_zeros <= MOST_ZEROS else 0


@lru_cache(maxsize=8)
def _ones(size: int) -> Array:
    return np.ones(size)


def is_joined(layer: Linear) -> bool:
    """Whether the weights of a layer contain its bias."""
    return layer.bias.size == 0


def joined(layers: Sequence[Linear], has_first: bool, n_more: int = 0) -> list[Linear]:
    """Return what layers look like that have a matrix of weights and bias, and no numbers as bias.

    The matrices are not filled.

    Parameters
    ----------
    layers : sequence of Linear
        Each once.
    has_first : bool
        Whether the first layer gets such a matrix too; the inputs of the net then need ones.
    n_more : int, optional
        How many more columns that matrix has.
    """
    first = _joined(layers[0], n_more) if has_first else layers[0]
    return [first, *map(_joined, layers[1:])]


def _joined(layer: Linear, n_more: int = 0) -> Linear:
    n_out, n_in = layer.weights.shape
    matrix = np.empty((n_out, n_in + 1 + n_more), layer.weights.dtype)
    return layer._replace(weights=matrix, bias=matrix[:0, :1])


def places_of(layers: Sequence[Linear], joined_layers: Sequence[Linear], n_others: int) -> Array:
    """Return for each of all weights, and some other numbers after them, its place in a `vector_of` joined layers.

    Parameters
    ----------
    layers : sequence of Linear
        Each once.
    joined_layers : sequence of Linear
        What became of them.
    n_others : int
    """
    places, start = [], 0
    for layer, after in zip(layers, joined_layers, strict=True):
        n_in, size = layer.weights.shape[1], after.weights.size
        stop = start + size + after.bias.size + sum(array.size for array in layer.parameters)
        if is_joined(after):
            matrix = np.arange(start, start + size).reshape(after.weights.shape)
            places += [matrix[:, :n_in].reshape(-1), matrix[:, n_in]]
            start += size
        places.append(np.arange(start, stop))
        start = stop
    return np.concatenate([*places, np.arange(start, start + n_others)])


def factors_of_joined(layers: Iterable[Linear], factors: Iterable[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Return the factors of the learning rates of each layer's arrays, for weights that may contain the bias."""
    return [
        (max(each[:2]), 0.0, *each[2:]) if is_joined(layer) else each
        for layer, each in zip(layers, factors, strict=True)
    ]


def memory_with_ones(memory: Memory, layer: Linear, count: int) -> LayerMemory:
    """Return the memory of a hidden layer for a number of samples, whose output has a 1 below each."""
    n, dtype = len(layer.weights), layer.weights.dtype
    out = memory.empty((n + 1, count), dtype)
    out[-1] = 1
    a = out[:-1]
    z = a if layer.activation.forward_inplace is not None else memory.empty_like(a)
    return LayerMemory(z, a, memory.empty_like(a), None, out)

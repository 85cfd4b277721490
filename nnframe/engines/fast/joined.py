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


class PassSamples(NamedTuple):
    """The samples of a pass, in the orders in which they are multiplied fastest.

    Attributes
    ----------
    rows : ndarray, shape (B, n_in) or (B, n_in + 1 + n_zeros)
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
    def of(cls, samples: Samples, has_ones: bool, n_zeros: int = 0) -> PassSamples:
        """Return the samples: contiguous copies with ones and a number of zeros, or views."""
        x, y, weights, _ = samples
        factors = _ones(len(x)) if weights is None else weights.astype(np.float64, copy=False)
        if not has_ones:
            return cls(x, x.T, y.T, weights, factors)
        rows, n_columns = with_ones(x, n_zeros), x.shape[1] + 1
        columns = np.ascontiguousarray(rows[:, :n_columns].T)
        return cls(rows, columns, np.ascontiguousarray(y.T), weights, factors)


def with_ones(rows: Array, n_zeros: int = 0) -> Array:
    """Return inputs, (N, n_in), with a 1 at the end of each row, and zeros after it."""
    n_in = rows.shape[1]
    found = np.ones((len(rows), n_in + 1 + n_zeros), rows.dtype)
    found[:, :n_in], found[:, n_in + 1 :] = rows, 0
    return found


@lru_cache(maxsize=8)
def _ones(size: int) -> Array:
    return np.ones(size)


def is_joined(layer: Linear) -> bool:
    """Whether the weights of a layer contain its bias."""
    return layer.bias.size == 0


class Layout(NamedTuple):
    """How joined layers, their gradients and the inputs lie in memory.

    Attributes
    ----------
    layers : list of Linear
        What each layer of the net, once, looks like: with a matrix of weights and bias, and no numbers as bias.
    gradients : list of Linear
        What its gradient looks like: the first one may have more columns.
    order : ndarray of int
        For each number of a `vector_of` these layers, its place in the vector of all weights.
    places : ndarray of int
        For each of all weights, the place of its gradient in a vector of these gradients.
    n_zeros : int
        How many zeros inputs have behind their 1.
    """

    layers: list[Linear]
    gradients: list[Linear]
    order: Array
    places: Array
    n_zeros: int

    @classmethod
    def of(cls, layers: Sequence[Linear], n_others: int, has_ones: bool, fills_blocks: bool) -> Layout:
        """Return the layout for some layers, each once.

        Parameters
        ----------
        layers : sequence of Linear
        n_others : int
            The number of trained numbers after theirs.
        has_ones : bool
            Whether inputs have a 1, so that the first layer is joined too.
        fills_blocks : bool
            Whether they may have zeros, for BLAS to multiply faster.
        """
        first = _joined(layers[0]) if has_ones else layers[0]
        joined = [first, *map(_joined, layers[1:])]
        places = _places(layers, joined, n_others)
        order = np.empty_like(places)
        order[places] = np.arange(len(places))
        n_zeros = -first.weights.shape[1] % BLOCK
        if not (has_ones and fills_blocks and 0 < n_zeros <= MOST_ZEROS):
            return cls(joined, joined, order, places, 0)
        gradients = [_joined(layers[0], n_zeros), *joined[1:]]
        return cls(joined, gradients, order, _places(layers, gradients, n_others), n_zeros)


def _joined(layer: Linear, n_zeros: int = 0) -> Linear:
    n_out, n_in = layer.weights.shape
    matrix = np.empty((n_out, n_in + 1 + n_zeros), layer.weights.dtype)
    return layer._replace(weights=matrix, bias=matrix[:0, :1])


def _places(layers: Sequence[Linear], joined: Sequence[Linear], n_others: int) -> Array:
    """Return for each of all weights, and some other numbers after them, its place in a `vector_of` joined layers."""
    places, start = [], 0
    for layer, after in zip(layers, joined, strict=True):
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

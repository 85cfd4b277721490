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
from nnframe.contracts.bound import Linear, parameters_of
from nnframe.contracts.engine import Samples
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory


class Chunk(NamedTuple):
    """Samples, in the orders in which they are multiplied fastest.

    Attributes
    ----------
    rows : ndarray, shape (B, n_in) or (B, n_in + 1)
        The inputs, perhaps with a 1 at the end of each row.
    columns : ndarray
        The transpose.
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
    def of(cls, samples: Samples, has_ones: bool) -> Chunk:
        """Return the samples: contiguous copies with ones, or views."""
        x, y, weights, _ = samples
        factors = _ones(len(x)) if weights is None else weights.astype(np.float64, copy=False)
        if not has_ones:
            return cls(x, x.T, y.T, weights, factors)
        rows = with_ones(x)
        return cls(rows, np.ascontiguousarray(rows.T), np.ascontiguousarray(y.T), weights, factors)


def with_ones(rows: Array) -> Array:
    """Return inputs, (N, n_in), with a 1 at the end of each row."""
    found = np.ones((len(rows), rows.shape[1] + 1), rows.dtype)
    found[:, :-1] = rows
    return found


@lru_cache(maxsize=8)
def _ones(size: int) -> Array:
    return np.ones(size)


def is_joined(layer: Linear) -> bool:
    """Whether the weights of a layer contain its bias."""
    return layer.bias.size == 0


def joined(layers: Sequence[Linear], has_first: bool) -> list[Linear]:
    """Return what layers look like that have a matrix of weights and bias, and no numbers as bias.

    The matrices are not filled.

    Parameters
    ----------
    layers : sequence of Linear
        Each once.
    has_first : bool
        Whether the first layer gets such a matrix too; the inputs of the net then need ones.
    """
    return [layer if k == 0 and not has_first else _joined(layer) for k, layer in enumerate(layers)]


def _joined(layer: Linear) -> Linear:
    n_out, n_in = layer.weights.shape
    matrix = np.empty((n_out, n_in + 1), layer.weights.dtype)
    return layer._replace(weights=matrix, bias=matrix[:0, :1])


def order_of(layers: Sequence[Linear], joined_layers: Sequence[Linear], n_others: int) -> Array:
    """Return for each number of a `vector_of` joined layers, and some others at its end, its place among all weights.

    Parameters
    ----------
    layers : sequence of Linear
        Each once.
    joined_layers : sequence of Linear
        What became of them.
    n_others : int
    """
    n_weights = sum(array.size for array in parameters_of(layers))
    places = np.arange(n_weights + n_others)
    order, start = [], 0
    for layer, after in zip(layers, joined_layers, strict=True):
        middle = start + layer.weights.size
        stop = middle + layer.bias.size
        if is_joined(after):
            pair = places[start:middle].reshape(layer.weights.shape), places[middle:stop].reshape(layer.bias.shape)
            order.append(np.concatenate(pair, axis=1).reshape(-1))
            start = stop
        end = stop + sum(array.size for array in layer.parameters)
        order.append(places[start:end])
        start = end
    return np.concatenate([*order, places[start:]])


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

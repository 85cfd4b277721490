"""All trained numbers of a net in one vector, and which parts of it are trained with which learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from nnframe.arrays import Array, DType
from nnframe.backpropagation import Gradient
from nnframe.contracts.activation import Activation
from nnframe.contracts.bound import Linear, Objective, distinct_layers, parameters_of
from nnframe.contracts.engine import UpdateRule
from nnframe.contracts.learned import learned_of, range_of
from nnframe.contracts.loss import Loss
from nnframe.engines.fast.memory import Memory


def vector_of(
    layers: Sequence[Linear],
    memory: Memory | None = None,
    loss_parameters: Sequence[Array] = (),
    vector: Array | None = None,
) -> tuple[Array, list[Gradient]]:
    """Return a vector with room for all trained numbers of layers, and views of it in the layers' shapes.

    Parameters
    ----------
    layers : sequence of Linear
    memory : Memory, optional
    loss_parameters : sequence of ndarray, each of shape (), optional
        Learned parameters of the loss, for which there is room at the end.
    vector : ndarray, optional
        The vector; a new one by default.
    """
    arrays = [*parameters_of(layers), *loss_parameters]
    if vector is None:
        vector = (memory or Memory()).empty((sum(array.size for array in arrays),), layers[0].weights.dtype)
    rest = iter(parts_of(vector, arrays))
    return vector, [Gradient(next(rest), next(rest), [next(rest) for _ in layer.parameters]) for layer in layers]


def parts_of(vector: Array, arrays: Sequence[Array]) -> list[Array]:
    """Return consecutive parts of a vector, as views in the shapes of the arrays."""
    stops = list(accumulate(array.size for array in arrays))
    return [vector[stop - array.size : stop].reshape(array.shape) for stop, array in zip(stops, arrays, strict=True)]


def add_up_uses(sums: Iterable[Gradient], uses: Iterable[tuple[Gradient, Gradient]]) -> None:
    """Fill sums of gradients: those of a layer that the net uses twice add up.

    Parameters
    ----------
    sums : iterable of Gradient
        One for each layer; the same one may come twice.
    uses : iterable of (Gradient, Gradient)
        For each place of the net, the sum that its gradient belongs to, and its gradient.
    """
    for array in parameters_of(sums):
        array[...] = 0
    for total, own in uses:
        for sum_, part in zip(parameters_of([total]), parameters_of([own]), strict=True):
            sum_[...] += part


class Segment(NamedTuple):
    """Consecutive trained numbers with one learning rate.

    Attributes
    ----------
    start, stop : int
        Where they are in a vector of all trained numbers.
    factor : float
        What the learning rate is multiplied by; not 0.
    """

    start: int
    stop: int
    factor: float


def segments_of(arrays: Sequence[Array], rule: UpdateRule) -> list[Segment]:
    """Return which numbers of the trained arrays are updated, as few segments as possible."""
    if rule.factors is None:
        return [Segment(0, sum(array.size for array in arrays), 1.0)]
    found, start = [], 0
    for factor, group in groupby(zip(rule.factors, arrays, strict=True), lambda pair: pair[0]):
        stop = start + sum(array.size for _, array in group)
        if factor != 0:
            found.append(Segment(start, stop, factor))
        start = stop
    return found


def factors_by_layer(layers: Iterable[Linear], rule: UpdateRule) -> list[tuple[float, ...]]:
    """Return for each layer what the learning rates of its weights, its bias and its parameters are multiplied by."""
    layers = list(layers)
    if rule.factors is None:
        return [(1.0,) * len(parameters_of([layer])) for layer in layers]
    rest = iter(rule.factors)
    found = {id(layer.weights): tuple(next(rest) for _ in parameters_of([layer])) for layer in distinct_layers(layers)}
    return [found[id(layer.weights)] for layer in layers]


class Role(NamedTuple):
    """What happens to a trained array besides the descent.

    Attributes
    ----------
    is_penalized : bool
        Whether `l1` and `l2` apply to it.
    low, high : float
        The limits that it is kept within.
    """

    is_penalized: bool
    low: float = -math.inf
    high: float = math.inf

    @property
    def is_limited(self) -> bool:
        """Whether there are limits."""
        return (self.low, self.high) != (-math.inf, math.inf)


def roles_of(layers: Iterable[Linear], objective: Objective, dtype: DType) -> list[Role]:
    """Return the role of each of the `trained_arrays`."""
    found = []
    for layer in distinct_layers(layers):
        found += [Role(True), Role(False), *_learned_roles(layer.activation.plugin, dtype)]
    return found + _learned_roles(objective.plugin, dtype)


def _learned_roles(plugin: Activation | Loss | None, dtype: DType) -> list[Role]:
    if plugin is None:
        return []
    return [
        Role(each.penalized, *range_of(plugin.limits.get(name), dtype)) for name, each in learned_of(plugin).items()
    ]

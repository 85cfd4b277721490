"""Single updates on the numpy engine, one call each, for nets that learn one observation at a time.

An update costs about what a batch costs within an epoch: the memory for each batch size is allocated once, and the
weights stay in the net, since copying them into one vector and back takes longer than the subtraction it saves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat

import numpy as np

from nnframe.arrays import Array
from nnframe.blas.threads import FittingThreads, largest_product
from nnframe.contracts.bound import Objective
from nnframe.contracts.engine import BoundNet, Samples
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.descent import Descent, descent_in_place
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes
from nnframe.engines.vectors import factors_by_layer

# Of more batch sizes than these, the memory of the oldest is given up.
MOST_SIZES = 4


class NumpyStepper:
    """Makes single updates of a net."""

    def __init__(self, net: BoundNet) -> None:
        self.net = net
        self.dropout = Dropout(net) if any(net.dropout) else None
        self.descent = descent_in_place(net, Memory())
        self.batches: dict[int, Batch] = {}

    def step(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update, and return the sum of the losses before it."""
        size = len(samples[0])
        batch = self.batches.get(size) or self.batch_of(size)
        if batch.threads is None:
            return batch.update(samples, learning_rate, dropout_key)
        with batch.threads.chosen():
            return batch.update(samples, learning_rate, dropout_key)

    def batch_of(self, size: int) -> Batch:
        """Allocate what batches of a size need."""
        if len(self.batches) == MOST_SIZES:
            del self.batches[next(iter(self.batches))]
        self.batches[size] = Batch(self.net, size, self.descent, self.dropout)
        return self.batches[size]


class Batch:
    """Updates with batches of one size.

    Attributes
    ----------
    threads : FittingThreads or None
        None if BLAS uses one thread anyway.
    """

    def __init__(self, net: BoundNet, size: int, descent: Descent, dropout: Dropout | None) -> None:
        memory, layers = Memory(), net.layers
        *hidden, last = layers
        memories = [
            LayerMemory.allocate(memory, layer, size, has_dropout=share > 0)
            for layer, share in zip(hidden, net.dropout or repeat(0.0), strict=False)
        ]
        memories.append(LayerMemory.allocate(memory, last, size, is_last=True))
        self.size, self.descent, self.dropout = size, descent, dropout
        self.output = Output.part_of(output_columns(memory, last, size, size), 0, size)
        parts = [each.first(size) for each in memories]
        self.passes = Passes(descent, net.objective, parts, factors_by_layer(layers, net.rule))
        # A loss that is computed from z has z in the output, and a where the product was.
        a_is_output = last.activation.plugin is None or not net.objective.value_takes_z
        a = self.output.columns if a_is_output else parts[-1].z
        self.total = _total(net.objective, self.output, a)
        # An array, for numpy takes longer to make one of a number than to multiply with it.
        self.scale = np.empty((), last.weights.dtype)
        self.scaled_by = math.nan
        threads = FittingThreads(largest_product((layer.weights for layer in layers), size), last.weights.dtype)
        self.threads = threads if threads.matters else None

    def update(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update, with the threads that BLAS has at the moment."""
        x, y, weights, _ = samples
        passes, descent, output = self.passes, self.descent, self.output
        targets = y.T
        if descent.has_begin:
            descent.begin()
        if self.dropout is not None:
            for k, mask in enumerate(passes.masks):
                if mask is not None:
                    mask.T[...] = self.dropout.mask(k, dropout_key, 0, self.size)
        passes.forward(x, output)
        total = self.total(targets, weights)
        factor = (learning_rate if descent.takes_steps else 1.0) / self.size
        if factor != self.scaled_by:
            self.scale[...] = self.scaled_by = factor
        passes.backward(x, targets, output, self.scale, weights)
        descent.step(learning_rate)
        return total


def stepper(net: BoundNet) -> Callable[[Samples, float, int], float]:
    """Return the function that makes single updates of a net."""
    return NumpyStepper(net).step


def _total(objective: Objective, output: Output, a: Array) -> Callable[[Array, Array | None], float]:
    """Return the function from targets and weights to the sum of the losses after a forward pass."""
    columns, value, column_value = output.columns, objective.value, objective.column_value

    def total(y: Array, weights: Array | None) -> float:
        losses = value(columns, columns, y)
        if weights is not None:
            losses = losses * weights
        return float(losses.sum(dtype=np.float64))

    if column_value is None or a.shape[1] > 1:
        return total

    def total_of_one(y: Array, weights: Array | None) -> float:
        if weights is None:
            found = column_value(a, y)
            if math.isfinite(found):
                return found
        return total(y, weights)

    return total_of_one

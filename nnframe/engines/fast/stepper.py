"""Single updates on the numpy engine, one call each, for nets that learn one observation at a time.

An update costs about what a batch costs within an epoch: the memory for each batch size is allocated once, and the
weights stay in the net, since copying them into one vector and back takes longer than the subtraction it saves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import BoundNet, Samples
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.blas_threads import FittingThreads, largest_product
from nnframe.engines.fast.descent import descent_in_place
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes

# Of more batch sizes than these, the memory of the oldest is given up.
MOST_SIZES = 4


class Batch(NamedTuple):
    """What an update needs for one batch size.

    Attributes
    ----------
    passes : Passes
    output : Output
    a : ndarray, shape (n_out, B)
        Where the last layer's activations are after a forward pass.
    threads : FittingThreads or None
        None if BLAS uses one thread anyway.
    """

    passes: Passes
    output: Output
    a: Array
    threads: FittingThreads | None


class NumpyStepper:
    """Makes single updates of a net."""

    def __init__(self, net: BoundNet) -> None:
        self.net = net
        self.dropout = Dropout(net) if any(net.dropout) else None
        self.descent = descent_in_place(net, Memory())
        # An array, for numpy takes longer to make one of a number than to multiply with it.
        self.scale = np.empty((), net.layers[0].weights.dtype)
        self.scaled_by = math.nan
        self.batches: dict[int, Batch] = {}

    def step(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update, and return the sum of the losses before it."""
        size = len(samples.x)
        batch = self.batches.get(size) or self.batch_of(size)
        if batch.threads is None:
            return self.update(batch, samples, learning_rate, dropout_key)
        with batch.threads.chosen():
            return self.update(batch, samples, learning_rate, dropout_key)

    def update(self, batch: Batch, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update, with the threads that BLAS has at the moment."""
        x, y, weights, _ = samples
        size = len(x)
        passes, output, _, _ = batch
        targets = y.T
        self.descent.begin()
        if self.dropout is not None:
            for k, mask in enumerate(passes.masks):
                if mask is not None:
                    mask.T[...] = self.dropout.mask(k, dropout_key, 0, size)
        passes.forward(x, output)
        total = self.total(batch, targets, weights)
        factor = (learning_rate if self.descent.takes_steps else 1.0) / size
        if factor != self.scaled_by:
            self.scale[...] = self.scaled_by = factor
        passes.backward(x, targets, output, self.scale, weights)
        self.descent.step(learning_rate)
        return total

    def total(self, batch: Batch, y: Array, weights: Array | None) -> float:
        """Return the sum of the losses after a forward pass."""
        objective = self.net.objective
        if objective.column_value is not None and batch.a.shape[1] == 1 and weights is None:
            total = objective.column_value(batch.a, y)
            if math.isfinite(total):
                return total
        losses = objective.value(batch.output.columns, batch.output.columns, y)
        if weights is not None:
            losses = losses * weights
        return float(losses.sum(dtype=np.float64))

    def batch_of(self, size: int) -> Batch:
        """Allocate what batches of a size need."""
        if len(self.batches) == MOST_SIZES:
            del self.batches[next(iter(self.batches))]
        memory, layers = Memory(), self.net.layers
        *hidden, last = layers
        memories = [
            LayerMemory.allocate(memory, layer, size, has_dropout=share > 0)
            for layer, share in zip(hidden, self.net.dropout or repeat(0.0), strict=False)
        ]
        memories.append(LayerMemory.allocate(memory, last, size, is_last=True))
        output = Output.part_of(output_columns(memory, last, size, size), 0, size)
        parts = [each.first(size) for each in memories]
        passes = Passes(self.descent.layers, self.descent.gradients, self.net.objective, parts)
        # A loss that is computed from z has z in the output, and a where the product was.
        a_is_output = last.activation.plugin is None or not self.net.objective.value_takes_z
        threads = FittingThreads(largest_product(layers, size), last.weights.dtype)
        a = output.columns if a_is_output else parts[-1].z
        self.batches[size] = Batch(passes, output, a, threads if threads.matters else None)
        return self.batches[size]


def stepper(net: BoundNet) -> Callable[[Samples, float, int], float]:
    """Return the function that makes single updates of a net."""
    return NumpyStepper(net).step

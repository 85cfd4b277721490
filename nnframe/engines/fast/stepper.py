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

from nnframe.contracts.engine import BoundNet, Samples
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.descent import descent_in_place
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes

# Of more batch sizes than these, the memory of the oldest is given up.
MOST_SIZES = 4


class Batch(NamedTuple):
    """What an update needs for one batch size."""

    passes: Passes
    output: Output


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
        x, y, weights, _ = samples
        size = len(x)
        passes, output = self.batches.get(size) or self.batch_of(size)
        targets = y.T
        self.descent.begin()
        if self.dropout is not None:
            for k, mask in enumerate(passes.masks):
                if mask is not None:
                    mask.T[...] = self.dropout.mask(k, dropout_key, 0, size)
        passes.forward(x, output)
        losses = self.net.objective.value(output.columns, output.columns, targets)
        if weights is not None:
            losses = losses * weights
        factor = (learning_rate if self.descent.takes_steps else 1.0) / size
        if factor != self.scaled_by:
            self.scale[...] = self.scaled_by = factor
        passes.backward(x, targets, output, self.scale, weights)
        self.descent.step(learning_rate)
        return losses.item() if size == 1 else float(losses.sum(dtype=np.float64))

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
        passes = Passes(
            self.descent.layers, self.descent.gradients, self.net.objective, [each.first(size) for each in memories]
        )
        self.batches[size] = Batch(passes, output)
        return self.batches[size]


def stepper(net: BoundNet) -> Callable[[Samples, float, int], float]:
    """Return the function that makes single updates of a net."""
    return NumpyStepper(net).step

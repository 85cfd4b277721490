"""Single updates on the numpy engine, one call each, for nets that learn one observation at a time.

An update costs about what a batch costs within an epoch: the memory for each batch size is allocated once, and the
weights stay in the net, since copying them into one vector and back takes longer than the subtraction it saves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import TypeAlias

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


# An update: samples, learning rate, key of the dropout masks -> the sum of the losses before it.
Update: TypeAlias = Callable[[Samples, float, int], float]


def stepper(net: BoundNet) -> Update:
    """Return the function that makes single updates of a net."""
    dropout = Dropout(net) if any(net.dropout) else None
    descent = descent_in_place(net, Memory())
    updates: dict[int, Update] = {}

    def update_for(size: int) -> Update:
        if len(updates) == MOST_SIZES:
            del updates[next(iter(updates))]
        updates[size] = update_of_size(net, size, descent, dropout)
        return updates[size]

    def step(samples: Samples, learning_rate: float, dropout_key: int) -> float:
        size = len(samples[0])
        return (updates.get(size) or update_for(size))(samples, learning_rate, dropout_key)

    return step


def update_of_size(net: BoundNet, size: int, descent: Descent, dropout: Dropout | None) -> Update:
    """Allocate what batches of one size need, and return the function that makes updates with them."""
    memory, layers = Memory(), net.layers
    *hidden, last = layers
    memories = [
        LayerMemory.allocate(memory, layer, size, has_dropout=share > 0)
        for layer, share in zip(hidden, net.dropout or repeat(0.0), strict=False)
    ]
    memories.append(LayerMemory.allocate(memory, last, size, is_last=True))
    output = Output.part_of(output_columns(memory, last, size, size), 0, size)
    parts = [each.first(size) for each in memories]
    passes = Passes(descent, net.objective, parts, factors_by_layer(layers, net.rule))
    # A loss that is computed from z has z in the output, and a where the product was.
    a_is_output = last.activation.plugin is None or not net.objective.value_takes_z
    a = output.columns if a_is_output else parts[-1].z
    # An array, for numpy takes longer to make one of a number than to multiply with it.
    scale, scaled_by = np.empty((), last.weights.dtype), math.nan
    # Names of a function are looked up faster than attributes: a twentieth of an update.
    forward, backward, step, total_of = passes.forward, passes.backward, descent.step, _total(net.objective, output, a)
    has_begin, takes_steps, subtract, masks = descent.has_begin, descent.takes_steps, descent.subtract, passes.masks

    def update(samples: Samples, learning_rate: float, dropout_key: int) -> float:
        nonlocal scaled_by
        x, y, weights, _ = samples
        targets = y.T
        if has_begin:
            descent.begin()
        if dropout is not None:
            for k, mask in enumerate(masks):
                if mask is not None:
                    mask.T[...] = dropout.mask(k, dropout_key, 0, size)
        forward(x, output)
        total = total_of(targets, weights)
        factor = (learning_rate if takes_steps else 1.0) / size
        if factor != scaled_by:
            scale[...] = scaled_by = factor
        backward(x, targets, output, scale, weights)
        if subtract is None:
            step(learning_rate)
        else:
            subtract()
        return total

    threads = FittingThreads(largest_product((layer.weights for layer in layers), size), last.weights.dtype)
    return threads.chosen()(update) if threads.matters else update


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

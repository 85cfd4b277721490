"""Single updates on the numpy engine, one call each, for nets that learn one observation at a time.

An update costs about what a batch costs within an epoch: the memory for each batch size is allocated once, and the
weights stay in the net, since copying them into one vector and back takes longer than the subtraction it saves.

An input that is not finite makes every sum of its sample in the first layer infinite or NaN, whatever the weights are,
so one of these sums tells whether all inputs of a sample are finite. To look at the inputs themselves takes a
twentieth of a single update's time, and a hundredth of a large batch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

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
from nnframe.engines.fast.rank_one import rank_one_descent
from nnframe.engines.plain_pairs import plain_pair_check
from nnframe.engines.vectors import factors_by_layer

# Of more batch sizes than these, the memory of the oldest is given up.
MOST_SIZES = 4

# From samples, learning rate and key of the dropout masks, and whether all inputs are known to be finite, to the sum of
# the losses before the update; None, and no update, if an input may not be finite.
Update: TypeAlias = Callable[[Samples, float, int, bool], "float | None"]


def stepper(net: BoundNet) -> Callable[[Samples, float, int], float]:
    """Return the function that makes single updates of a net."""
    dropout = Dropout(net) if any(net.dropout) else None
    descent = descent_in_place(net, Memory())
    updates: dict[int, Update] = {}

    def update_for(size: int) -> Update:
        if len(updates) == MOST_SIZES:
            del updates[next(iter(updates))]
        updates[size] = update_of_size(net, size, descent, dropout)
        return updates[size]

    def step(samples: Samples, learning_rate: float, dropout_key: int) -> Any:
        size = len(samples[0])
        return (updates.get(size) or update_for(size))(samples, learning_rate, dropout_key, True)

    def step_if_finite(samples: Samples, learning_rate: float, dropout_key: int) -> float | None:
        size = len(samples[0])
        return (updates.get(size) or update_for(size))(samples, learning_rate, dropout_key, False)

    # BLAS takes a matrix with one number for a number, and what it multiplies by 0 for 0, NaN or not.
    if net.layers[0].weights.size > 1:
        made: Any = step
        made.if_finite = step_if_finite
        if dropout is None and not net.objective.plugin.asks:
            made.pair_step = pair_step(net, descent)
    return step


class Prepared(NamedTuple):
    """What updates with batches of one size need.

    Attributes
    ----------
    descent : Descent
    passes : Passes
    output : Output
    scale : ndarray, shape ()
        An array, for numpy takes longer to make one of a number than to multiply by it.
    total_of : callable
        Returns the sum of the losses after a forward pass, from targets and weights of the samples or None.
    threads : FittingThreads
    """

    descent: Descent
    passes: Passes
    output: Output
    scale: Array
    total_of: Callable[[Array, Array | None], float]
    threads: FittingThreads

    @classmethod
    def for_size(cls, net: BoundNet, size: int, descent: Descent) -> Prepared:
        """Allocate the memory; a better descent for this size takes the place of the given one."""
        memory, layers = Memory(), net.layers
        *hidden, last = layers
        memories = [
            LayerMemory.allocate(memory, layer, size, has_dropout=share > 0)
            for layer, share in zip(hidden, net.dropout or repeat(0.0), strict=False)
        ]
        memories.append(LayerMemory.allocate(memory, last, size, is_last=True))
        output = Output.part_of(output_columns(memory, last, size, size), 0, size)
        parts = [each.first(size) for each in memories]
        descent = (rank_one_descent(net, parts) if size == 1 else None) or descent
        passes = Passes(descent, net.objective, parts, descent.factors or factors_by_layer(layers, net.rule))
        # A loss that is computed from z has z in the output, and a where the product was.
        a_is_output = last.activation.plugin is None or not net.objective.value_takes_z
        a = output.columns if a_is_output else parts[-1].z
        largest = largest_product((layer.weights for layer in layers), size)
        threads = FittingThreads(largest, last.weights.dtype, descent.wants_one_thread, trains=True)
        return cls(descent, passes, output, np.empty((), last.weights.dtype), _total(net.objective, output, a), threads)


def update_of_size(net: BoundNet, size: int, descent: Descent, dropout: Dropout | None) -> Update:
    """Allocate what batches of one size need, and return the function that makes updates with them."""
    descent, passes, output, scale, total_of, threads = Prepared.for_size(net, size, descent)
    # Names of a function are looked up faster than attributes: a twentieth of an update.
    enter, complete, backward, step = passes.enter, passes.complete, passes.backward, descent.step
    has_begin, takes_steps, subtract, masks = descent.has_begin, descent.takes_steps, descent.subtract, passes.masks
    add_up, ones, scaled_by = passes.first_product[0].dot, np.ones(size, scale.dtype), math.nan

    def update(samples: Samples, learning_rate: float, dropout_key: int, are_finite: bool) -> float | None:
        nonlocal scaled_by
        x, y, weights, _ = samples
        targets = y.T
        if has_begin:
            descent.begin()
        enter(x)
        if not (are_finite or math.isfinite(add_up(ones))):
            return None
        if dropout is not None:
            for k, mask in enumerate(masks):
                if mask is not None:
                    mask.T[...] = dropout.mask(k, dropout_key, 0, size)
        complete(output)
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

    def update_on_threads(samples: Samples, learning_rate: float, dropout_key: int, are_finite: bool) -> float | None:
        return threads.call(update, samples, learning_rate, dropout_key, are_finite)

    return update_on_threads if threads.matters else update


def pair_step(net: BoundNet, descent: Descent) -> Callable[[Any, Any, float], float | None]:
    """Return the function that makes updates for pairs of columns, as `Engine` describes it.

    It is `update_of_size` for one sample, without all that such a pair doesn't need.
    """
    descent, passes, output, scale, total_of, threads = Prepared.for_size(net, 1, descent)
    enter, complete, backward, step = passes.enter, passes.complete, passes.backward, descent.step
    has_begin, takes_steps, subtract = descent.has_begin, descent.takes_steps, descent.subtract
    n_in, n_out = net.layers[0].weights.shape[1], len(net.layers[-1].weights)
    is_plain = plain_pair_check(n_in, n_out // net.objective.plugin.n_outputs, scale.dtype, net.objective.plugin)
    first_sum, isfinite, scaled_by = passes.first_product[0].item, math.isfinite, math.nan
    if not takes_steps:
        scale[...] = 1

    def update(x: Any, y: Any, learning_rate: float) -> float | None:
        nonlocal scaled_by
        if not is_plain(x, y):
            return None
        if has_begin:
            descent.begin()
        rows = x.T
        enter(rows)
        if not isfinite(first_sum()):
            return None
        complete(output)
        total = total_of(y, None)
        if takes_steps and learning_rate != scaled_by:
            scale[...] = scaled_by = learning_rate
        backward(rows, y, output, scale, None)
        if subtract is None:
            step(learning_rate)
        else:
            subtract()
        return total

    def update_on_threads(x: Any, y: Any, learning_rate: float) -> float | None:
        return threads.call(update, x, y, learning_rate)

    return update_on_threads if threads.matters else update


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

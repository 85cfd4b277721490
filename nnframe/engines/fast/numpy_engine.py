"""numpy: the engine for everyday use, which needs nothing but numpy.

It computes the same as reference. With small batches, nearly all of the time is spent on calling numpy rather than on
arithmetic, so it saves calls; with large ones, it saves allocations and passes over memory. The speedup of each saving,
in float32 on one core:

- A built-in loss never fails, so its values can be computed after the updates, for many batches at once: 2.4 to 3.2 on
  small nets with batches of one, 1.5 with batches of 32.
- Each layer's part of a pass is a function made for its arrays once, over memory allocated once, which activations
  overwrite if they can (`passes`): 1.4 to 1.5 on small nets with batches of one.
- Matrices have the memory order that numpy or BLAS is faster with (`memory_layout`): 1.27 on small nets with batches of
  128, 1.08 with batches of 32, and up to 1.3 on larger nets with batches of 16.
- All weights of a small net are in one vector while it trains, so that an update is one subtraction (`descent`): 1.07
  to 1.24 with batches of one, 1.03 with a hundred thousand weights.
- An array's own ``dot`` writes to existing memory; a call takes two thirds of the time of np.dot, and two fifths of
  that of ``@``: 1.06 on small nets with batches of one, 1.05 with batches of 32.
- The built-in plugins sum columns as products with ones, and compare with zeros in the memory order of the matrix
  (`nnframe.builtins.shortcuts`): 1.12 on a small classifier with batches of one, 1.09 with batches of 32, and 1.04 on a
  larger net with batches of 128.
- softmax only subtracts the maximum if it has to: 1.03 with batches of one, 1.06 to 1.1 with batches of 4 to 32.
- A batch of one needs no sum for the gradient of the bias. In larger ones the sum is a product with ones, which takes
  half the time of np.add.reduce.
- The gradient of a large layer's weights for a batch of one is subtracted without being written down (`rank_one`): 1.4
  to 2.3 on nets with layers of 2^14 weights or more.
- The learning rate and the mean over the batch are folded into the first gradient of the backward pass, which saves a
  pass over all others: 1.03 to 1.19 with batches of one.
- Shuffled rows are gathered into memory that is cut into batches once (`chunks`): 1.05 to 1.07 on small nets with
  batches of 64.
- Where an optimizer trains a small net in batches, the first layer's weights and bias are one matrix (`joined_first`):
  1.06 on small nets with batches of 64.
- nnframe's own plugins are called without a guard (`registry.binding`): up to 1.07 with batches of one.

However an epoch ends, the net has the weights after a whole batch: an update is one call from Python, and so is the
copy of the weights from the vector to the net.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np

from nnframe.arrays import Array
from nnframe.blas.threads import FittingThreads, largest_product
from nnframe.contracts.engine import Engine, Epoch, TrainingTask
from nnframe.contracts.markers import hookimpl
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.chunks import Batch, Chunk, Chunks
from nnframe.engines.fast.descent import descent_of
from nnframe.engines.fast.joined import with_ones
from nnframe.engines.fast.joined_first import JoinedFirst, joins_first
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes
from nnframe.engines.fast.rank_one import rank_one_descent
from nnframe.engines.fast.stepper import stepper
from nnframe.engines.vectors import factors_by_layer

# Enough batches to make the call of a loss cheap for each, and few enough numbers for the processor's cache.
MOST_BATCHES, MOST_NUMBERS = 2**8, 2**18


class NumpyRun:
    """A training run: its memory, and an epoch in it."""

    def __init__(self, task: TrainingTask) -> None:
        self.task, self.objective = task, task.objective
        n_samples = len(task.data)
        # A process may have no samples of its own.
        self.batch_size = min(task.batch_size, max(n_samples, 1))
        # What is combined needs the loss of each batch before its step.
        self.values_wait = task.objective.value_is_built_in and task.combine is None
        self.chunk = self.batch_size
        if self.values_wait:
            n_numbers = self.batch_size * (task.data.X.shape[1] + task.data.Y.shape[1])
            self.chunk *= max(1, min(MOST_BATCHES, MOST_NUMBERS // n_numbers, -(-n_samples // self.batch_size)))
        self.dropout = Dropout(task) if any(task.dropout) else None
        self.memory = Memory()
        self.joins_first = joins_first(task, self.batch_size)
        *hidden, last = task.layers
        self.memories = [
            LayerMemory.allocate(self.memory, layer, self.batch_size, has_dropout=share > 0)
            for layer, share in zip(hidden, task.dropout or repeat(0.0), strict=False)
        ]
        self.memories.append(LayerMemory.allocate(self.memory, last, self.batch_size, is_last=True))
        rank_one = rank_one_descent(task, self.memories) if self.batch_size == 1 else None
        self.descent = JoinedFirst(task) if self.joins_first else rank_one or descent_of(task, self.memory)
        self.columns = output_columns(self.memory, last, self.chunk, self.batch_size)
        # numpy is faster with few long rows than with many short columns, even with the copy.
        self.copies_columns = len(last.weights) < self.chunk
        self.chunks = Chunks(task, self.chunk, self.batch_size, self.columns, self.joins_first)
        # An array: numpy takes longer to convert a number to one than to multiply by it.
        self.scale = np.empty((), last.weights.dtype)
        self.passes: dict[int, Passes] = {}
        largest = largest_product((layer.weights for layer in task.layers), self.batch_size)
        self.threads = FittingThreads(largest, last.weights.dtype, self.descent.wants_one_thread, trains=True)

    def epoch(self, epoch: Epoch) -> float:
        """Make one pass over the data and return the sum of the losses."""
        return self.threads.call(self.epoch_on_threads, epoch)

    def epoch_on_threads(self, epoch: Epoch) -> float:
        """Do what `epoch` does, with the number of BLAS threads that is set."""
        rates = iter(epoch.learning_rates.tolist())
        total = epoch.loss_sum
        self.descent.begin()
        try:
            if epoch.shares is not None or self.task.combine is not None:
                return self.train_shares(epoch)
            for chunk in self.chunks.of(epoch):
                total = self.train(chunk, rates, epoch.dropout_key, total)
        finally:
            self.descent.end()
        return total

    def train(self, chunk: Chunk, rates: Iterator[float], dropout_key: int, total: float) -> float:
        """Update the weights for each batch of a chunk, and return the total with their losses."""
        for size, batches in chunk.batches:
            total = self.train_batches(batches, chunk.samples.start, size, rates, dropout_key, total)
        if self.values_wait:
            count = len(chunk.samples.x)
            losses = self.losses(self.columns[:, :count], chunk.samples.y.T, chunk.samples.weights)
            # Added batch by batch, so that the sum doesn't depend on where chunks and parts of an epoch begin.
            whole = count - count % self.batch_size
            for batch_sum in losses[:whole].reshape(-1, self.batch_size).sum(axis=1, dtype=np.float64).tolist():
                total += batch_sum
            if whole < count:
                total += float(losses[whole:].sum(dtype=np.float64))
        return total

    def train_batches(
        self, batches: list[Batch], start: int, size: int, rates: Iterator[float], dropout_key: int, total: float
    ) -> float:
        """Update the weights for batches of one size, and return the total with their losses unless these wait."""
        passes = self.passes_for(size)
        forward, backward, step, scale = passes.forward, passes.backward, self.descent.step, self.scale
        dropout, values_wait, takes_steps = self.dropout, self.values_wait, self.descent.takes_steps
        scaled_by = math.nan
        # The rates last, so that they don't lose one when the batches end.
        for (inputs, targets, weights, place, output), rate in zip(batches, rates, strict=False):
            if dropout is not None:
                self.fill_masks(dropout, passes.masks, dropout_key, start + place, size)
            forward(inputs, output)
            if not values_wait:
                total += float(self.losses(output.columns, targets, weights).sum(dtype=np.float64))
            if rate != scaled_by:
                scale[...] = (rate if takes_steps else 1.0) / size
                scaled_by = rate
            backward(inputs, targets, output, scale, weights)
            step(rate)
        return total

    def train_shares(self, epoch: Epoch) -> float:
        """Update the weights batch by batch, with the part of each that this process has, and return the total."""
        total = epoch.loss_sum
        rates, sizes = epoch.learning_rates.tolist(), self.task.batch_sizes(epoch)
        for samples, size, rate in zip(self.task.samples(epoch), sizes, rates, strict=True):
            x, y, weights, start = samples
            x, loss_sum = with_ones(x) if self.joins_first else x, 0.0
            if len(x) == 0:
                self.descent.clear()
            else:
                passes, output = self.passes_for(len(x)), Output.part_of(self.columns, 0, len(x))
                if self.dropout is not None:
                    self.fill_masks(self.dropout, passes.masks, epoch.dropout_key, start, len(x))
                passes.forward(x, output)
                loss_sum = float(self.losses(output.columns, y.T, weights).sum(dtype=np.float64))
                self.scale[...] = (rate if self.descent.takes_steps else 1.0) / size
                passes.backward(x, y.T, output, self.scale, weights)
            total += self.descent.finish(rate, loss_sum)
        return total

    def passes_for(self, size: int) -> Passes:
        """Return the passes for batches of a number of samples."""
        if size not in self.passes:
            first, others = self.memories[0], self.memories[1:]
            memories = [first.first(size, by_sample=self.joins_first or None), *(each.first(size) for each in others)]
            factors = self.descent.factors or factors_by_layer(self.task.layers, self.task.rule)
            self.passes[size] = Passes(self.descent, self.objective, memories, factors)
        return self.passes[size]

    def fill_masks(self, dropout: Dropout, masks: Sequence[Array | None], key: int, start: int, count: int) -> None:
        """Draw the dropout masks for the samples of a batch."""
        for k, mask in enumerate(masks):
            if mask is not None:
                mask.T[...] = dropout.mask(k, key, start, count)

    def losses(self, columns: Array, y: Array, weights: Array | None) -> Array:
        """Return the losses of some outputs, (n_out, N), with the same bits for a sample whatever comes with it."""
        count = columns.shape[1]
        if self.copies_columns:
            columns = np.ascontiguousarray(columns)
            if count == 1:
                # numpy would add up a single column in another order than one of several.
                columns, y = np.repeat(columns, 2, axis=1), np.repeat(y, 2, axis=1)
        losses = self.objective.value(columns, columns, y)[:count]
        return losses if weights is None else losses * weights


def prepare(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    return NumpyRun(task).epoch


numpy = Engine("numpy", prepare, stepper=stepper, combines=True, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return numpy."""
    return [numpy]

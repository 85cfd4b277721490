"""numpy: the engine for everyday use, with nothing but numpy.

It computes what reference computes. With small batches, nearly all of the time goes into calling numpy, not into
arithmetic, so it saves calls; with large ones, memory that is allocated and passed through once more. What a saving
is worth is the time without it over the time with it, in float32, on one core:

- A built-in loss never fails, so its values needn't be known before the update: they are taken for many batches at
  once. Worth 2.4 to 3.2 on small nets with batches of one, 1.5 with batches of 32.
- Each layer's part of a pass is a function that was made for its arrays once, over memory that was allocated once,
  which activations overwrite where they can (`passes`). Worth 1.4 to 1.5 on small nets, batches of one.
- Matrices lie in memory in the order that numpy or BLAS is faster with (`memory_layout`). Worth 1.27 on
  small nets with batches of 128, 1.08 with batches of 32, and up to 1.3 on larger ones with batches of 16.
- All weights of a small net stand in one vector while it trains, so that an update is one subtraction
  (`descent`). Worth 1.07 to 1.24 with batches of one, 1.03 with a hundred thousand weights.
- An array's own ``dot`` writes into memory that is there, and its call takes two thirds of the time that np.dot takes,
  and two fifths of that of ``@``. Worth 1.06 on small nets with batches of one, 1.05 with batches of 32.
- The built-in plugins sum up columns as products with ones, and compare with zeros that lie as the matrix does
  (`nnframe.builtins.shortcuts`). Worth 1.12 on a small classifier with batches of one, 1.09 with batches of 32, and
  1.04 on a larger net with batches of 128.
- softmax subtracts no maximum where it needn't (`softmax`). Worth 1.03 with batches of one, 1.06 to
  1.1 with batches of 4 to 32.
- A batch of one needs no sum for the gradient of the bias. In larger ones, the sum is a product with ones, which takes
  half of the time that np.add.reduce takes.
- The learning rate and the mean over the batch are folded into the first gradient of the backward pass, which spares a
  pass over all of them. Worth 1.03 to 1.19 with batches of one.
- Plugins that come with nnframe are called without a guard (`registry.binding`). Worth up to 1.07 with batches of one.

Whatever ends an epoch early, the net is left with the weights of a whole batch: an update is one call from Python, and
so is the move of the weights from the vector to the net.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import Engine, Epoch, Samples, TrainingTask
from nnframe.contracts.markers import hookimpl
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.descent import descent_of
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes
from nnframe.engines.fast.stepper import stepper

# Enough batches to spread the cost of calling a loss thin, and few enough inputs and outputs to stay in the processor's
# cache.
MOST_BATCHES, MOST_NUMBERS = 2**8, 2**18


class NumpyRun:
    """A training run: its memory, and an epoch in it."""

    def __init__(self, task: TrainingTask) -> None:
        self.task, self.objective = task, task.objective
        n_samples = len(task.data)
        self.batch_size = min(task.batch_size, n_samples)
        self.values_wait = task.objective.value_is_built_in
        self.chunk = self.batch_size
        if self.values_wait:
            n_numbers = self.batch_size * (task.data.X.shape[1] + task.data.Y.shape[1])
            self.chunk *= max(1, min(MOST_BATCHES, MOST_NUMBERS // n_numbers, -(-n_samples // self.batch_size)))
        self.dropout = Dropout(task) if any(task.dropout) else None
        self.memory = Memory()
        self.descent = descent_of(task, self.memory)
        *hidden, last = task.layers
        self.memories = [
            LayerMemory.allocate(self.memory, layer, self.batch_size, has_dropout=share > 0)
            for layer, share in zip(hidden, task.dropout or repeat(0.0), strict=False)
        ]
        self.memories.append(LayerMemory.allocate(self.memory, last, self.batch_size, is_last=True))
        self.columns = output_columns(self.memory, last, self.chunk, self.batch_size)
        # numpy goes through few long rows in less time than through many short columns, with the copy.
        self.copies_columns = len(last.weights) < self.chunk
        starts = range(0, self.chunk, self.batch_size)
        self.outputs = [Output.part_of(self.columns, start, start + self.batch_size) for start in starts]
        # An array, for numpy takes longer to make one of a number than to multiply with it.
        self.scale = np.empty((), last.weights.dtype)
        self.passes: dict[int, Passes] = {}

    def epoch(self, epoch: Epoch) -> float:
        """Make one pass over the data and return the sum of the losses."""
        rates = iter(epoch.learning_rates.tolist())
        total = epoch.loss_sum
        self.descent.begin()
        try:
            for samples in self.task.samples(epoch, self.chunk):
                total = self.train(samples, rates, epoch.dropout_key, total)
        finally:
            self.descent.end()
        return total

    def train(self, samples: Samples, rates: Iterator[float], dropout_key: int, total: float) -> float:
        """Update the weights for each batch of a chunk of samples, and return the total with their losses."""
        size, count = self.batch_size, len(samples.x)
        whole = count - count % size
        total = self.train_batches(samples.part(0, whole), self.outputs, size, rates, dropout_key, total)
        if whole < count:
            # The last batch of an epoch may be smaller.
            outputs = [Output.part_of(self.columns, whole, count)]
            rest = samples.part(whole, count)
            total = self.train_batches(rest, outputs, count - whole, rates, dropout_key, total)
        if self.values_wait:
            losses = self.losses(self.columns[:, :count], samples.y.T, samples.weights)
            # Added batch by batch, so that the sum doesn't depend on where chunks and parts of an epoch begin.
            sums = losses[:whole].reshape(-1, size).sum(axis=1, dtype=np.float64)
            total = float(np.concatenate(([total], sums)).cumsum()[-1])
            if whole < count:
                total += float(losses[whole:].sum(dtype=np.float64))
        return total

    def train_batches(
        self,
        samples: Samples,
        outputs: Sequence[Output],
        size: int,
        rates: Iterator[float],
        dropout_key: int,
        total: float,
    ) -> float:
        """Update the weights for batches of one size, and return the total with their losses unless these wait."""
        x, y, weights, start = samples
        passes = self.passes_for(size)
        forward, backward, step, scale = passes.forward, passes.backward, self.descent.step, self.scale
        dropout, values_wait, takes_steps = self.dropout, self.values_wait, self.descent.takes_steps
        scaled_by = math.nan
        by_batch = zip(
            # Cut by numpy, which costs less than a slice a batch.
            x.reshape(-1, size, x.shape[1]),
            y.reshape(-1, size, y.shape[1]).transpose(0, 2, 1),
            repeat(None) if weights is None else weights.reshape(-1, size),
            range(start, start + len(x), size),
            outputs,
            # Last, for it must not lose a rate when the others are at their end.
            rates,
            strict=False,
        )
        for inputs, targets, batch_weights, position, output, rate in by_batch:
            if dropout is not None:
                self.fill_masks(dropout, passes.masks, dropout_key, position, size)
            forward(inputs, output)
            if not values_wait:
                total += float(self.losses(output.columns, targets, batch_weights).sum(dtype=np.float64))
            if rate != scaled_by:
                scale[...] = (rate if takes_steps else 1.0) / size
                scaled_by = rate
            backward(inputs, targets, output, scale, batch_weights)
            step(rate)
        return total

    def passes_for(self, size: int) -> Passes:
        """Return the passes for batches of a number of samples."""
        if size not in self.passes:
            memories = [memory.first(size) for memory in self.memories]
            self.passes[size] = Passes(self.descent.layers, self.descent.gradients, self.objective, memories)
        return self.passes[size]

    def fill_masks(self, dropout: Dropout, masks: Sequence[Array | None], key: int, start: int, count: int) -> None:
        """Draw what is dropped for the samples of a batch."""
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


numpy = Engine("numpy", prepare, stepper=stepper, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return numpy."""
    return [numpy]

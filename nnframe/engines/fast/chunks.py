"""The samples of an epoch, some batches at a time, and how they are cut into batches.

Rows in random order are gathered into memory that is used again, so that its batches are cut once for a whole run. For
a net of 30, 100 and 1 units with batches of 64, that saves a twentieth of an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from typing import NamedTuple, TypeAlias

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import Epoch, Samples, TrainingTask
from nnframe.data import Pairs
from nnframe.engines.fast.joined import with_ones
from nnframe.engines.fast.memory_layout import Output

# Inputs (B, n_in), targets (n_out, B), weights (B,), where the first one is in the chunk, and memory for the outputs.
Batch: TypeAlias = "tuple[Array, Array, Array | None, int, Output]"


class Chunk(NamedTuple):
    """Some batches.

    Attributes
    ----------
    samples : Samples
    batches : list of (int, list of Batch)
        The batches of one size after those of another: the last batch of an epoch may be smaller.
    """

    samples: Samples
    batches: list[tuple[int, list[Batch]]]


class Chunks:
    """Cuts epochs of a task into chunks, and these into batches.

    Parameters
    ----------
    task : TrainingTask
    count : int
        The number of samples of a chunk; the last one of an epoch may have fewer.
    size : int
        That of a batch.
    columns : ndarray, shape (n_out, count)
        Memory for the outputs.
    has_ones : bool, optional
        Whether the inputs of the batches end with a 1. The data must be in the layers' dtype then.
    """

    def __init__(self, task: TrainingTask, count: int, size: int, columns: Array, has_ones: bool = False) -> None:
        self._task, self._count, self._size, self._columns = task, count, size, columns
        starts = range(0, count, size)
        self._outputs = [Output.part_of(columns, start, start + size) for start in starts]
        data, dtype = task.data, task.layers[0].weights.dtype
        # Other data may have to be converted.
        self._can_gather = type(data) is Pairs and data.X.dtype == data.Y.dtype == dtype
        self._gathered: dict[int, Chunk] = {}
        self._has_ones = has_ones

    @cached_property
    def _memory(self) -> tuple[Array, Array, Array | None]:
        """What rows are gathered into."""
        data, weights = self._task.data, self._task.sample_weights
        x, y = (np.empty((self._count, each.shape[1]), each.dtype) for each in (data.X, data.Y))
        return x, y, None if weights is None else np.empty(self._count, weights.dtype)

    @cached_property
    def _inputs(self) -> Array:
        """The inputs that were gathered, perhaps followed by ones."""
        x = self._memory[0]
        return with_ones(x) if self._has_ones else x

    def of(self, epoch: Epoch) -> Iterator[Chunk]:
        """Yield the chunks of an epoch. The samples of one are valid until the next."""
        order = epoch.order
        if not self._can_gather or (order is None and not self._has_ones):
            for samples in self._task.samples(epoch, self._count):
                yield Chunk(samples, self._cut(samples))
            return
        first = epoch.first_batch * self._size
        n_visited = len(self._task.data if order is None else order)
        last = min(n_visited, first + len(epoch.learning_rates) * self._size)
        for start in range(first, last, self._count):
            stop = min(start + self._count, last)
            yield self._gather(np.arange(start, stop) if order is None else order[start:stop], start)

    def _gather(self, rows: Array, start: int) -> Chunk:
        count = len(rows)
        chunk = self._gathered.get(count) or self._gathered.setdefault(count, self._views(count))
        given = self._task.data.X, self._task.data.Y, self._task.sample_weights
        for source, memory in zip(given, self._memory, strict=True):
            if source is not None and memory is not None:
                # The rows are known to exist. Without "clip", numpy would gather them in new memory and copy them.
                source.take(rows, 0, memory[:count], "clip")
        if self._has_ones:
            self._inputs[:count, :-1] = self._memory[0][:count]
        samples, batches = chunk
        return Chunk(samples._replace(start=start), batches)

    def _views(self, count: int) -> Chunk:
        """Return the first samples of the memory, which are written later, as a chunk."""
        x, (_, y, weights) = self._inputs, self._memory
        weights = None if weights is None else _read_only(weights[:count])
        samples = Samples(_read_only(x[:count]), _read_only(y[:count]), weights, 0)
        return Chunk(samples, self._cut(samples))

    def _cut(self, samples: Samples) -> list[tuple[int, list[Batch]]]:
        size, count = self._size, len(samples.x)
        whole = count - count % size
        cut = [(size, _batches(samples.part(0, whole), size, 0, self._outputs))]
        if whole < count:
            rest, output = samples.part(whole, count), Output.part_of(self._columns, whole, count)
            cut.append((count - whole, _batches(rest, count - whole, whole, [output])))
        return cut


def _batches(samples: Samples, size: int, first: int, outputs: list[Output]) -> list[Batch]:
    """Return the batches of samples of which the first one is number `first` of the chunk."""
    x, y, weights, _ = samples
    return list(
        zip(
            # Split by numpy, which costs less than a slice per batch.
            x.reshape(-1, size, x.shape[1]),
            y.reshape(-1, size, y.shape[1]).transpose(0, 2, 1),
            repeat(None) if weights is None else weights.reshape(-1, size),
            range(first, first + len(x), size),
            outputs,
            strict=False,
        )
    )


def _read_only(array: Array) -> Array:
    # Plugins see it.
    array.flags.writeable = False
    return array

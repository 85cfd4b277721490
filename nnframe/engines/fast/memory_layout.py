"""What a pass over a batch needs of memory, and in which order matrices lie in it.

Columns have shape (n, B): n numbers of each of B samples. Side by side in memory lie those of a sample, or those of
all samples. It makes no difference to a result, but to the number of loops that numpy makes, and to the speed of BLAS.
"""

from __future__ import annotations

from typing import NamedTuple

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear
from nnframe.engines.fast.memory import Memory

# With more numbers a sample, BLAS's speed counts for more than numpy's loops.
WIDEST_BY_SAMPLE = 64


def is_by_sample(n: int, count: int) -> bool:
    """Return whether the n numbers of each of some samples should lie side by side, and not those of all samples.

    Where a bias is added, or columns are summed up, numpy makes a loop for whatever lies side by side: there should be
    few, and long ones. BLAS, though, multiplies into the rows of wide layers faster if they are as short as a batch: a
    batch of 16 times 784 x 256 in 0.4 to 0.85 of the time. For one sample, both orders are the same.
    """
    return WIDEST_BY_SAMPLE >= n >= count > 1


def laid_out(memory: Array, count: int) -> Array:
    """Return memory for so many columns or more, (n, B), as (n, count), in the order that `is_by_sample` asks for."""
    n = len(memory)
    part = memory.reshape(-1)[: n * count]
    return part.reshape(count, n).T if is_by_sample(n, count) else part.reshape(n, count)


def row_by_row(*columns: Array) -> tuple[Array, ...]:
    """Return columns that are `laid_out`, or their transposes, so that what lies side by side is a row.

    numpy takes up to 1.4 times as long to go through small matrices the other way.
    """
    return tuple(each.T for each in columns) if is_by_sample(*columns[0].shape) else columns


class LayerMemory(NamedTuple):
    """What a layer needs for a batch; all of shape (n_out, B).

    Attributes
    ----------
    z, a : ndarray
        Pre-activations and activations; the same memory where the activation works in place. In the last layer, z is
        where its product goes, and one of the two follows; the other is an `Output`.
    d : ndarray
        dL/dz for the mean loss L of the batch, times what the last layer's was multiplied with.
    mask : ndarray or None
        What dropout multiplies a with, to be filled before each pass.
    out : ndarray
        What the next layer takes: a, or a times mask.
    """

    z: Array
    a: Array
    d: Array
    mask: Array | None
    out: Array

    @classmethod
    def allocate(
        cls, memory: Memory, layer: Linear, count: int, has_dropout: bool = False, is_last: bool = False
    ) -> LayerMemory:
        """Return memory for a number of samples."""
        shape = len(layer.weights), count
        z, d = (memory.empty(shape, layer.weights.dtype) for _ in range(2))
        a = z if is_last or layer.activation.forward_inplace is not None else memory.empty_like(z)
        mask, out = (memory.empty_like(z), memory.empty_like(z)) if has_dropout else (None, a)
        return cls(z, a, d, mask, out)

    def first(self, count: int) -> LayerMemory:
        """Return memory for as many samples, or fewer, in the order that suits them."""
        z, a, d, out = (laid_out(memory, count) for memory in (self.z, self.a, self.d, self.out))
        return LayerMemory(z, a, d, None if self.mask is None else laid_out(self.mask, count), out)


def output_columns(memory: Memory, layer: Linear, count: int, size: int) -> Array:
    """Return memory for the last layer's outputs for some samples, (n_out, count), of which `size` are a batch."""
    n, dtype = len(layer.weights), layer.weights.dtype
    # A batch of one should lie together, too.
    by_sample = size == 1 or is_by_sample(n, size)
    matrix = memory.empty((count, n) if by_sample else (n, count), dtype)
    return matrix.T if by_sample else matrix


class Output(NamedTuple):
    """What the loss of B samples is computed from: z or a of the last layer.

    Attributes
    ----------
    columns : ndarray, shape (n_out, B)
    rows : ndarray
        The same or their transpose, `row_by_row`, as the product of a batch of B samples is.
    """

    columns: Array
    rows: Array

    @classmethod
    def part_of(cls, columns: Array, start: int, stop: int) -> Output:
        """Return the part of `output_columns` for some of the samples."""
        part = columns[:, start:stop]
        return cls(part, *row_by_row(part))

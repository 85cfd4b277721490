"""The memory of a pass over a batch, and the order of the matrices in it.

Columns have shape (n, B): n numbers of each of B samples. Either the numbers of a sample are contiguous, or those of
all samples. The results are the same, but not the number of loops that numpy makes or the speed of BLAS.
"""

from __future__ import annotations

from typing import NamedTuple

from nnframe.arrays import Array
from nnframe.contracts.bound import Linear
from nnframe.engines.fast.memory import Memory

# With more numbers per sample, the speed of BLAS matters more than the loops of numpy.
WIDEST_BY_SAMPLE = 64


def is_by_sample(n: int, count: int) -> bool:
    """Whether the n numbers of each sample should be contiguous, rather than those of all samples.

    To add a bias or sum columns, numpy makes one loop per contiguous run, so there should be few long ones. But BLAS
    multiplies into the rows of wide layers faster if they are as short as a batch: a batch of 16 times 784 x 256 in 0.4
    to 0.85 of the time. For one sample, both orders are the same.
    """
    return WIDEST_BY_SAMPLE >= n >= count > 1


def laid_out(memory: Array, count: int, by_sample: bool | None = None) -> Array:
    """Return memory of shape (n, B) as (n, count) for count <= B, in the order that `is_by_sample` chooses."""
    n = len(memory)
    part = memory.reshape(-1)[: n * count]
    by_sample = is_by_sample(n, count) if by_sample is None else by_sample
    return part.reshape(count, n).T if by_sample else part.reshape(n, count)


def row_by_row(*columns: Array) -> tuple[Array, ...]:
    """Return columns that are `laid_out`, or their transposes, so that the rows are contiguous.

    numpy takes up to 1.4 times as long over small matrices the other way.
    """
    return tuple(each.T for each in columns) if is_by_sample(*columns[0].shape) else columns


class LayerMemory(NamedTuple):
    """The memory of a layer for a batch, all of shape (n_out, B).

    Attributes
    ----------
    z, a : ndarray
        Pre-activations and activations; the same memory if the activation works in place. In the last layer, the
        product of weights and inputs is written to z, and then z or a replaces it; the other one is an `Output`.
    d : ndarray
        dL/dz for the mean loss L of the batch, times the scale that was folded into the last layer's.
    mask : ndarray or None
        The factors of a for dropout, filled before each pass.
    out : ndarray
        The input of the next layer: a, or a times mask.
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

    def first(self, count: int, by_sample: bool | None = None) -> LayerMemory:
        """Return this memory for as many samples as were allocated or fewer, in the order that suits them."""
        z, a, d, out = (laid_out(memory, count, by_sample) for memory in (self.z, self.a, self.d, self.out))
        return LayerMemory(z, a, d, None if self.mask is None else laid_out(self.mask, count, by_sample), out)


def output_columns(memory: Memory, layer: Linear, count: int, size: int) -> Array:
    """Return memory for the last layer's outputs for some samples, (n_out, count), of which `size` are a batch."""
    n, dtype = len(layer.weights), layer.weights.dtype
    # The numbers of a batch of one should be contiguous too.
    by_sample = size == 1 or is_by_sample(n, size)
    matrix = memory.empty((count, n) if by_sample else (n, count), dtype)
    return matrix.T if by_sample else matrix


class Output(NamedTuple):
    """The argument of the loss for B samples: z or a of the last layer.

    Attributes
    ----------
    columns : ndarray, shape (n_out, B)
    rows : ndarray
        The same, or the transpose, `row_by_row` like the product of a batch of B samples.
    """

    columns: Array
    rows: Array

    @classmethod
    def part_of(cls, columns: Array, start: int, stop: int) -> Output:
        """Return the part of `output_columns` for some of the samples."""
        part = columns[:, start:stop]
        return cls(part, *row_by_row(part))

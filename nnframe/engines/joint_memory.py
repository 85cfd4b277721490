"""All weights and biases of a small net in one vector, so that an update is one call of numpy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import parameters_of
from nnframe.layer import denseLayer
from nnframe.registry.binding import bind_activation

# With more, the calls that one vector saves no longer matter.
MOST_JOINT = 2**17


def join_memory(layers: Iterable[denseLayer]) -> None:
    """Move all trained arrays of small layers into one vector, unless someone may have one of them."""
    layers = list(dict.fromkeys(layers))
    if any(layer._is_shared for layer in layers):
        return
    arrays = parameters_of(layer.for_engine() for layer in layers)
    total = sum(array.size for array in arrays)
    if total <= MOST_JOINT and len({array.dtype for array in arrays}) == 1:
        vector, start = np.empty(total, arrays[0].dtype), 0
        for layer in layers:
            layer._linear, start = _moved(layer._linear, vector, start)
            layer._bias, start = _moved(layer._bias, vector, start)
            for name, array in layer.parameters.items():
                layer._parameters[name], start = _moved(array, vector, start)
            layer._bound = bind_activation(layer.resolved_activation, layer.parameters)


def joint_vector(arrays: Sequence[Array]) -> Array | None:
    """Return the vector whose consecutive parts these arrays are, or None if there is no such vector."""
    vectors = joint_vectors(arrays)
    return vectors[0] if len(vectors) == 1 else None


def joint_vectors(arrays: Sequence[Array]) -> list[Array]:
    """Return as few vectors as possible that have the numbers of the arrays in order, in the arrays' own memory.

    Arrays that follow each other in memory share a vector; an array by itself becomes one without its shape.

    Raises
    ------
    ValueError
        If an array is not C-contiguous. Those of a net always are.
    """
    vectors: list[Array] = []
    base: Array | None = None
    start = stop = next_address = 0
    for array in arrays:
        if not array.flags.c_contiguous:
            raise ValueError(f"an array of shape {array.shape} is not C-contiguous")
        owner, size = array.base, array.size
        address, last_address = array.ctypes.data, next_address
        next_address = address + array.nbytes
        if base is not None and owner is base and address == last_address:
            stop += size
            vectors[-1] = base[start:stop]
            continue
        # Arrays of a pickle may lie in bytes.
        if (
            type(owner) is not np.ndarray
            or owner.ndim != 1
            or not owner.flags.c_contiguous
            or owner.dtype != array.dtype
        ):
            base = None
            vectors.append(array.reshape(-1))
        else:
            base = owner
            start = (address - base.ctypes.data) // base.itemsize
            stop = start + size
            vectors.append(base[start:stop])
    return vectors


def _moved(array: Array, vector: Array, start: int) -> tuple[Array, int]:
    stop = start + array.size
    part = vector[start:stop].reshape(array.shape)
    part[...] = array
    return part, stop

"""All weights and biases of a small net in one vector, so that an update is one call of numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.bound import parameters_of
from nnframe.layer import denseLayer
from nnframe.registry.binding import bind_activation

# With more, the calls that one vector saves no longer matter.
MOST_JOINT = 2**17


def join_memory(layers: list[denseLayer]) -> list[denseLayer]:
    """Move all trained arrays of small layers into one vector, and return the layers.

    Only for layers that are new: whoever has one of their arrays keeps the old one.
    """
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
    return layers


def joint_vector(arrays: Sequence[Array]) -> Array | None:
    """Return the vector whose consecutive parts these arrays are, all of it; None if there is no such vector."""
    vector = arrays[0].base
    # Arrays of a pickle may lie in bytes.
    if type(vector) is not np.ndarray or vector.ndim != 1 or not vector.flags.c_contiguous:
        return None
    start: int = vector.ctypes.data
    stop = start + vector.nbytes
    for array in arrays:
        is_next = array.base is vector and array.ctypes.data == start
        if not is_next or array.dtype != vector.dtype or not array.flags.c_contiguous:
            return None
        start += array.nbytes
    return vector if start == stop else None


def _moved(array: Array, vector: Array, start: int) -> tuple[Array, int]:
    stop = start + array.size
    part = vector[start:stop].reshape(array.shape)
    part[...] = array
    return part, stop

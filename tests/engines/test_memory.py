"""The arrays of a run start at cache lines, at different offsets in a page, and share no memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe.engines.fast.memory import LINE, PAGE, Memory


def place(array):
    return array.ctypes.data


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (1000, 1000)])
def test_an_array_has_its_shape_and_dtype_and_starts_at_a_cache_line(shape, dtype):
    array = Memory().empty(shape, np.dtype(dtype))
    array[...] = 1
    assert (array.shape, array.dtype, array.flags.c_contiguous) == (shape, np.dtype(dtype), True)
    assert place(array) % LINE == 0


def test_the_arrays_of_a_run_start_at_different_offsets_in_a_page():
    run = Memory()
    places = {place(run.empty((1024,), np.dtype("float32"))) % PAGE for _ in range(10)}
    assert len(places) == 10


@given(st.lists(st.integers(0, 3 * PAGE), min_size=1, max_size=30))
def test_no_two_arrays_share_memory(lengths):
    run = Memory()
    arrays = [run.empty((length,), np.dtype("uint8")) for length in lengths]
    for i, array in enumerate(arrays):
        array[...] = i
    assert all((array == i).all() for i, array in enumerate(arrays))

"""Memory of a run begins at cache lines, and goes from one run to the next when nobody has it any more."""

import gc
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nnframe.engines.fast import memory
from nnframe.engines.fast.memory import FEWEST_BYTES_KEPT, LINE, MOST_BYTES_KEPT, PAGE, Memory

LARGE = (FEWEST_BYTES_KEPT,)
BYTE = np.dtype(np.uint8)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(memory, "_kept", [])


def place(array):
    return array.ctypes.data


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (1000, 1000)])
def test_an_array_has_its_shape_and_dtype_and_begins_a_cache_line(shape, dtype):
    array = Memory().empty(shape, np.dtype(dtype))
    array[...] = 1
    assert (array.shape, array.dtype, array.flags.c_contiguous) == (shape, np.dtype(dtype), True)
    assert place(array) % LINE == 0


def test_arrays_of_a_run_begin_at_different_places_in_a_page():
    run = Memory()
    places = {place(run.empty((1024,), np.dtype("float32"))) % PAGE for _ in range(10)}
    assert len(places) == 10


def test_the_next_run_takes_over_what_a_run_has_left():
    run = Memory()
    before = place(run.empty(LARGE, BYTE))
    del run
    gc.collect()
    assert place(Memory().empty(LARGE, BYTE)) // PAGE == before // PAGE


def test_memory_is_not_taken_over_from_a_run_that_goes_on():
    run = Memory()
    one = run.empty(LARGE, BYTE)
    one[...] = 1
    other = Memory().empty(LARGE, BYTE)
    other[...] = 2
    assert (one == 1).all()


def test_memory_is_not_taken_over_while_an_array_of_it_lives_on():
    run = Memory()
    kept = run.empty(LARGE, BYTE)
    kept[...] = 1
    del run
    gc.collect()
    Memory().empty(LARGE, BYTE)[...] = 2
    assert (kept == 1).all()


def test_small_pieces_are_not_kept():
    run = Memory()
    run.empty((10,), BYTE)
    del run
    gc.collect()
    assert memory._kept == []


def test_a_run_may_be_collected_while_memory_is_handed_out(monkeypatch):
    Memory().empty(LARGE, BYTE)
    gc.collect()
    (block,) = map(id, memory._kept)
    others = [Memory()]
    others[0].empty((2 * LARGE[0],), BYTE)

    def count_and_collect(array):
        others.clear()
        gc.collect()
        # Less the reference that this function has.
        return sys.getrefcount(array) - 1

    monkeypatch.setattr(memory, "sys", SimpleNamespace(getrefcount=count_and_collect))
    run = Memory()
    run.empty(LARGE, BYTE)
    assert [id(each) for each in run._blocks] == [block]
    assert len(memory._kept) == 1


def test_no_more_is_kept_than_there_should_be():
    for _ in range(5):
        Memory().empty((MOST_BYTES_KEPT // 3 * 2,), BYTE)
        gc.collect()
    run = Memory()
    run.empty((MOST_BYTES_KEPT + 1,), BYTE)
    del run
    gc.collect()
    assert sum(block.size for block in memory._kept) <= MOST_BYTES_KEPT

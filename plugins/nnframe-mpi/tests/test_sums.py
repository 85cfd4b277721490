"""Vectors are added up in three ways, with the losses in float64."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_mpi.shared_memory import SharedVector
from nnframe_mpi.sums import number_of_parts, parts_of_number

WAYS = ["in float64", "in messages", "on one machine"]
SIZES = [1, 2, 1001, 30_000]
IS_LINUX = sys.platform == "linux"


@pytest.fixture(scope="module", params=[2, 3], ids=["2 processes", "3 processes"])
def added_up(request, run_job):
    return run_job("sums.py", request.param)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_vectors_are_added_up(added_up, way, n, dtype):
    size = len(added_up)
    vectors = [np.random.default_rng([rank, n]).normal(size=n).astype(dtype) for rank in range(size)]
    loss_sum = sum(0.1 * 10.0**rank for rank in range(size))
    expected = np.sum(vectors, axis=0, dtype=np.float64)
    for of_process in added_up:
        for total, vector in of_process[way, n, dtype]:
            # float32 would be off by 1e-8.
            assert total == pytest.approx(loss_sum, rel=1e-15)
            np.testing.assert_allclose(vector, expected, rtol=0, atol=4 * np.finfo(dtype).eps)
            assert np.array_equal(vector, added_up[0][way, n, dtype][0][1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_nan_and_failures_arrive_everywhere(added_up, way, dtype):
    for rank, of_process in enumerate(added_up):
        assert math.isnan(of_process[way, "NaN", dtype][0][0])
        assert of_process[way, "failed", dtype] == ("no error" if rank == 1 else "another failed")


@pytest.mark.skipif(not IS_LINUX, reason="memory of other processes is found in /proc")
def test_processes_of_one_machine_share_memory(added_up):
    assert [of_process["long"] for of_process in added_up] == ["OnOneMachine"] * len(added_up)


@pytest.mark.parametrize("fault", ["unreadable", "missing"])
def test_messages_take_over_where_a_process_has_no_shared_memory(added_up, fault):
    assert [of_process[fault] for of_process in added_up] == ["InMessages"] * len(added_up)


@given(st.floats())
def test_a_number_is_the_sum_of_its_parts(x):
    parts = parts_of_number(x)
    assert number_of_parts(parts) == x or math.isnan(x)
    assert all(float(np.float32(part)) == part for part in parts if math.isfinite(x))


@pytest.mark.skipif(not IS_LINUX, reason="this system has no anonymous files")
def test_the_memory_of_another_process_is_not_taken_for_the_one_that_was_meant():
    vector = SharedVector(10, np.dtype(np.float32))
    with pytest.raises(OSError, match="another container"):
        vector.vectors([vector.address._replace(token=b"?" * 32)])
    shorter = SharedVector(1, np.dtype(np.float32))
    with pytest.raises(OSError, match="the memory is too short"):
        vector.vectors([shorter.address])


@pytest.mark.skipif(not IS_LINUX, reason="open files are counted in /proc")
def test_shared_memory_is_freed_at_the_end_of_a_run(run_job):
    for first, last in run_job("many_runs.py", 2):
        assert first == last

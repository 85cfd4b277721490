"""Local SGD is another algorithm, which ends with about as good a loss."""

import numpy as np
import pytest


@pytest.fixture(scope="module", params=[2, 3], ids=["2 processes", "3 processes"])
def ends(request, run_job):
    return run_job("local_sgd.py", request.param)


@pytest.mark.parametrize("name", ["local", "adam", "uneven"])
def test_all_processes_end_with_the_same_bits(ends, name):
    for of_process in ends:
        assert all(map(np.array_equal, of_process[name][0], ends[0][name][0]))
        assert of_process[name][1].loss == ends[0][name][1].loss


def test_a_run_can_be_repeated_bit_for_bit(ends):
    for of_process in ends:
        assert all(map(np.array_equal, of_process["local"][0], of_process["again"][0]))


def test_it_is_another_algorithm(ends):
    assert not np.allclose(ends[0]["local"][0][0], ends[0]["synchronous"][0][0], rtol=1e-3)
    assert all(map(np.array_equal, ends[0]["every batch"][0], ends[0]["synchronous"][0]))


@pytest.mark.parametrize("name", ["local", "adam", "uneven"])
def test_the_net_is_about_as_good(ends, name):
    # 360 digits: two in a hundred are more than chance.
    synchronous, local = (ends[0][each][1].metrics["accuracy"][-1] for each in ("synchronous", name))
    assert local > synchronous - 0.02

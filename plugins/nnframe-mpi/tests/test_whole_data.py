"""Optimizers of the whole data end where one process does."""

import re

import numpy as np
import pytest
from results import weights_of
from shard_data import data_of
from whole_data import CASES, make_net, train

# A line search magnifies what rounding changes.
TOLERANCE = 1e-9


@pytest.fixture(scope="module", params=[2, 3], ids=["2 processes", "3 processes"])
def trained(request, run_job):
    return run_job("whole_data.py", request.param)


@pytest.mark.parametrize("name", CASES)
def test_weights_and_losses_are_those_of_one_process(trained, name):
    has_shards = CASES[name][1]
    expected, history = train(name, "mpi(shards=true)", data_of(0, 1)) if has_shards else train(name, "numpy")
    for of_process in trained:
        weights, mine = of_process[name]
        assert all(map(np.array_equal, weights, trained[0][name][0]))
        for got, wanted in zip(weights, expected, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE)
        np.testing.assert_allclose(mine.loss, history.loss, rtol=TOLERANCE)
        np.testing.assert_allclose(mine.validation_loss, history.validation_loss, rtol=TOLERANCE)
        assert mine.stopped == history.stopped


def test_all_shards_in_one_process_are_the_whole_data():
    (weights, _), (expected, _) = train("shards", "mpi(shards=true)", data_of(0, 1)), train("shards", "numpy")
    for got, wanted in zip(weights, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_loss_that_fails_in_one_process_fails_in_all(trained):
    for rank, of_process in enumerate(trained):
        kind, message, weights = of_process["fails"]
        assert kind == "PluginError"
        assert re.search(r"^loss 'flaky'" if rank == 1 else r"^process 1 of \d: loss 'flaky'", message)
        assert all(map(np.array_equal, weights, trained[0]["fails"][2]))


def test_a_sample_that_is_not_finite_is_named_with_its_process(trained):
    for of_process in trained:
        kind, message, weights = of_process["NaN"]
        assert kind == "DivergenceError"
        assert re.search("the input of sample 3 of the data .*, in process 1", message)
        assert all(map(np.array_equal, weights, weights_of(make_net())))

"""Trainers of several processes end where that of one process does."""

import re

import numpy as np
import pytest
import trainers

TOLERANCE = 1e-12
FAULTS = {
    "other numbers": ("EngineError", "x or y has other numbers in process 1 than in process 0; expected the same in"),
    "NaN in one": ("DataError", r"x\[0, 0\] is nan; expected finite numbers"),
    "Ctrl-C": ("KeyboardInterrupt", "^$|process 0 of . was interrupted"),
    "callback": ("PluginError", "nnframe_epoch_end: raised ValueError: not now"),
    "other lengths": ("EngineError", r"process 0 of \d has no more batches, and process 1 has; expected the same"),
    "another net": ("EngineError", "layers is .* in process 0 and .* in process 1"),
    "shards": ("EngineError", "a trainer the same ones; leave shards=true out"),
}


@pytest.fixture(scope="module", params=[2, 3], ids=["2 processes", "3 processes"])
def trained(request, run_job):
    return run_job("trainers.py", request.param)


@pytest.mark.parametrize("name", trainers.SETTINGS)
def test_steps_and_runs_are_those_of_one_process(trained, name):
    losses, history, stopped, rate, weights = trainers.run(name, "numpy")
    for of_process in trained:
        mine = of_process[name]
        np.testing.assert_allclose(mine[0], losses, rtol=TOLERANCE)
        np.testing.assert_allclose(mine[1], history, rtol=TOLERANCE)
        assert mine[2:4] == (stopped, rate)
        for got, wanted in zip(mine[4], weights, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE)
        assert all(map(np.array_equal, mine[4], trained[0][name][4]))


def test_a_saved_trainer_goes_on_bit_for_bit(trained):
    for of_process in trained:
        assert all(map(np.array_equal, *of_process["files"]))


def test_drawn_seeds_and_first_weights_are_those_of_process_0(trained):
    for of_process in trained:
        assert all(map(np.array_equal, of_process["drawn"], trained[0]["drawn"]))


def test_the_environment_may_name_the_engine_for_single_pairs(trained):
    net = trainers.nNet.from_sizes([4, 3], ["softmax"], seed=0)
    for x, y in zip(trainers.X[:4], trainers.Y[:4], strict=True):
        net.backprop([(x.reshape(-1, 1), y.reshape(-1, 1))], "cel", 0.1)
    for of_process in trained:
        for got, wanted in zip(of_process["environment"], trainers.weights_of(net), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_is_raised_in_all(trained, fault):
    kind, pattern = FAULTS[fault]
    for of_process in trained:
        assert of_process["faults"][fault][0] == kind
        assert re.search(pattern, of_process["faults"][fault][1])

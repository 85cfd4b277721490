"""With shards, the result depends on the shards and the seed, and not on the number of processes."""

import numpy as np
import pytest
from shard_data import CASES, WEIGHTS, X, Y, data_of, in_one_process, train

TOLERANCE = 1e-12


@pytest.fixture(scope="module", params=[1, 2, 3], ids=["1 process", "2 processes", "3 processes"])
def on_shards(request, run_job):
    return run_job("train_shards.py", request.param)


@pytest.mark.parametrize("name", ["plain", "in the order of the data", "held out", "balanced"])
def test_the_weights_are_those_of_the_reference_in_the_same_order(on_shards, name):
    expected = in_one_process(name)
    for of_process in on_shards:
        for mine, wanted in zip(of_process[name][0], expected, strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", [*CASES, "sample weights"])
def test_all_processes_have_the_same_bits(on_shards, name):
    for of_process in on_shards:
        assert all(map(np.array_equal, of_process[name][0], on_shards[0][name][0]))


def test_metrics_are_those_of_all_held_out_samples(on_shards):
    _, expected = train("held out", "mpi(shards=true)", data_of(0, 1))
    for of_process in on_shards:
        history = of_process["held out"][1]
        np.testing.assert_allclose(history.validation_loss, expected.validation_loss, rtol=TOLERANCE)
        for metric, values in expected.metrics.items():
            np.testing.assert_allclose(history.metrics[metric], values, rtol=TOLERANCE)


def test_sample_weights_go_with_the_samples(on_shards):
    expected, _ = train("plain", "mpi(shards=true)", data_of(0, 1), sample_weights=WEIGHTS)
    for mine, wanted in zip(on_shards[0]["sample weights"][0], expected, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def test_balanced_weights_count_the_classes_of_all_shards():
    # The same as weights by hand, from the counts of all samples.
    weights = (len(X) / (3 * Y.sum(axis=0)))[Y.argmax(axis=1)]
    by_hand = train("plain", "mpi(shards=true)", data_of(0, 1), sample_weights=weights)
    expected, _ = train("balanced", "mpi(shards=true)", data_of(0, 1))
    for mine, wanted in zip(by_hand[0], expected, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=TOLERANCE, atol=TOLERANCE)

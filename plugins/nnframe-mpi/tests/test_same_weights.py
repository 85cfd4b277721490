"""Several processes end with the weights of one."""

import numpy as np
import pytest
from cases import CASES, train

TOLERANCE = 1e-12


@pytest.mark.parametrize("name", CASES)
def test_the_weights_are_those_of_one_process(trained, name):
    expected, _ = train(name, "numpy")
    for weights, _ in (of_process[name][0] for of_process in trained):
        for mine, wanted in zip(weights, expected, strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("why", ["other machines", "no memory", "unreadable memory"])
def test_messages_have_the_same_result_as_shared_memory(run_job, why):
    expected, _ = train("many weights", "numpy")
    ends = run_job("train_apart.py", 2, why)
    for of_process in ends:
        for weights in of_process:
            assert all(map(np.array_equal, weights, ends[0][0]))
            for mine, wanted in zip(weights, expected, strict=True):
                np.testing.assert_allclose(mine, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_losses_metrics_and_decisions_are_those_of_one_process(trained, name):
    _, expected = train(name, "numpy")
    for _, history in (of_process[name][0] for of_process in trained):
        np.testing.assert_allclose(history.loss, expected.loss, rtol=TOLERANCE)
        np.testing.assert_allclose(history.validation_loss, expected.validation_loss, rtol=TOLERANCE)
        np.testing.assert_allclose(history.learning_rate, expected.learning_rate, rtol=TOLERANCE)
        assert history.metrics.keys() == expected.metrics.keys()
        for metric, values in expected.metrics.items():
            assert history.metrics[metric] == pytest.approx(values, rel=TOLERANCE)
        assert history.stopped == expected.stopped


@pytest.mark.parametrize("name", CASES)
def test_all_processes_have_the_same_bits_and_have_them_again(trained, name):
    first = trained[0][name][0]
    for of_process in trained:
        for weights, history in of_process[name]:
            assert all(map(np.array_equal, weights, first[0]))
            assert history.loss == first[1].loss

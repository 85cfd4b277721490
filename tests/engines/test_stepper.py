"""Single updates agree with epochs of one batch."""

import numpy as np
import pytest

from nnframe import DataError, denseLayer, nNet, pairs
from nnframe.contracts.engine import Epoch, Samples, TrainingTask
from nnframe.registry.engine_binding import bind_engine, bind_stepper
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

SETTINGS = {
    "plain": {"learning_rate": 0.1},
    "adam": {"optimizer": "adam(learning_rate=0.01)"},
    "penalties and clipping": {"learning_rate": 0.1, "l1": 0.01, "l2": 0.1, "clip_value": 0.5, "clip_norm": 0.2},
    "dropout": {"learning_rate": 0.1, "dropout": 0.4},
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("chosen", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize(("activations", "loss"), [(["tanh", None], "mse"), (["relu", "softmax"], "cel")])
def test_steps_lead_to_the_weights_of_epochs_of_one_batch(activations, loss, chosen, dtype):
    rng = np.random.default_rng(0)
    mine, theirs = (nNet.from_sizes([4, 6, 3], activations, seed=1, dtype=dtype) for _ in range(2))
    settings = Settings.of(loss=loss, **chosen)
    net = bind_net(mine, settings)
    step = bind_stepper(settings.engine, net)
    other = bind_net(theirs, settings)
    # More sizes than are kept, and some of them twice.
    for key, size in enumerate([1, 3, 1, 7, 2, 5, 4, 3, 1]):
        x = rng.normal(size=(size, 4)).astype(dtype)
        y = np.eye(3, dtype=dtype)[rng.integers(0, 3, size)]
        weights = rng.uniform(0.5, 2, size).astype(dtype) if size > 2 else None
        task = TrainingTask(other.layers, other.objective, pairs(x, y), size, other.rule, weights, other.dropout)
        expected = bind_engine(settings.engine, task)(Epoch(np.array([0.1]), None, 0, key))
        assert step(Samples(x, y, weights, 0), 0.1, key) == pytest.approx(expected, rel=1e-5)
    for layer, like in zip(mine.layersList, theirs.layersList, strict=True):
        np.testing.assert_allclose(layer.linear, like.linear, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-6)
        np.testing.assert_allclose(layer.bias, like.bias, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 3), (4, 1), (4, 3), (40, 30)])
@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_an_input_that_is_not_finite_changes_nothing_whatever_the_weights_are(weight, sizes, bad, count):
    # An infinite input times a weight of 0 is NaN, and relu turns minus infinity into 0.
    net = nNet([denseLayer(np.full(sizes[::-1], weight, np.float32), activation="relu")])
    trainer = net.trainer("mse", optimizer="adam")
    x, y = np.ones((sizes[0], count), np.float32), np.zeros((sizes[1], count), np.float32)
    trainer.step(x, y)
    before = [array.copy() for array in trainer.weights]
    x[-1, -1] = bad
    for _ in range(2):
        with pytest.raises(DataError, match=rf"x\[{sizes[0] - 1}, {count - 1}\] is"):
            trainer.step(x, y)
    assert trainer.steps == 1
    for array, like in zip(trainer.weights, before, strict=True):
        np.testing.assert_array_equal(array, like)


def test_finite_inputs_whose_first_sum_overflows_are_taken():
    # relu turns minus infinity into 0.
    net = nNet([denseLayer(np.full((2, 3), -1e30, np.float32), activation="relu")])
    trainer = net.trainer("mse", 0.1)
    for count in (1, 2):
        assert trainer.step(np.full((3, count), 1e30, np.float32), np.full((2, count), 2, np.float32)) == 4


def test_the_pair_step_leaves_all_but_plain_pairs_to_others():
    net = bind_net(nNet.from_sizes([4, 6, 3], ["relu", "softmax"], seed=1), Settings.of(loss="cel", learning_rate=0.1))
    pair_step = bind_stepper(Settings.of(loss="cel", learning_rate=0.1).engine, net).pair_step
    x, y = np.ones((4, 1)), np.array([[0.0], [1.0], [0.0]])
    before = net.layers[0].weights.copy()
    others = [
        (x.tolist(), y), (x, y.tolist()), (x[:3], y), (x, y[:2]), (np.ones((4, 2)), y), (x.astype(int), y),
        (x.astype("f"), y), (x, y * np.nan), (x, y * 2), (x, -y), (x * np.inf, y),
        (np.ma.masked_array(x), y), (x[:, 0], y),
    ]  # fmt: skip
    with np.errstate(all="ignore"):
        assert [pair_step(*pair, 0.1) for pair in others] == [None] * len(others)
        np.testing.assert_array_equal(net.layers[0].weights, before)
        assert pair_step(x, y, 0.1) > 0
    assert (net.layers[0].weights != before).any()

"""Single updates agree with epochs of one batch."""

import numpy as np
import pytest

from nnframe import nNet, pairs
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

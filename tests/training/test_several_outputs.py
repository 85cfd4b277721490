"""Losses with several outputs for each target: training, metrics, predictions, files."""

import pickle

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, DataError, Loss, ModelFileError, PluginError, ShapeError, nNet, pairs, registry
from nnframe.callbacks import Checkpoint


def laplace(a, y):
    location, log_scale = a
    return (np.abs(y - location) * np.exp(-log_scale) + log_scale).sum(axis=0)


def laplace_gradient(a, y):
    location, log_scale = a
    scaled = np.abs(y - location) * np.exp(-log_scale)
    return np.stack([-np.sign(y - location) * np.exp(-log_scale), 1 - scaled])


LAPLACE = Loss(
    "laplace",
    laplace,
    outputs=2,
    point=lambda a: a[0],
    distribution=lambda a: (a[0], np.sqrt(2) * np.exp(a[1])),
    quantiles=lambda a, levels: a[0] - np.exp(a[1]) * (
        np.sign(levels - 0.5) * np.log(1 - 2 * np.abs(levels - 0.5))
    ).reshape(-1, 1, 1).astype(a.dtype),
)  # fmt: skip
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = RNG.normal(size=(40, 2))
DATA = pairs(X, Y)


def new_net(n_out=4, dtype=np.float64):
    return nNet.from_sizes([3, 5, n_out], ["tanh", None], seed=1, dtype=dtype)


def weights(net):
    return np.concatenate([part.ravel() for layer in net.layersList for part in (layer.linear, layer.bias)])


@pytest.fixture
def _registered():
    with registry.temporarily(LAPLACE):
        yield


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("settings", [{"batch_size": 1}, {"batch_size": 7, "shuffle": True, "seed": 0}])
def test_numpy_trains_as_the_reference_does(settings, dtype):
    nets = {}
    for engine in ("reference", "numpy"):
        net = nets[engine] = new_net(dtype=dtype)
        net.nEpochs(2, DATA, LAPLACE, 0.01, engine=engine, **settings)
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(weights(nets["numpy"]), weights(nets["reference"]), rtol=tolerance, atol=tolerance)


def test_a_step_goes_down_the_slope_that_differences_have():
    net, at = new_net(), X[:1].T
    before, target = weights(net), Y[:1].T

    def loss():
        outputs = net.forwardPass(at, False)
        return laplace(outputs.reshape(2, 2, 1), target).item()

    slopes, h = [], 1e-6
    for layer in net.layersList:
        for part in (layer.linear, layer.bias):
            for i in np.ndindex(part.shape):
                kept = part[i]
                part[i] = kept + h
                above = loss()
                part[i] = kept - h
                slopes.append((above - loss()) / (2 * h))
                part[i] = kept
    net.backprop([(at, target)], LAPLACE, 0.5)
    np.testing.assert_allclose(weights(net), before - 0.5 * np.array(slopes), atol=1e-7)


def test_a_gradient_that_is_given_is_used():
    given = Loss("given", laplace, laplace_gradient, outputs=2, point=lambda a: a[0])
    derived, by_hand = new_net(), new_net()
    derived.nEpochs(2, DATA, LAPLACE, 0.01)
    by_hand.nEpochs(2, DATA, given, 0.01)
    np.testing.assert_allclose(weights(by_hand), weights(derived), rtol=1e-12)


def test_a_trainer_makes_the_same_steps():
    net, other = new_net(), new_net()
    net.nEpochs(1, DATA, LAPLACE, 0.01, batch_size=8)
    trainer = other.trainer(LAPLACE, 0.01)
    for start in range(0, 40, 8):
        trainer.step(X[start : start + 8].T, Y[start : start + 8].T)
    np.testing.assert_allclose(weights(other), weights(net), rtol=1e-12)
    assert other.trained_for is LAPLACE


def test_metrics_see_the_point():
    net = new_net()
    history = net.nEpochs(1, DATA, LAPLACE, 0.01, metrics=["mae"])
    expected = np.abs(net.forwardPass(X.T, False)[:2] - Y.T).mean()
    assert history.metrics["mae"] == [pytest.approx(expected)]
    assert net.evaluate(DATA, LAPLACE, ["mae"])["mae"] == pytest.approx(expected)
    assert net.evaluate(DATA, metrics=["mae"])["mae"] == pytest.approx(expected)


def test_validation_is_of_the_same_loss():
    net = new_net()
    history = net.nEpochs(1, DATA, LAPLACE, 0.01, validation=DATA, metrics=["mae"])
    assert history.validation_loss == [pytest.approx(net.evaluate(DATA, LAPLACE)["loss"])]
    outputs = net.forwardPass(X.T, False).reshape(2, 2, -1)
    assert history.validation_loss == [pytest.approx(laplace(outputs, Y.T).mean())]


def test_a_trained_net_answers_with_what_the_loss_reads():
    net = new_net()
    assert net.predict(X).shape == (40, 4)
    net.nEpochs(1, DATA, LAPLACE, 0.01)
    outputs = net.forwardPass(X.T, False)
    np.testing.assert_array_equal(net.predict(X), outputs[:2].T)
    mean, scale = net.predict_dist(X)
    np.testing.assert_array_equal(mean, outputs[:2].T)
    np.testing.assert_allclose(scale, np.sqrt(2) * np.exp(outputs[2:].T))
    low, median = net.predict_quantiles(X, [0.25, 0.5])
    np.testing.assert_allclose(low, outputs[:2].T + np.exp(outputs[2:].T) * np.log(0.5))
    np.testing.assert_allclose(median, outputs[:2].T)


def test_training_with_another_loss_makes_outputs_plain_again():
    net = new_net()
    net.nEpochs(1, DATA, LAPLACE, 0.01)
    net.nEpochs(1, pairs(X, np.hstack([Y, Y])), "mse", 0.01)
    assert net.trained_for is None
    assert net.predict(X).shape == (40, 4)


def test_calls_of_backprop_with_one_pair_keep_up_with_the_loss():
    net, data = new_net(), [(X[:1].T, Y[:1].T)]
    net.backprop(data, LAPLACE, 0.01)
    net.backprop([(X[:1].T, np.ones((4, 1)))], "mse", 0.01)
    assert net.trained_for is None
    net.backprop(data, LAPLACE, 0.01)
    assert net.trained_for is LAPLACE


@pytest.mark.usefixtures("_registered")
def test_a_net_pickles_with_its_loss():
    net = new_net()
    net.nEpochs(1, DATA, "laplace", 0.01)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_dist(X), net.predict_dist(X))


@pytest.mark.usefixtures("_registered")
def test_a_file_keeps_the_loss(tmp_path):
    net = new_net()
    net.nEpochs(1, DATA, "laplace", 0.01)
    net.save(tmp_path / "m.nnf")
    again = nnframe.load(tmp_path / "m.nnf")
    np.testing.assert_array_equal(again.predict_quantiles(X, [0.1, 0.9]), net.predict_quantiles(X, [0.1, 0.9]))
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    again.save(tmp_path / "again.nnf")
    assert nnframe.load(tmp_path / "again.nnf").trained_for == again.trained_for


@pytest.mark.usefixtures("_registered")
def test_info_tells_the_loss(tmp_path, command):
    net = new_net()
    net.nEpochs(1, DATA, "laplace", 0.01)
    net.save(tmp_path / "m.nnf")
    _, out, _ = command("info", str(tmp_path / "m.nnf"))
    assert "/laplace, which reads the predictions from the outputs" in out


def test_a_file_of_a_net_whose_loss_is_missing_predicts_nothing_wrong(tmp_path):
    net = new_net()
    net.trained_for = "nnframe-elsewhere/strange_nll(depth=3)"
    net.save(tmp_path / "m.nnf")
    again = nnframe.load(tmp_path / "m.nnf")
    assert again.forwardPass(X.T, False).shape == (4, 40)
    with pytest.raises(nnframe.UnknownNameError, match="strange_nll"):
        again.predict(X)


def test_a_loss_that_was_never_registered_is_not_saved(tmp_path):
    net = new_net()
    net.nEpochs(1, DATA, LAPLACE, 0.01)
    with pytest.raises(ArgumentError, match=r"loss 'laplace'.*not registered.*net\.trained_for = None"):
        net.save(tmp_path / "m.nnf")
    net.trained_for = None
    net.save(tmp_path / "m.nnf")


def test_a_damaged_loss_in_a_file_is_refused(tmp_path):
    net = new_net()
    net.trained_for = "laplace(((("
    net.save(tmp_path / "m.nnf")
    with pytest.raises(ModelFileError, match=r"its loss is 'laplace\(\(\(\('"):
        nnframe.load(tmp_path / "m.nnf")


@pytest.mark.parametrize(
    ("n_out", "targets", "error", "message"),
    [
        (1, 1, ShapeError, "wants 2 outputs for each target: the last layer has 1 output, expected 2 for 1 target, 4"),
        (3, 1, ShapeError, "wants 2 outputs for each target: the last layer has 3 outputs, expected 2 for 1 target"),
        (2, 2, DataError, "wants 2 outputs for each of 2 targets: the last layer has 2 outputs, expected 4"),
        (4, 1, DataError, "wants 2 outputs for each of 1 target: the last layer has 4 outputs, expected 2"),
    ],
)
def test_outputs_that_do_not_fit_the_targets_are_refused(n_out, targets, error, message):
    net = new_net(n_out)
    before = weights(net)
    with pytest.raises(error, match=message):
        net.nEpochs(1, pairs(X, Y[:, :targets]), LAPLACE, 0.01)
    np.testing.assert_array_equal(weights(net), before)
    assert net.trained_for is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"outputs": 2}, "has several outputs for each target and no point"),
        ({"outputs": 0, "point": np.abs}, "outputs of loss 'wrong' is 0; expected at least 1"),
        ({"outputs": "two", "point": np.abs}, "expected the number of outputs for each target"),
        ({"outputs": 2, "point": np.abs, "a_domain": "distribution"}, "expected a domain of single numbers"),
        ({"outputs": 2, "point": np.abs, "column_value": np.abs}, "has column_value; expected none"),
        ({"point": 3}, "point of loss 'wrong' is 3; expected a function"),
    ],
)
def test_a_loss_that_does_not_fit_together_is_refused(settings, message):
    with pytest.raises((ArgumentError, nnframe.ArgumentTypeError), match=message):
        Loss("wrong", laplace, **settings)


def test_what_a_loss_does_not_have_is_said():
    net = new_net()
    with pytest.raises(
        ArgumentError, match=r"is untrained, or was trained with a loss that has no quantiles.*gaussian_nll"
    ):
        net.predict_quantiles(X, [0.5])
    plain = Loss("plain", laplace, outputs=2, point=lambda a: a[0])
    net.nEpochs(1, DATA, plain, 0.01)
    with pytest.raises(ArgumentError, match="trained with the loss 'plain', which has no mean and scale"):
        net.predict_dist(X)


@pytest.mark.parametrize("levels", [[0.0], [1.5], [], 0.5, [[0.5]]])
def test_levels_are_numbers_between_0_and_1(levels):
    net = new_net()
    net.nEpochs(1, DATA, LAPLACE, 0.01)
    with pytest.raises(ArgumentError, match=r"expected a list of numbers above 0 and below 1, such as \[0\.1"):
        net.predict_quantiles(X, levels)


def test_a_point_of_another_shape_is_blamed_on_the_loss():
    net = new_net()
    net.nEpochs(1, DATA, Loss("flat", laplace, outputs=2, point=lambda a: a.sum(axis=0).sum(axis=0)), 0.01)
    with pytest.raises(PluginError, match=r"loss 'flat', point: returned an array of shape \(40,\).*shape \(2, 40\)"):
        net.predict(X)


@pytest.mark.usefixtures("_registered")
def test_the_derivative_with_respect_to_each_output_is_shown(command):
    status, out, err = command("plugins", "show", "laplace")
    assert status == 0, err
    assert "dL/da0 = " in out
    assert "dL/da1 = " in out


def test_optimizers_of_the_whole_data_take_such_losses():
    net = new_net()
    before = net.evaluate(DATA, LAPLACE)["loss"]
    net.nEpochs(30, DATA, LAPLACE, optimizer="lbfgs")
    assert net.evaluate(DATA, LAPLACE)["loss"] < 0.7 * before
    assert net.predict(X).shape == Y.shape


def test_a_resumed_run_ends_as_one_that_was_not_interrupted(tmp_path):
    whole, resumed = new_net(), new_net()
    settings = {"shuffle": True, "seed": 1}
    whole.nEpochs(4, DATA, LAPLACE, 0.01, **settings)
    for n in (2, 4):
        resumed.nEpochs(n, DATA, LAPLACE, 0.01, callbacks=[Checkpoint(tmp_path / "c.nnf")], **settings)
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))

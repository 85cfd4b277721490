"""Ensembles: mean and spread, and one file."""

import numpy as np
import pytest

import nnframe
from nnframe import (
    ArgumentError,
    ArgumentTypeError,
    Ensemble,
    Job,
    ModelFileError,
    NNFrameError,
    ShapeError,
    denseLayer,
    nNet,
    pairs,
    train_many,
)


def make(count=3, dtype=np.float64):
    return Ensemble(nNet.from_sizes([2, 4, 3], ["tanh", "softmax"], seed=seed, dtype=dtype) for seed in range(count))


X = np.random.default_rng(0).normal(size=(7, 2))


def test_mean_and_spread_by_hand():
    ensemble = Ensemble([nNet([denseLayer([[slope]])]) for slope in (1.0, 2.0, 6.0)])
    mean, spread = ensemble.predict_with_spread([[1.0], [-2.0]])
    np.testing.assert_allclose(mean, [[3.0], [-6.0]])
    # The mean of 4, 1 and 9 is 14 / 3.
    np.testing.assert_allclose(spread, [[np.sqrt(14 / 3)], [2 * np.sqrt(14 / 3)]])
    np.testing.assert_array_equal(ensemble.forwardPass([[1.0, -2.0]]), [[3.0, -6.0]])


def test_rows_columns_and_single_nets_agree():
    ensemble = make()
    expected = sum(net.predict(X) for net in ensemble.nets) / 3
    np.testing.assert_allclose(ensemble.predict(X), expected, rtol=1e-14)
    np.testing.assert_allclose(ensemble.forwardPass(X.T), expected.T, rtol=1e-14)
    np.testing.assert_array_equal(ensemble.predict_each(X)[1], ensemble.nets[1].predict(X))
    np.testing.assert_array_equal(ensemble.predict_with_spread(X)[0], ensemble.predict(X))


def test_float32_stays_float32():
    ensemble = make(dtype=np.float32)
    assert {array.dtype for array in (ensemble.predict(X), *ensemble.predict_with_spread(X))} == {np.dtype(np.float32)}
    assert ensemble.dtype == np.float32


@pytest.mark.parametrize("name", ["e.nnf", "e.safetensors", "e"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_saved_and_loaded_as_one_file(tmp_path, name, dtype):
    ensemble = make(dtype=dtype)
    ensemble.save(tmp_path / name, {"mean": np.arange(2.0), "units": "kg"})
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again, metadata = Ensemble.load_with_metadata(tmp_path / name)
    np.testing.assert_array_equal(again.predict_each(X), ensemble.predict_each(X))
    assert (metadata["units"], metadata["mean"].tolist()) == ("kg", [0.0, 1.0])
    assert repr(Ensemble.load(tmp_path / name)) == "<Ensemble of 3 nets, 2 -> 3>"
    assert (len(again), again.dtype) == (3, dtype)


def test_nets_of_different_depth_and_shared_layers_are_kept(tmp_path):
    shared = denseLayer(np.full((2, 2), 0.5), activation="tanh")
    ensemble = Ensemble([nNet([shared, shared]), nNet([denseLayer(np.eye(2))])])
    ensemble.save(tmp_path / "e")
    again = Ensemble.load(tmp_path / "e")
    first, second = again.nets[0].layersList
    assert first is second
    np.testing.assert_array_equal(again.predict(X), ensemble.predict(X))


def test_a_file_of_another_kind_is_told_apart(tmp_path):
    make().save(tmp_path / "ensemble.nnf")
    make().nets[0].save(tmp_path / "net.nnf")
    with pytest.raises(ModelFileError, match=r"it is an ensemble of several nets; nnframe.Ensemble.load\(path\)"):
        nnframe.load(tmp_path / "ensemble.nnf")
    with pytest.raises(ModelFileError, match=r"it is not an ensemble; nnframe.load reads a single net"):
        Ensemble.load(tmp_path / "net.nnf")


def test_damage_is_found(tmp_path):
    path = tmp_path / "e.nnf"
    make().save(path)
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        Ensemble.load(path)


def test_results_of_jobs_can_be_put_together():
    x = np.linspace(-1, 1, 12).reshape(-1, 1)
    jobs = [Job(lambda s=seed: nNet.from_sizes([1, 3, 1], seed=s), 2, pairs(x, x), "mse", 0.1) for seed in range(3)]
    results = train_many([*jobs, Job(lambda: 1 / 0, 1, [], "mse", 0.1)])
    np.testing.assert_array_equal(Ensemble(results[:3]).nets[0].predict(x), results[0].net.predict(x))
    with pytest.raises(NNFrameError, match="job 4 failed: ZeroDivisionError"):
        Ensemble(results)


@pytest.mark.parametrize(
    ("nets", "error", "sentence"),
    [
        ([], ArgumentError, "nets is empty"),
        (3, ArgumentTypeError, "nets is 3"),
        ([3], ArgumentTypeError, r"nets\[0\] is 3"),
        ([nNet.from_sizes([2, 3]), nNet.from_sizes([3, 3])], ShapeError, r"nets\[1\] takes columns of 3 .* expected 2"),
    ],
)
def test_what_is_no_ensemble_is_refused(nets, error, sentence):
    with pytest.raises(error, match=sentence):
        Ensemble(nets)


def laplace(a, y):
    return (np.abs(y - a[0]) * np.exp(-a[1]) + a[1]).sum(axis=0)


def test_a_loss_with_several_outputs_a_target_is_kept(tmp_path):
    loss = nnframe.Loss("laplace", laplace, outputs=2, point=lambda a: a[0])
    rng = np.random.default_rng(0)
    data = nnframe.pairs(rng.normal(size=(20, 3)), rng.normal(size=(20, 1)))
    nets = [nnframe.nNet.from_sizes([3, 4, 2], ["tanh", None], seed=seed) for seed in range(2)]
    with nnframe.registry.temporarily(loss):
        found = train_many([Job(net, 1, data, "laplace", 0.01, validation=0.3, seed=0) for net in nets])
        ensemble = nnframe.Ensemble([each.net for each in found])
        assert ensemble.predict(data.X).shape == (20, 1)
        ensemble.save(tmp_path / "e.nnf")
        np.testing.assert_array_equal(
            nnframe.Ensemble.load(tmp_path / "e.nnf").predict(data.X), ensemble.predict(data.X)
        )


def test_nets_for_losses_with_other_numbers_of_outputs_are_told_apart():
    loss = nnframe.Loss("laplace", laplace, outputs=2, point=lambda a: a[0])
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    nets = [nnframe.nNet.from_sizes([3, 2], [None], seed=seed) for seed in range(2)]
    nets[0].nEpochs(1, nnframe.pairs(X, Y), "mse", 0.01)
    nets[1].nEpochs(1, nnframe.pairs(X, Y[:, :1]), loss, 0.01)
    ensemble = nnframe.Ensemble(nets)
    sentence = r"nets\[1\], trained for 'laplace', predicts shape \(20, 1\); expected \(20, 2\), as nets\[0\]"
    for predict in (ensemble.predict, ensemble.predict_each, ensemble.predict_with_spread):
        with pytest.raises(nnframe.ShapeError, match=sentence):
            predict(X)


def of_normal(mean, deviation, loss):
    """Return a net whose outputs are a mean and a standard deviation whatever the input is."""
    net = nNet([denseLayer([[0.0], [0.0]], [[mean], [deviation]])])
    net.trained_for = loss
    return net


def test_the_distribution_is_that_of_the_mixture_by_hand():
    loss = nnframe.Loss(
        "spread",
        lambda a, y: ((a[0] - y) ** 2 + a[1] ** 2).sum(axis=0),
        outputs=2,
        point=lambda a: a[0],
        distribution=lambda a: (a[0], a[1]),
        quantiles=lambda a, levels: a[0] + a[1] * (2 * levels - 1).reshape(-1, 1, 1),
    )
    ensemble = Ensemble([of_normal(1.0, 2.0, loss), of_normal(4.0, 1.0, loss), of_normal(7.0, 1.0, loss)])
    mean, scale = ensemble.predict_dist([[0.0], [5.0]])
    np.testing.assert_allclose(mean, [[4.0], [4.0]])
    # Variances of 4, 1 and 1 have the mean 2, and the variance of the means 1, 4 and 7 is 6.
    np.testing.assert_allclose(scale, [[np.sqrt(8.0)], [np.sqrt(8.0)]])
    # 1 - 1, 4 - 0.5 and 7 - 0.5.
    low, median = ensemble.predict_quantiles([[0.0]], [0.25, 0.5])
    np.testing.assert_allclose((low, median), ([[10 / 3]], [[4.0]]))


def test_nets_without_a_distribution_are_refused():
    ensemble = Ensemble([of_normal(1.0, 2.0, "mse")])
    with pytest.raises(ArgumentError, match="mse"):
        ensemble.predict_dist([[0.0]])
    with pytest.raises(ArgumentError, match="mse"):
        ensemble.predict_quantiles([[0.0]], [0.5])

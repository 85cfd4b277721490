"""Dropout: how much is dropped, that it is always the same, and that its gradient is right."""

import copy

import numpy as np
import pytest

from nnframe import ArgumentError, denseLayer, nNet, pairs
from nnframe.contracts.engine import TrainingTask
from nnframe.engines.dropout import Dropout
from nnframe.engines.random_bits import random_bits


def dropout_of(net, shares):
    layers = tuple(layer.for_engine() for layer in net.layersList)
    return Dropout(TrainingTask(layers, None, None, 1, None, None, shares))


def test_the_bits_are_those_of_splitmix64():
    # The first outputs of the generator for the seed 1234567, as its authors' code prints them.
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert random_bits(1234567, np.arange(5, dtype=np.uint64)).tolist() == expected


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_is_dropped_and_the_mean_is_kept(share):
    net = nNet.from_sizes([2, 50, 1], ["tanh", None])
    mask = dropout_of(net, (share, 0.0)).mask(0, 12345, 0, 2000)
    # 100,000 draws: the standard deviation of the share is below 0.0016.
    assert np.mean(mask == 0) == pytest.approx(share, abs=0.008)
    assert set(np.unique(mask)) == {0, 1 / (1 - share)}


def test_every_key_position_and_layer_drops_other_units():
    net = nNet.from_sizes([2, 50, 50, 1], ["tanh", None])
    dropout = dropout_of(net, (0.5, 0.5, 0.0))
    masks = [dropout.mask(*arguments) for arguments in ((0, 1, 0, 1), (0, 2, 0, 1), (0, 1, 1, 1), (1, 1, 0, 1))]
    for i, one in enumerate(masks):
        for other in masks[:i]:
            # Two independent masks of 50.
            assert 10 < np.sum(one == other) < 40


def test_a_samples_mask_does_not_depend_on_its_batch():
    dropout = dropout_of(nNet.from_sizes([2, 8, 1], ["tanh", None]), (0.4, 0.0))
    whole = dropout.mask(0, 99, 0, 10)
    np.testing.assert_array_equal(dropout.mask(0, 99, 3, 4), whole[3:7])


def test_layers_without_dropout_have_no_mask():
    dropout = dropout_of(nNet.from_sizes([2, 8, 1], ["tanh", None]), (0.4, 0.0))
    assert dropout.mask(1, 99, 0, 10) is None


@pytest.mark.parametrize("engine", ["reference", "numpy"])
def test_the_update_is_the_gradient_of_the_thinned_net(engine):
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([3, 6, 2], ["tanh", "softmax"], seed=1)
    x, y = rng.normal(size=(3, 1)), np.array([[1.0], [0.0]])
    trained = copy.deepcopy(net)
    history = trained.nEpochs(1, [(x, y)], "cel", 1.0, dropout=0.5, seed=7, engine=engine)
    # Without its dropped units, and with the others scaled up, the net is a smaller net with larger weights.
    first, last = net.layersList
    update = last.linear - trained.layersList[1].linear
    kept = np.abs(update).sum(axis=0) > 0
    assert 0 < kept.sum() < 6
    thinned = nNet([denseLayer(first.linear[kept], 0, "tanh"), denseLayer(last.linear[:, kept] * 2, 0, "softmax")])
    expected = copy.deepcopy(thinned)
    loss = expected.nEpochs(1, [(x, y)], "cel", 1.0, engine="reference").loss
    assert history.loss == pytest.approx(loss)
    step = thinned.layersList[0].linear - expected.layersList[0].linear
    np.testing.assert_allclose((first.linear - trained.layersList[0].linear)[kept], step, atol=1e-14)
    # The scale multiplies the weight, so it appears in the chain rule once more.
    step = 2 * (thinned.layersList[1].linear - expected.layersList[1].linear)
    np.testing.assert_allclose(update[:, kept], step, atol=1e-14)


@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("optimizer", [None, "adam"])
def test_both_engines_drop_the_same(batch_size, optimizer):
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(50, 4)), rng.dirichlet(np.ones(3), 50))
    weights = []
    for engine in ("reference", "numpy"):
        net = nNet.from_sizes([4, 9, 8, 3], ["relu", "softmax"], seed=1)
        rate = None if optimizer else 0.1
        net.nEpochs(3, data, "cel", rate, batch_size, optimizer=optimizer, engine=engine, dropout=[0.5, 0.2], seed=3)
        weights.append([layer.linear for layer in net.layersList])
    for mine, other in zip(*weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-12)


def test_forward_passes_drop_nothing():
    net = nNet.from_sizes([3, 6, 2], ["tanh", "softmax"])
    x = np.ones((3, 1))
    before = net.forwardPass(x, False)
    net.nEpochs(1, [(x, np.ones((2, 1)))], "mse", 0.0, dropout=0.9)
    np.testing.assert_array_equal(net.forwardPass(x, False), before)


@pytest.mark.parametrize(
    ("dropout", "message"),
    [
        (1.0, r"dropout is 1.0; expected shares from 0 to below 1"),
        (-0.1, r"dropout is -0.1; expected a finite number, 0 or more"),
        ([0.1, 0.2], r"dropout has 2 shares for 1 hidden layers; expected one for each"),
    ],
)
def test_a_wrong_share_is_refused(dropout, message):
    net = nNet.from_sizes([3, 6, 2], ["tanh", "softmax"])
    with pytest.raises(ArgumentError, match=message):
        net.nEpochs(1, [(np.ones((3, 1)), np.ones((2, 1)))], "mse", 0.1, dropout=dropout)

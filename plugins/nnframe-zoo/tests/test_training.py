"""Every name in a net: a few steps lower the loss, without a warning."""

import numpy as np

from nnframe import nNet, pairs

rng = np.random.default_rng(4)
X = rng.normal(size=(60, 4))
CLASSES = np.eye(3)[X[:, :3].argmax(axis=1)]

LAST_ACTIVATIONS = {
    "focal": "softmax",
    "smoothed_cel": "softmax",
    "nll": "nnframe-zoo/log_softmax",
    "kl_div": "nnframe-zoo/log_softmax",
}


def targets_for(loss):
    return 2 * CLASSES - 1 if "hinge" in loss.name else CLASSES


def assert_learns(net, targets, loss):
    history = net.nEpochs(30, pairs(X, targets), loss, learning_rate=0.02, batch_size=10).loss
    assert history[-1] < 0.99 * history[0]
    assert all(np.isfinite(layer.linear).all() for layer in net.layersList)


def test_a_net_with_the_activation_in_a_hidden_layer_learns(activation, dtype):
    net = nNet.from_sizes([4, 8, 3], [f"nnframe-zoo/{activation.name}", None], dtype=dtype)
    assert_learns(net, CLASSES, "mse")


def test_a_net_with_the_activation_at_the_end_learns(activation, dtype):
    net = nNet.from_sizes([4, 8, 3], ["tanh", f"nnframe-zoo/{activation.name}"], dtype=dtype)
    assert_learns(net, CLASSES, "mse")


def test_a_net_learns_with_the_loss(loss, dtype):
    net = nNet.from_sizes([4, 8, 3], ["tanh", LAST_ACTIVATIONS.get(loss.name)], dtype=dtype)
    assert_learns(net, targets_for(loss), f"nnframe-zoo/{loss.name}")

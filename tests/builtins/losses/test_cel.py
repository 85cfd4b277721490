"""cel: the loss and the gradient after softmax, where exponentials overflow."""

import numpy as np

from nnframe.builtins.losses.cel import softmax_both, softmax_gradient, softmax_value


def test_value_and_gradient_at_once_are_right_for_any_z():
    z = np.array([[1000.0, -1000.0, 0.0], [0.0, -1000.0, np.log(3.0)]])
    y = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1.0]])
    losses, gradient = softmax_both(z, y)
    # log(1 + e^-1000) + 1000; log 2; 1.5 log 4 - log 3.
    np.testing.assert_allclose(losses, [1000, np.log(2), 1.5 * np.log(4) - np.log(3)], rtol=1e-15)
    np.testing.assert_allclose(gradient, [[1, -0.5, 1.5 / 4 - 0.5], [-1, 0.5, 4.5 / 4 - 1]], rtol=1e-15)


def test_value_and_gradient_at_once_are_those_of_one_after_the_other():
    rng = np.random.default_rng(0)
    z, y = 10 * rng.normal(size=(4, 50)), rng.dirichlet(np.ones(4), 50).T
    a = np.exp(z) / np.exp(z).sum(axis=0)
    losses, gradient = softmax_both(z, y)
    np.testing.assert_allclose(losses, softmax_value(z, y), rtol=1e-12)
    np.testing.assert_allclose(gradient, softmax_gradient(z, a, y), rtol=1e-12, atol=1e-15)

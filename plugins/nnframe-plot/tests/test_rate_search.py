"""The search for a learning rate."""

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, ArgumentTypeError, DataError, denseLayer, nNet, pairs, plot


def digits_net():
    return nNet.from_sizes([64, 32, 10], ["relu", "softmax"])


def line(scale):
    """Return a net and data with the loss scale^2 (w - 1)^2, which descent lowers for rates below 1 / scale^2."""
    return nNet([denseLayer([[0.0]])]), pairs(np.full((8, 1), scale), np.full((8, 1), scale))


@pytest.mark.parametrize(("optimizer", "low", "high"), [("sgd", 0.02, 1.0), ("adam", 0.0005, 0.05)])
def test_training_with_the_suggestion_goes_well(optimizer, low, high):
    train, test = nnframe.datasets.load_digits()
    net = digits_net()
    search = plot.find_learning_rate(net, train, "cel", optimizer=optimizer)
    assert low < search.suggestion < high
    net.nEpochs(5, train, "cel", optimizer=f"{optimizer}(learning_rate={search.suggestion})", batch_size=32)
    assert net.evaluate(test, metrics=["accuracy"])["accuracy"] > 0.9


def test_the_net_stays_as_it_is():
    train, _ = nnframe.datasets.load_digits()
    net, twin = digits_net(), digits_net()
    plot.find_learning_rate(net, train, "cel", updates=20)
    for mine, other in zip(net.layersList, twin.layersList, strict=True):
        np.testing.assert_array_equal(mine.linear, other.linear)
        np.testing.assert_array_equal(mine.bias, other.bias)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_steeper_losses_have_smaller_rates(scale):
    net, data = line(scale)
    suggestion = plot.find_learning_rate(net, data, "mse", batch_size=8).suggestion
    # Weight and bias together reach the minimum in one update at half of the largest stable rate.
    stable = 2 / (2 * scale**2 + 2)
    assert stable / 100 < suggestion < stable


def test_it_ends_where_the_loss_gets_out_of_hand():
    net, data = line(1.0)
    search = plot.find_learning_rate(net, data, "mse", batch_size=8, highest=1e6)
    assert len(search.rates) == len(search.losses) == len(search.smoothed) < 200
    assert search.rates[-1] < 100
    assert np.isfinite(search.losses).all()


def test_the_same_seed_has_the_same_losses():
    train, _ = nnframe.datasets.load_digits()
    one, same, other = (plot.find_learning_rate(digits_net(), train, "cel", updates=20, seed=n) for n in (1, 1, 2))
    np.testing.assert_array_equal(one.losses, same.losses)
    assert not np.array_equal(one.losses, other.losses)


def test_a_loss_that_never_falls_has_no_suggestion():
    net = nNet([denseLayer([[1.0]])])
    search = plot.find_learning_rate(net, pairs(np.ones((4, 1)), np.ones((4, 1))), "mse", batch_size=4)
    assert search.suggestion is None
    plot.learning_rate_curve(search)


def test_the_picture_has_both_curves_and_the_suggestion(ax):
    net, data = line(1.0)
    search = plot.find_learning_rate(net, data, "mse", batch_size=8)
    plot.learning_rate_curve(search, ax)
    raw, smoothed, mark = ax.lines
    np.testing.assert_array_equal(raw.get_ydata(), search.losses)
    np.testing.assert_array_equal(smoothed.get_ydata(), search.smoothed)
    assert mark.get_xdata()[0] == search.suggestion
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "learning rate")
    assert ax.get_legend().get_texts()[2].get_text() == f"suggestion: {search.suggestion:.2g}"


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"lowest": 1.0, "highest": 0.1}, ArgumentError, "lowest is 1.0 and highest is 0.1, expected 0 < lowest"),
        ({"lowest": 0.0}, ArgumentError, "expected 0 < lowest < highest"),
        ({"updates": 1}, ArgumentError, "updates is 1"),
        ({"net": 3}, ArgumentTypeError, "net is 3.*expected an nNet"),
        ({"optimizer": "lbfgs"}, ArgumentError, "needs the whole data for each step"),
        ({"data": pairs([[np.nan]], [[1.0]])}, DataError, r"x\[0, 0\] is nan"),
    ],
)
def test_what_can_not_be_used_is_named(arguments, error, sentence):
    net, data = line(1.0)
    with pytest.raises(error, match=sentence):
        plot.find_learning_rate(**{"net": net, "data": data, "loss": "mse", **arguments})
    with pytest.raises(ArgumentTypeError, match="search is 3"):
        plot.learning_rate_curve(3)


def laplace(a, y):
    location, log_scale = a
    return (np.abs(y - location) * np.exp(-log_scale) + log_scale).mean(axis=0)


def test_a_loss_may_have_several_outputs_for_each_target():
    loss = nnframe.Loss("laplace", laplace, outputs=2, point=lambda a: a[0])
    net = nNet([denseLayer(np.zeros((2, 1)))])
    search = plot.find_learning_rate(net, pairs(np.ones((8, 1)), np.full((8, 1), 3.0)), loss, updates=20)
    # Location and scale begin at 0 and 1.
    assert search.losses[0] == 3.0


def test_layers_of_such_a_net_can_be_drawn():
    loss = nnframe.Loss("laplace", laplace, outputs=2, point=lambda a: a[0])
    net, data = nNet.from_sizes([1, 3, 2], ["tanh", None]), pairs(np.ones((8, 1)), np.ones((8, 1)))
    net.nEpochs(1, data, loss, 0.01)
    assert plot.activation_histograms(net, data) is not None

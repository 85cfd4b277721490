"""Losses and metrics over the epochs."""

import matplotlib as mpl
import numpy as np
import pytest

from nnframe import ArgumentError, ArgumentTypeError, History, nNet, pairs, plot

HISTORY = History(
    loss=[0.9, 0.5, 0.4],
    validation_loss=[1.0, 0.7, 0.8],
    metrics={"accuracy": [0.5, 0.7, 0.8], "mae": [3.0, 2.0, 1.0]},
)


def points(ax):
    return {line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.lines}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_loss_of_each_epoch_is_drawn(ax):
    plot.loss_curve(HISTORY, ax)
    assert points(ax) == {"training": ([1, 2, 3], [0.9, 0.5, 0.4]), "validation": ([1, 2, 3], [1.0, 0.7, 0.8])}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "mean loss")
    assert legend(ax) == ["training", "validation"]


def test_the_history_of_a_real_run_is_drawn(ax):
    net = nNet.from_sizes([1, 1], [None])
    history = net.nEpochs(4, pairs([[0.0], [1.0]], [[1.0], [2.0]]), "mse", 0.1)
    plot.loss_curve(history, ax)
    assert points(ax) == {"training": ([1, 2, 3, 4], history.loss)}


def test_a_single_epoch_is_drawn_as_a_point(ax):
    plot.loss_curve(History(loss=[0.5]), ax)
    assert ax.lines[0].get_marker() == "o"


def test_the_ticks_of_the_epochs_are_whole_numbers(ax):
    plot.loss_curve(History(loss=[0.5, 0.4]), ax)
    ticks = ax.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_several_runs_on_the_same_axes_look_different(ax):
    plot.loss_curve(HISTORY, ax, label="sgd")
    plot.loss_curve(HISTORY, ax, label="adam")
    assert legend(ax) == ["sgd, training", "sgd, validation", "adam, training", "adam, validation"]
    assert len({line.get_color() for line in ax.lines}) == 4
    assert len({line.get_linestyle() for line in ax.lines}) == 4


def test_each_metric_is_drawn(ax):
    plot.metric_curves(HISTORY, ax)
    assert points(ax) == {"accuracy": ([1, 2, 3], [0.5, 0.7, 0.8]), "mae": ([1, 2, 3], [3.0, 2.0, 1.0])}
    assert ax.get_xlabel() == "epoch"


def test_metrics_are_chosen_by_name(ax):
    plot.metric_curves(HISTORY, ax, names=["mae"], label="adam")
    assert points(ax) == {"adam, mae": ([1, 2, 3], [3.0, 2.0, 1.0])}


@pytest.mark.parametrize(
    ("history", "names", "label"),
    [
        (HISTORY, None, "metric on the validation data"),
        (HISTORY, ["mae"], "mae on the validation data"),
        (History(loss=[1.0], metrics={"r2": [0.1]}), None, "r2 on the training data"),
    ],
)
def test_the_axis_says_what_is_measured_on_which_data(ax, history, names, label):
    assert plot.metric_curves(history, ax, names=names).get_ylabel() == label


@pytest.mark.parametrize("draw", [plot.loss_curve, plot.metric_curves])
def test_without_axes_a_pyplot_figure_is_made(draw):
    before = dict(mpl.rcParams)
    ax = draw(HISTORY)
    assert mpl.pyplot.fignum_exists(ax.figure.number)
    assert mpl.pyplot.gcf() is ax.figure
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("draw", [plot.loss_curve, plot.metric_curves])
def test_the_callers_axes_are_returned_and_no_figure_is_made(ax, draw):
    assert draw(HISTORY, ax) is ax
    assert mpl.pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "arguments", "error", "sentence"),
    [
        (plot.loss_curve, ([0.5],), ArgumentTypeError, r"history is \[0.5\], of type list, expected the History"),
        (plot.loss_curve, (History(),), ArgumentError, "history has no epochs"),
        (plot.metric_curves, (History(),), ArgumentError, "history has no epochs"),
        (plot.metric_curves, (History(loss=[1.0]),), ArgumentError, r"no metrics; .*metrics=\['accuracy'\]"),
        (plot.loss_curve, (HISTORY, "ax"), ArgumentTypeError, "ax is 'ax', of type str, expected matplotlib axes"),
    ],
)
def test_a_wrong_argument_is_named_and_no_figure_is_made(draw, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        draw(*arguments)
    assert mpl.pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("names", "error", "sentence"),
    [
        ("mae", ArgumentTypeError, r"names is 'mae', of type str, expected a list"),
        (3, ArgumentTypeError, r"names is 3, of type int, expected a list"),
        (["loss"], ArgumentError, "names contains 'loss'; the metrics in history are accuracy, mae"),
        ([], ArgumentError, "names is empty; the metrics in history are accuracy, mae"),
    ],
)
def test_unknown_metrics_are_an_error(names, error, sentence):
    with pytest.raises(error, match=sentence):
        plot.metric_curves(HISTORY, names=names)

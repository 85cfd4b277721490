"""The confusion matrix."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn import metrics

from nnframe import (
    Activation,
    ArgumentError,
    ArgumentTypeError,
    DataError,
    PluginError,
    datasets,
    denseLayer,
    nNet,
    pairs,
    plot,
)

# Nets that return their input.
ECHO = nNet([denseLayer([[1.0]])])
ECHO3 = nNet([denseLayer(np.eye(3))])


def counts(ax):
    side = len(ax.get_xticks())
    numbers = np.zeros((side, side), int)
    for text in ax.texts:
        column, row = text.get_position()
        numbers[row, column] = int(text.get_text())
    return numbers


def names(ax):
    return [text.get_text() for text in ax.get_yticklabels()], [text.get_text() for text in ax.get_xticklabels()]


@pytest.fixture(scope="module")
def trained():
    train, test = datasets.load_digits()
    net = nNet.from_sizes([64, 10], ["softmax"])
    net.nEpochs(2, train, "cel", learning_rate=0.2, batch_size=32)
    return net, test


def test_the_counts_are_scikit_learns(ax, trained):
    net, test = trained
    plot.confusion_matrix(net, test, ax)
    predicted = net.forwardPass(test.X.T)[-1].argmax(axis=0)
    expected = metrics.confusion_matrix(test.Y.argmax(axis=1), predicted)
    assert 0 < np.trace(expected) < len(test)
    np.testing.assert_array_equal(counts(ax), expected)


def test_cells_are_shaded_by_their_share_of_the_row(ax, trained):
    net, test = trained
    plot.confusion_matrix(net, test, ax)
    predicted = net.forwardPass(test.X.T)[-1].argmax(axis=0)
    expected = metrics.confusion_matrix(test.Y.argmax(axis=1), predicted, normalize="true")
    np.testing.assert_allclose(ax.images[0].get_array(), expected)


def test_rows_are_true_classes_and_columns_predicted_ones(ax):
    # One sample of class 0, predicted as class 2.
    plot.confusion_matrix(ECHO3, pairs([[0.0, 0.0, 1.0]], [[1, 0, 0]]), ax)
    assert counts(ax)[0, 2] == 1
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")


def test_the_title_says_how_many_predictions_are_correct(ax):
    data = pairs([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    assert plot.confusion_matrix(ECHO3, data, ax).get_title() == "3 of 4 correct (75.0%)"


def test_data_can_be_a_list_of_pairs(ax):
    plot.confusion_matrix(ECHO, [([[0.2]], [[0]]), ([[0.9]], [[1]])], ax)
    np.testing.assert_array_equal(counts(ax), np.eye(2))


@pytest.mark.parametrize(
    ("low", "high", "below", "above"),
    [(0, 1, 0.49, 0.51), (-1, 1, -0.01, 0.01), (2, 10, 5.9, 6.1)],
)
def test_a_single_output_counts_as_the_nearer_of_the_two_targets(ax, low, high, below, above):
    plot.confusion_matrix(ECHO, pairs([[below], [above], [above]], [[low], [low], [high]]), ax)
    np.testing.assert_array_equal(counts(ax), [[1, 1], [0, 1]])
    assert names(ax)[0] == [str(low), str(high)]


def test_data_of_one_class_still_has_two_rows(ax):
    plot.confusion_matrix(ECHO, pairs([[0.0], [1.0]], [[1], [1]]), ax)
    np.testing.assert_array_equal(counts(ax), [[0, 0], [1, 1]])


def test_labels_name_the_classes(ax):
    plot.confusion_matrix(ECHO, pairs([[0.0]], [[0]]), ax, labels=["cat", "dog"])
    assert names(ax) == (["cat", "dog"], ["cat", "dog"])


def test_all_chunks_of_a_large_data_set_are_counted(ax):
    y = np.arange(3000) % 2
    plot.confusion_matrix(ECHO, pairs(y[:, None], y[:, None]), ax)
    np.testing.assert_array_equal(counts(ax), [[1500, 0], [0, 1500]])


def test_with_many_classes_the_cells_have_no_numbers(ax):
    plot.confusion_matrix(nNet([denseLayer(np.eye(50))]), pairs(np.eye(50), np.eye(50)), ax)
    assert len(ax.texts) == 0
    np.testing.assert_array_equal(ax.images[0].get_array(), np.eye(50))


def test_without_axes_a_pyplot_figure_is_made():
    before = dict(mpl.rcParams)
    ax = plot.confusion_matrix(ECHO, pairs([[0.0]], [[0]]))
    assert mpl.pyplot.gcf() is ax.figure
    assert dict(mpl.rcParams) == before


def test_the_callers_axes_are_returned_and_no_figure_is_made(ax):
    assert plot.confusion_matrix(ECHO, pairs([[0.0]], [[0]]), ax) is ax
    assert mpl.pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("net", "data", "labels", "error", "sentence"),
    [
        (pairs([[0]], [[0]]), ECHO, None, ArgumentTypeError, "net is <1 pairs .*, of type Pairs, expected an nNet"),
        (ECHO, pairs([[0.0, 1.0]], [[0]]), None, DataError, r"the net has inputs of \(1, 1\)"),
        (ECHO, [], None, DataError, "data is empty"),
        (ECHO, pairs([[0]] * 3, [[1], [2], [3]]), None, DataError, "the targets have 3 different values"),
        (ECHO3, pairs(np.eye(3), np.ones((3, 3))), None, DataError, "target of sample 0 is .* no single largest"),
        (ECHO, pairs([[0], [np.nan]], [[0], [1]]), None, DataError, r"row 1 of X is \[nan\]"),
        (ECHO, pairs([[0], [1]], [[0], [np.inf]]), None, DataError, r"row 1 of Y is \[inf\]"),
        (nNet([denseLayer([[np.nan]])]), pairs([[2.0]], [[0]]), None, ArgumentError, r"net returns \[nan\] for .*2.0"),
        (ECHO, pairs([[0]], [[0]]), "01", ArgumentTypeError, "labels is '01', expected a list of 2 names"),
        (ECHO, pairs([[0]], [[0]]), 2, ArgumentTypeError, "labels is 2, expected a list of 2 names"),
        (ECHO, pairs([[0]], [[0]]), ["a"], ArgumentError, r"labels has 1 names, \['a'\]; expected 2"),
        (nNet([denseLayer([[1.0]], 0, Activation("bad", lambda z: z[:0], np.ones_like))]), pairs([[0]], [[0]]), None,
         PluginError, "'bad', forward"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_an_error_and_no_figure_is_made(net, data, labels, error, sentence):
    with pytest.raises(error, match=sentence):
        plot.confusion_matrix(net, data, labels=labels)
    assert mpl.pyplot.get_fignums() == []


def test_dollar_signs_in_labels_are_not_read_as_a_formula(ax):
    labels = [r"$\frac{1$", "5 $ or 6 $"]
    plot.confusion_matrix(ECHO, pairs([[0], [1]], [[0], [1]]), ax, labels=labels)
    ax.figure.canvas.draw()
    for axis in (ax.xaxis, ax.yaxis):
        assert [label.get_text().replace(r"\$", "$") for label in axis.get_ticklabels()] == labels

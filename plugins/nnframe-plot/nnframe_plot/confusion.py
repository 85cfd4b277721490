"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe_plot.classes import Classes
from nnframe_plot.figure import axes_or_new
from nnframe_plot.inputs import checked_net, predictions_of, samples_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnframe.network import nNet

# Inches for a cell with a number of up to four digits, and for the labels around all cells.
CELL, MARGIN = 0.42, 1.4
SMALLEST, LARGEST = 3.6, 16.0
# With more, the numbers would overlap even in the largest figure.
MOST_CLASSES_WITH_NUMBERS = 35


def confusion_matrix(net: nNet, data: Any, ax: Axes | None = None, labels: Sequence[object] | None = None) -> Axes:
    """Draw how often each class is predicted as each class: a row per true class, a column per predicted one.

    The darker a cell, the larger its share of the row. The predicted class is the largest component of the output. A
    single output counts as the nearer of the two values that the targets have.

    Parameters
    ----------
    net : nNet
    data : Pairs or sequence of (x, y)
        The samples to predict, as for `nNet.backprop`.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: a new figure.
    labels : sequence, optional
        The names of the classes. Default: 0, 1, ..., or the two target values of a net with a single output.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError, ShapeError
        If an argument has the wrong type or shape, the targets are not classes, or an output is not finite.
    PluginError
        If an activation fails.

    Examples
    --------
    A net that always predicts 1:

    >>> from matplotlib.figure import Figure
    >>> from nnframe import denseLayer, nNet, pairs
    >>> ax = confusion_matrix(nNet([denseLayer([[0]], bias=1)]), pairs([[3], [4]], [[0], [1]]), Figure().add_subplot())
    >>> [text.get_text() for text in ax.texts]
    ['0', '1', '0', '1']
    """
    samples = samples_for(checked_net(net), data)
    classes = Classes.of(samples.Y, labels)
    counts = _counts(classes.numbers(samples.Y), classes.numbers(predictions_of(net, samples.X)), len(classes.names))

    side = min(max(SMALLEST, MARGIN + CELL * len(counts)), LARGEST)
    ax = axes_or_new(ax, side, side)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(counts) <= MOST_CLASSES_WITH_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.5 else "black" if count else "#999999"
            ax.text(column, row, str(count), ha="center", va="center", color=color)
    places = range(len(counts))
    # Longer names would overlap side by side.
    upright = max(map(len, classes.names)) > 3
    ax.set_xticks(places, classes.names, rotation=90 if upright else 0)
    ax.set_yticks(places, classes.names)
    correct = int(np.trace(counts))
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.set_title(f"{correct} of {len(samples)} correct ({correct / len(samples):.1%})")
    return ax


def _counts(true: Array, predicted: Array, n_classes: int) -> Array:
    """Count each pair of true class (row) and predicted class (column)."""
    return np.bincount(true * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)

"""The decision boundary of a net with two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError, ShapeError
from nnframe_plot.classes import Classes
from nnframe_plot.figure import LARGEST_DRAWN, axes_or_new, limits_around
from nnframe_plot.inputs import checked_net, predictions_of, samples_for
from nnframe_plot.palette import COLORS, MARKERS, class_colors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from nnframe.network import nNet

# The net is evaluated on a grid with this many points each way.
RESOLUTION = 300
# Margin around the samples, as a fraction of their extent.
PADDING = 0.08
SURE = 0.9
# Opacity of a class where its probability is 1, and where all classes are equally likely.
DEEPEST, PALEST = 0.5, 0.05
# Area of all markers together, in square points: the more samples, the smaller each marker.
SAMPLES_INK = 8000
# A longer legend would leave no room for the plot. The class names are written in the plot then.
LONGEST_LEGEND = 20


def decision_boundary(net: nNet, data: Any, ax: Axes | None = None, *, labels: Sequence[object] | None = None) -> Axes:
    """Draw the regions in which a net with two inputs predicts each class, with the samples on top.

    Each region has its class's color, deeper where the class is more probable. A solid line marks the boundary, a
    dashed line a probability of 0.9. Outputs outside 0 to 1 are not probabilities: the regions then have one shade
    each. The predicted class is the largest component of the output. A single output counts as the nearer of the two
    values that the targets have.

    Parameters
    ----------
    net : nNet
        A net with two inputs.
    data : Pairs or sequence of (x, y)
        The samples to draw, as for `nNet.backprop`.
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
        If the net doesn't have two inputs, an argument has the wrong type, the targets are not classes, an input is
        too large to draw, or an output is not finite.
    PluginError
        If an activation fails.
    """
    n_in = checked_net(net).layersList[0].n_in
    if n_in != 2:
        raise ShapeError(
            f"net takes columns of shape ({n_in}, 1), expected (2, 1), because the boundary is drawn in a plane; "
            f"nnframe.plot.confusion_matrix works for nets of any shape"
        )
    samples = samples_for(net, data)
    _require_drawable(samples.X)
    classes = Classes.of(samples.Y, labels)
    across, up = (_span(samples.X[:, k]) for k in range(2))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    scores = classes.scores(predictions_of(net, grid.reshape(-1, 2))).reshape(*grid.shape[:2], -1)

    # A figure made here has room for a legend beside the axes; the caller's may not.
    place: dict[str, Any] = {} if ax is not None else {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    ax = axes_or_new(ax)
    colors = class_colors(len(classes.names))
    extent = (across[0], across[-1], up[0], up[-1])
    ax.imshow(_shades(scores, colors), extent=extent, origin="lower", aspect="auto", interpolation="bilinear")
    for k in range(len(classes.names) - 1):
        others = np.delete(scores, k, axis=-1).max(axis=-1)
        _draw_level(ax, across, up, scores[..., k] - others, 0, "-", 1.5)
    keys = _draw_samples(ax, samples.X, classes.numbers(samples.Y), classes.names, colors)
    handles = keys if len(keys) <= LONGEST_LEGEND else []
    if _are_probabilities(scores) and _draw_level(ax, across, up, scores.max(axis=-1), SURE, "--", 1):
        handles.append(_key(f"probability {SURE:g}", linestyle="--", color=_ink(ax), linewidth=1))
    ax.set(xlabel="input 1", ylabel="input 2", xlim=extent[:2], ylim=extent[2:])
    if handles:
        ax.legend(handles=handles, **place)
    return ax


def _span(values: Array) -> Array:
    """Return the grid's coordinates along one input."""
    return np.linspace(*limits_around(float(values.min()), float(values.max()), PADDING), RESOLUTION)


def _require_drawable(X: Array) -> None:
    row, column = np.unravel_index(np.abs(X).argmax(), X.shape)
    if abs(X[row, column]) > LARGEST_DRAWN:
        raise DataError(
            f"row {row} of X is {X[row].tolist()}; the largest number that can be drawn is {LARGEST_DRAWN:g}: "
            f"scale the inputs down"
        )


def _are_probabilities(scores: Array) -> bool:
    return bool(scores.min() >= 0 and scores.max() <= 1)


def _shades(scores: Array, colors: Sequence[str]) -> Array:
    """Return the color of the predicted class at each grid point, as RGBA of shape (RESOLUTION, RESOLUTION, 4)."""
    from matplotlib.colors import to_rgb

    winner = scores.argmax(axis=-1)
    shades = np.empty((*winner.shape, 4))
    shades[..., :3] = np.array([to_rgb(color) for color in colors])[winner]
    shades[..., 3] = (DEEPEST + PALEST) / 2
    if _are_probabilities(scores):
        chance = 1 / scores.shape[-1]
        sureness = np.clip((scores.max(axis=-1) - chance) / (1 - chance), 0, 1)
        shades[..., 3] = PALEST + (DEEPEST - PALEST) * sureness
    return shades


def _draw_samples(ax: Axes, X: Array, numbers: Array, names: Sequence[str], colors: Sequence[str]) -> list[Line2D]:
    """Draw the samples of each class and return their legend entries."""
    # Large markers get a white rim to stand out; between many small ones it would hide the color.
    size = float(np.clip(SAMPLES_INK / len(X), 6, 30))
    rim = 0.8 if size > 12 else 0.2
    keys = []
    for k, name in enumerate(names):
        look: dict[str, Any] = {"color": colors[k], "marker": MARKERS[k % len(MARKERS)]}
        members = X[numbers == k]
        ax.scatter(members[:, 0], members[:, 1], size, edgecolors="white", linewidths=rim, label=name, zorder=2, **look)
        keys.append(_key(name, linestyle="", **look))
        if len(names) > len(COLORS) and len(members):
            # Not everyone can tell this many colors apart.
            x1, x2 = np.median(members, axis=0)
            box = {"facecolor": "white", "linewidth": 0.5, "pad": 1.5}
            ax.text(x1, x2, name, ha="center", va="center", color="black", bbox=box)
    return keys


def _key(label: str, **look: Any) -> Line2D:
    """Return a legend entry."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **look)


def _ink(ax: Axes) -> Any:
    """Return the color to draw lines in: that of the frame, which is white in a dark style."""
    return ax.spines["left"].get_edgecolor()


def _draw_level(ax: Axes, across: Array, up: Array, heights: Array, level: float, style: str, width: float) -> bool:
    """Draw the contour of one level and return whether there is any."""
    if not heights.min() < level < heights.max():
        return False
    ax.contour(across, up, heights, levels=[level], colors=[_ink(ax)], linestyles=style, linewidths=width)
    return True

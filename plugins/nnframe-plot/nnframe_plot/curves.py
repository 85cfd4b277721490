"""Losses and metrics over the epochs of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type
from nnframe.history import History
from nnframe_plot.figure import axes_or_new
from nnframe_plot.palette import COLORS, LINE_STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_curve(history: History, ax: Axes | None = None, *, label: str | None = None) -> Axes:
    """Draw the loss of each epoch: that of training, and that of validation where there is any.

    The loss of training is taken while the weights change, that of validation after the epoch: early in a run, the
    latter is often the lower one.

    Parameters
    ----------
    history : History
        What `nNet.nEpochs` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out. Several runs on the same axes get different colours.
    label : str, optional
        What the run is called in the legend, to tell several apart.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history has no epoch, or an argument is something else.
    MissingDependencyError
        If matplotlib is missing.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = loss_curve(History(loss=[0.9, 0.4, 0.3]), Figure().add_subplot())
    >>> ax.lines[0].get_ydata().tolist()
    [0.9, 0.4, 0.3]
    """
    _check(history)
    prefix = "" if label is None else f"{label}, "
    curves = {f"{prefix}training": history.loss, f"{prefix}validation": history.validation_loss}
    return _draw({name: values for name, values in curves.items() if values}, "mean loss", ax)


def metric_curves(
    history: History, ax: Axes | None = None, *, names: Sequence[str] | None = None, label: str | None = None
) -> Axes:
    """Draw each metric after each epoch: over the validation data where there is any, else over the training data.

    Parameters
    ----------
    history : History
        What `nNet.nEpochs` returned, with metrics.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out. Several runs on the same axes get different colours.
    names : sequence of str, optional
        The metrics to draw; all if left out. An error in euros and an accuracy are best given axes each.
    label : str, optional
        What the run is called in the legend, to tell several apart.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history has no epoch or not such metrics, or an argument is something else.
    MissingDependencyError
        If matplotlib is missing.
    """
    _check(history)
    if not history.metrics:
        raise ArgumentError("history has no metrics; ask for some in training, as with metrics=['accuracy']")
    if isinstance(names, str) or not (names is None or isinstance(names, Iterable)):
        raise ArgumentTypeError(f"names is {with_type(names)}; wanted a list such as ['accuracy']")
    chosen = list(history.metrics) if names is None else list(names)
    for name in chosen:
        if name not in history.metrics:
            raise ArgumentError(f"names has {shown(name)}; history has the metrics {', '.join(history.metrics)}")
    if not chosen:
        raise ArgumentError(f"names is empty; history has the metrics {', '.join(history.metrics)}")
    prefix = "" if label is None else f"{label}, "
    data = "validation data" if history.validation_loss else "training data"
    y_label = f"{chosen[0] if len(chosen) == 1 else 'metric'} over the {data}"
    return _draw({prefix + name: history.metrics[name] for name in chosen}, y_label, ax)


def _check(history: object) -> None:
    if not isinstance(history, History):
        raise ArgumentTypeError(f"history is {with_type(history)}; wanted what nNet.nEpochs returns")
    if not history.loss:
        raise ArgumentError("history has no epoch to draw; wanted that of a run of at least one")


def _draw(curves: Mapping[str, Sequence[float]], y_label: str, ax: Axes | None) -> Axes:
    ax = axes_or_new(ax)
    from matplotlib.ticker import MaxNLocator

    for name, values in curves.items():
        # What stands on the axes already keeps its colour to itself.
        number = len(ax.lines)
        ax.plot(
            range(1, len(values) + 1),
            values,
            color=COLORS[number % len(COLORS)],
            linestyle=LINE_STYLES[number % len(LINE_STYLES)],
            # A line of one point is invisible.
            marker="o" if len(values) == 1 else None,
            label=name,
        )
    ax.set(xlabel="epoch", ylabel=y_label)
    ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    ax.grid(alpha=0.3)
    ax.legend()
    return ax

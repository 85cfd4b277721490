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
    """Draw the training loss of each epoch, and the validation loss if there is one.

    The training loss is averaged over the epoch, while the weights change. The validation loss is computed after it, so
    early in a run it is often the lower of the two.

    Parameters
    ----------
    history : History
        The result of `nNet.nEpochs`.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: a new figure. Several runs on the same axes get different colors.
    label : str, optional
        The name of the run in the legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history has no epochs, or an argument has the wrong type.

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
    """Draw each metric after each epoch, on the validation data if there is any, else on the training data.

    Parameters
    ----------
    history : History
        The result of `nNet.nEpochs`, trained with metrics.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: a new figure. Several runs on the same axes get different colors.
    names : sequence of str, optional
        The metrics to draw. Default: all. Metrics of different units are best drawn on separate axes.
    label : str, optional
        The name of the run in the legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the history has no epochs or not these metrics, or an argument has the wrong type.
    """
    _check(history)
    if not history.metrics:
        raise ArgumentError("history has no metrics; train with some, for example nEpochs(..., metrics=['accuracy'])")
    if isinstance(names, str) or not (names is None or isinstance(names, Iterable)):
        raise ArgumentTypeError(f"names is {with_type(names)}, expected a list such as ['accuracy']")
    chosen = list(history.metrics) if names is None else list(names)
    for name in chosen:
        if name not in history.metrics:
            raise ArgumentError(
                f"names contains {shown(name)}; the metrics in history are {', '.join(history.metrics)}"
            )
    if not chosen:
        raise ArgumentError(f"names is empty; the metrics in history are {', '.join(history.metrics)}")
    prefix = "" if label is None else f"{label}, "
    data = "validation data" if history.validation_loss else "training data"
    y_label = f"{chosen[0] if len(chosen) == 1 else 'metric'} on the {data}"
    return _draw({prefix + name: history.metrics[name] for name in chosen}, y_label, ax)


def _check(history: object) -> None:
    if not isinstance(history, History):
        raise ArgumentTypeError(f"history is {with_type(history)}, expected the History that nNet.nEpochs returns")
    if not history.loss:
        raise ArgumentError("history has no epochs to draw; train for at least one")


def _draw(curves: Mapping[str, Sequence[float]], y_label: str, ax: Axes | None) -> Axes:
    ax = axes_or_new(ax)
    from matplotlib.ticker import MaxNLocator

    for name, values in curves.items():
        # Colors that are already on the axes are not used again.
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

"""Figures, panels and files for plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, with_type
from nnframe.saving.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 4.8
PANEL_WIDTH, PANEL_HEIGHT = 4.0, 3.2
PANELS_PER_ROW = 3
DOTS_PER_INCH = 150
# With larger numbers, areas overflow inside matplotlib.
LARGEST_DRAWN = 1e100
# Relative distance at which matplotlib still tells two coordinates apart with ease.
SMALLEST_DISTANCE = 1e-12


def axes_or_new(ax: Axes | None, width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """Return the caller's axes, or those of a new pyplot figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    width, height : float, optional
        The size of the new figure, in inches.

    Raises
    ------
    ArgumentTypeError
        If ax is neither axes nor None.
    """
    if ax is None:
        return _pyplot_figure(width, height).add_subplot()
    return _checked(ax, "ax")


def panels_or_new(axes: Any, count: int) -> list[Axes]:
    """Return the caller's axes as a list, or the panels of a new pyplot figure.

    Parameters
    ----------
    axes : Axes, array_like of Axes, or None
        In any shape.
    count : int
        How many axes are needed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If axes holds something other than axes, or the wrong number of them.
    """
    if axes is None:
        return panels(_pyplot_figure(*panels_size(count)), count)
    # As objects, so that numpy neither splits a string nor fails on what isn't an array.
    given = [_checked(each, f"axes[{i}]") for i, each in enumerate(np.ravel(np.asarray(axes, dtype=object)))]
    if len(given) != count:
        raise ArgumentError(
            f"axes holds {len(given)} axes, expected {count}, one per layer, such as those of plt.subplots(1, {count})"
        )
    return given


def file_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure to draw on and save, which no window or notebook displays."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, file: Path) -> None:
    """Save a figure in the format that the file's suffix names. The file is complete, or not written at all.

    Raises
    ------
    ArgumentError
        If matplotlib doesn't know the format.
    ModelFileError
        If the file can't be written.
    """
    with replacing(file) as temporary:
        try:
            figure.savefig(temporary, format=_format(file), dpi=DOTS_PER_INCH)
        except ValueError as error:
            raise ArgumentError(f"{file} can't be written ({error}); use a .png, .pdf or .svg file") from error


def check_figure_file(file: Path) -> None:
    """Raise if matplotlib doesn't know the format that the file's suffix names.

    Raises
    ------
    ArgumentError
        If it doesn't.
    """
    if _format(file) not in file_figure().canvas.get_supported_filetypes():
        raise ArgumentError(
            f"{file} can't be written: {file.suffix!r} is not a picture format; use a .png, .pdf or .svg file"
        )


def panels_size(count: int) -> tuple[float, float]:
    """Return the width and height of a figure with this many panels, in inches."""
    columns = min(count, PANELS_PER_ROW)
    return PANEL_WIDTH * columns, PANEL_HEIGHT * -(-count // columns)


def panels(figure: Figure, count: int) -> list[Axes]:
    """Divide an empty figure into this many panels, row by row."""
    columns = min(count, PANELS_PER_ROW)
    axes: list[Axes] = list(figure.subplots(-(-count // columns), columns, squeeze=False).flat)
    for spare in axes[count:]:
        spare.remove()
    return axes[:count]


def limits_around(low: float, high: float, margin: float = 0.0) -> tuple[float, float]:
    """Return axis limits around low and high, with a margin on each side as a fraction of their distance.

    Equal or nearly equal values get limits that are wide enough to draw.
    """
    finest = SMALLEST_DISTANCE * max(abs(low), abs(high))
    distance = high - low
    padding = margin * distance if distance > finest else max(finest, 0.0 if distance else 1.0)
    return low - padding, high + padding


def _format(file: Path) -> str:
    return file.suffix.lstrip(".").lower() or "png"


def _pyplot_figure(width: float, height: float) -> Figure:
    from matplotlib import pyplot

    return pyplot.figure(figsize=(width, height), layout="constrained")


def _checked(ax: object, name: str) -> Axes:
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise ArgumentTypeError(
            f"{name} is {with_type(ax)}, expected matplotlib axes, such as ax of fig, ax = plt.subplots()"
        )
    return ax

"""Where pictures are drawn: figures, panels, and files; the one place that finds matplotlib missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, MissingDependencyError, with_type
from nnframe.saving.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 4.8
PANEL_WIDTH, PANEL_HEIGHT = 4.0, 3.2
PANELS_IN_A_ROW = 3
DOTS_PER_INCH = 150
# Beyond, areas overflow while matplotlib computes with them.
LARGEST_DRAWN = 1e100
# Of a number, the distance at which points beside it are still told apart with ease.
SMALLEST_DISTANCE = 1e-12


def axes_or_new(ax: Axes | None, width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """Return the caller's axes, or those of a new figure that pyplot shows.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    width, height : float, optional
        Of the new figure, in inches.

    Raises
    ------
    ArgumentTypeError
        If ax is something else.
    MissingDependencyError
        If matplotlib is missing.
    """
    if ax is None:
        return _pyplot_figure(width, height).add_subplot()
    return _checked(ax, "ax")


def panels_or_new(axes: Any, count: int) -> list[Axes]:
    """Return the caller's axes as a list, or the panels of a new figure that pyplot shows.

    Parameters
    ----------
    axes : Axes, array_like of Axes, or None
        As many as are needed, in any shape.
    count : int
        How many are needed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they are something else, or not so many.
    MissingDependencyError
        If matplotlib is missing.
    """
    if axes is None:
        return panels(_pyplot_figure(*panels_size(count)), count)
    # np.ravel would take a string apart, and a figure for a scalar; what they hold is checked one by one.
    given = [_checked(each, f"axes[{i}]") for i, each in enumerate(np.ravel(np.asarray(axes, dtype=object)))]
    if len(given) != count:
        raise ArgumentError(
            f"axes holds {len(given)}; wanted {count}, one a layer, such as those of plt.subplots(1, {count})"
        )
    return given


def file_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure that no window and no notebook shows, to be drawn in and saved.

    Raises
    ------
    MissingDependencyError
        If matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise _missing() from None
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, file: Path) -> None:
    """Save a figure; the file's suffix says in which format. It is written aside and moved over when it is whole.

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
            raise ArgumentError(f"{file} can't be written ({error}); give a .png, .pdf or .svg file") from error


def check_figure_file(file: Path) -> None:
    """Raise unless `save_figure` could write a file of this name, as far as that can be told beforehand.

    Raises
    ------
    ArgumentError
        If matplotlib doesn't know the format.
    MissingDependencyError
        If matplotlib is missing.
    """
    formats = file_figure().canvas.get_supported_filetypes()
    if _format(file) not in formats:
        raise ArgumentError(
            f"{file} can't be written: no picture ends in {file.suffix!r}; give a .png, .pdf or .svg file"
        )


def panels_size(count: int) -> tuple[float, float]:
    """Return the width and the height of a figure with so many panels, in inches."""
    columns = min(count, PANELS_IN_A_ROW)
    return PANEL_WIDTH * columns, PANEL_HEIGHT * -(-count // columns)


def panels(figure: Figure, count: int) -> list[Axes]:
    """Divide an empty figure into so many panels, row by row."""
    columns = min(count, PANELS_IN_A_ROW)
    axes: list[Axes] = list(figure.subplots(-(-count // columns), columns, squeeze=False).flat)
    for spare in axes[count:]:
        spare.remove()
    return axes[:count]


def _format(file: Path) -> str:
    return file.suffix.lstrip(".").lower() or "png"


def limits_around(low: float, high: float, share: float = 0.0) -> tuple[float, float]:
    """Return limits with a share of their distance on either side; equal ones, or as good as equal, are given room."""
    finest = SMALLEST_DISTANCE * max(abs(low), abs(high))
    distance = high - low
    padding = share * distance if distance > finest else max(finest, 0.0 if distance else 1.0)
    return low - padding, high + padding


def _pyplot_figure(width: float, height: float) -> Figure:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise _missing() from None
    return pyplot.figure(figsize=(width, height), layout="constrained")


def _checked(ax: object, name: str) -> Axes:
    try:
        from matplotlib.axes import Axes
    except ImportError:
        raise _missing() from None
    if not isinstance(ax, Axes):
        raise ArgumentTypeError(
            f"{name} is {with_type(ax)}; wanted matplotlib axes, such as the second of fig, ax = plt.subplots()"
        )
    return ax


def _missing() -> MissingDependencyError:
    return MissingDependencyError('drawing needs matplotlib: install it with pip install "nnframe[plot]"')

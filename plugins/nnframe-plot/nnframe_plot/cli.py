"""What the command line draws: the losses of ``nnframe train --plot``, and plugins for ``nnframe plugins plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnframe.cli.curves import Curves
from nnframe.history import History
from nnframe_plot.curves import loss_curve
from nnframe_plot.figure import check_figure_file, file_figure, panels, panels_size, save_figure

__all__ = ["check_figure_file", "save_loss_curve", "save_plugin_curves"]

# Of the function and of its slope.
STYLES = ("-", "--")


def save_loss_curve(history: History, file: Path) -> None:
    """Draw the losses of a training run into a file.

    Raises
    ------
    MissingDependencyError
        If matplotlib is missing.
    ArgumentError
        If it doesn't know the format.
    ModelFileError
        If the file can't be written.
    """
    figure = file_figure()
    loss_curve(history, figure.add_subplot())
    save_figure(figure, file)


def save_plugin_curves(drawn: Sequence[tuple[str, Curves]], file: Path) -> None:
    """Draw each plugin's curves into a panel of its own, and save the picture.

    Parameters
    ----------
    drawn : sequence of (str, Curves)
        With the panels' titles.
    file : pathlib.Path
        Its suffix says which format.

    Raises
    ------
    MissingDependencyError, ArgumentError, ModelFileError
        As `save_loss_curve`.
    """
    figure = file_figure(*panels_size(len(drawn)))
    for (title, curves), panel in zip(drawn, panels(figure, len(drawn)), strict=True):
        for style, (label, y) in zip(STYLES, curves.lines.items(), strict=False):
            panel.plot(curves.x, y, style, label=label)
        panel.set(title=title, xlabel=curves.variable)
        panel.grid(alpha=0.3)
        panel.legend()
    save_figure(figure, file)

"""Curves drawn with matplotlib, the extra ``plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnframe_plot.figure import file_figure, panels, panels_size, save_figure

from nnframe.cli.curves import Curves

# Of the function and of its slope.
STYLES = ("-", "--")


def save_picture(drawn: Sequence[tuple[str, Curves]], file: Path) -> None:
    """Draw each plugin's curves into a panel of their own, and save the picture.

    Parameters
    ----------
    drawn : sequence of (str, Curves)
        With the panels' titles.
    file : pathlib.Path
        Its suffix says which format.

    Raises
    ------
    MissingDependencyError
        If matplotlib is missing.
    ArgumentError
        If it doesn't know the format.
    ModelFileError
        If the file can't be written.
    """
    figure = file_figure(*panels_size(len(drawn)))
    for (title, curves), panel in zip(drawn, panels(figure, len(drawn)), strict=True):
        for style, (label, y) in zip(STYLES, curves.lines.items(), strict=False):
            panel.plot(curves.x, y, style, label=label)
        panel.set(title=title, xlabel=curves.variable)
        panel.grid(alpha=0.3)
        panel.legend()
    save_figure(figure, file)

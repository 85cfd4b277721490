"""Curves drawn with matplotlib, the extra ``plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnframe.cli.curves import Curves
from nnframe.errors import ArgumentError

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
    ArgumentError
        If matplotlib is missing, doesn't know the format, or can't write there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ArgumentError('drawing needs matplotlib: install it with pip install "nnframe[plot]"') from None
    columns = min(len(drawn), 3)
    rows = -(-len(drawn) // columns)
    figure = Figure(figsize=(4 * columns, 3.2 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for title, curves in drawn:
        panel = panels.pop(0)
        for style, (label, y) in zip(STYLES, curves.lines.items(), strict=False):
            panel.plot(curves.x, y, style, label=label)
        panel.set(title=title, xlabel=curves.variable)
        panel.grid(alpha=0.3)
        panel.legend()
    for panel in panels:
        panel.axis("off")
    try:
        figure.savefig(file, dpi=150)
    except (OSError, ValueError) as error:
        raise ArgumentError(
            f"{file} can't be written ({error}); give a .png, .pdf or .svg file in a folder that exists"
        ) from error

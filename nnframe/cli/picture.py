"""Curves drawn with matplotlib, the extra ``plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnframe.cli.curves import curves_of
from nnframe.errors import ArgumentError
from nnframe.plugin import Plugin


def save_picture(plugins: Sequence[Plugin], file: Path) -> None:
    """Draw each plugin into a panel of its own, and save the picture.

    Parameters
    ----------
    plugins : sequence of Plugin
    file : pathlib.Path
        Its suffix says which format.

    Raises
    ------
    ArgumentError
        If matplotlib is missing, doesn't know the format, or can't write there.
    PluginError
        If a plugin fails.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ArgumentError('drawing needs matplotlib: install it with pip install "nnframe[plot]"') from None
    columns = min(len(plugins), 3)
    rows = -(-len(plugins) // columns)
    figure = Figure(figsize=(4 * columns, 3.2 * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for plugin in plugins:
        panel = panels.pop(0)
        curves = curves_of(plugin)
        panel.plot(curves.x, curves.value, label=curves.value_label)
        panel.plot(curves.x, curves.slope, "--", label=curves.slope_label)
        panel.set(title=plugin.spec, xlabel=curves.variable)
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

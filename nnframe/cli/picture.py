"""Curves drawn with matplotlib, the extra ``plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnframe.cli.curves import curves_of
from nnframe.plot.figure import file_figure, panels, panels_size, save_figure
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
    MissingDependencyError
        If matplotlib is missing.
    ArgumentError
        If it doesn't know the format, or can't write there.
    PluginError
        If a plugin fails.
    """
    figure = file_figure(*panels_size(len(plugins)))
    for plugin, panel in zip(plugins, panels(figure, len(plugins)), strict=True):
        curves = curves_of(plugin)
        panel.plot(curves.x, curves.value, label=curves.value_label)
        panel.plot(curves.x, curves.slope, "--", label=curves.slope_label)
        panel.set(title=plugin.spec, xlabel=curves.variable)
        panel.grid(alpha=0.3)
        panel.legend()
    save_figure(figure, file)

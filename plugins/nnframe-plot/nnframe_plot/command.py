"""Draw activations, losses and schedules into a file: each function and its slope, one panel per plugin."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnframe import registry
from nnframe.cli.curves import DRAWN, Curves, curves_of
from nnframe.cli.output import check_place, say
from nnframe.cli.running import running_plugins
from nnframe.contracts.command import Command
from nnframe.contracts.markers import hookimpl
from nnframe.errors import ArgumentError
from nnframe.registry.kinds import kind_of
from nnframe_plot.figure import check_figure_file, file_figure, panels, panels_size, save_figure
from nnframe_plot.palette import COLORS, LINE_STYLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of the function and of its slope.
STYLES = LINE_STYLES[:2]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="an activation, loss or schedule, such as 'elu(alpha=2)'"
    )
    parser.add_argument("--kind", metavar="KIND", help="such as loss, for a name that plugins of several kinds have")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="a .png, .pdf or .svg file")


def run(options: Namespace) -> None:
    """Draw the plugins and save the picture.

    Raises
    ------
    ArgumentError
        If a plugin's kind has no curve, or the file's format is unknown.
    UnknownNameError, NameConflictError, PluginError
        If a name is unknown, belongs to several plugins, or its plugin fails.
    ModelFileError
        If the file can't be written.
    """
    check_place("--out", options.out)
    check_figure_file(options.out)
    with running_plugins("drawing"):
        save_figure(figure_of([each for name in options.names for each in _curves(name, options.kind)]), options.out)
    say(f"{options.out} written")


def figure_of(drawn: Sequence[tuple[str, Curves]]) -> Figure:
    """Return a figure with a panel for each pair of title and curves."""
    figure = file_figure(*panels_size(len(drawn)))
    for (title, curves), panel in zip(drawn, panels(figure, len(drawn)), strict=True):
        for color, style, (label, y) in zip(COLORS, STYLES, curves.lines.items(), strict=False):
            panel.plot(curves.x, y, style, color=color, label=label)
        panel.set(title=title, xlabel=curves.variable)
        panel.grid(alpha=0.3)
        panel.legend()
    return figure


def _curves(name: str, kind: str | None) -> list[tuple[str, Curves]]:
    """Return title and curves of every plugin with this name that can be drawn."""
    found = registry.get_all_kinds(name) if kind is None else [(kind, registry.get(kind, name))]
    drawn = [
        (f"{of_kind} {plugin.spec}", curves) for of_kind, plugin in found if (curves := curves_of(plugin)) is not None
    ]
    if not drawn:
        kinds = " and ".join(of_kind for of_kind, _ in found)
        possible = " or ".join(kind_of(cls).name for cls in DRAWN)
        raise ArgumentError(f"{name!r} can't be drawn, it is of kind {kinds}; expected the name of an {possible}")
    return drawn


plot = Command("plot", add_arguments, run, help="draw activations, losses and schedules into a file", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return plot."""
    return [plot]

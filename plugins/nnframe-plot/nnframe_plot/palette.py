"""Colors, line styles and markers that everyone can tell apart, in print too.

Source of the colors: M. Okabe and K. Ito, "Color universal design", 2008; without black, and the pale yellow last.
"""

from __future__ import annotations

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def class_colors(count: int) -> list[str]:
    """Return different colors: from the palette while it lasts, else from a color map that grows steadily lighter."""
    if count <= len(COLORS):
        return list(COLORS[:count])
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    viridis = colormaps["viridis"]
    return [to_hex(viridis(i / (count - 1))) for i in range(count)]

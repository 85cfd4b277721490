"""Curves drawn with characters."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.cli.curves import Curves

WIDTH, HEIGHT = 61, 15
# For the first line, which lies on top, and the second.
MARKS = "*."


def draw(curves: Curves) -> str:
    """Return a picture of all lines, about WIDTH x HEIGHT characters, with the axes' ends written beside it."""
    numbers = np.concatenate(list(curves.lines.values()))
    finite = numbers[np.isfinite(numbers)]
    if finite.size == 0:
        return "no finite values to draw"
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        low, high = low - 1, high + 1
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for mark, y in reversed(list(zip(MARKS, curves.lines.values(), strict=False))):
        _draw_curve(grid, mark, curves.x, y, low, high)
    lines = ["".join(row).rstrip() for row in grid]
    labels = [f"{high:.4g}", *[""] * (HEIGHT - 2), f"{low:.4g}"]
    margin = max(map(len, labels))
    picture = [f"{label:>{margin}} |{line}" for label, line in zip(labels, lines, strict=True)]
    left, right = f"{curves.x[0]:.4g}", f"{curves.x[-1]:.4g}"
    axis = f"{'':{margin}} +{'-' * WIDTH}"
    ends = f"{'':{margin}}  {left}{curves.variable:^{WIDTH - len(left) - len(right)}}{right}"
    legend = "   ".join(f"{mark} {label}" for mark, label in zip(MARKS, curves.lines, strict=False))
    return "\n".join([legend, *picture, axis, ends])


def _draw_curve(grid: list[list[str]], mark: str, x: Array, y: Array, low: float, high: float) -> None:
    for at, value in zip((x - x[0]) / (x[-1] - x[0]), y, strict=True):
        if np.isfinite(value):
            column = round(float(at) * (WIDTH - 1))
            row = round((high - float(value)) / (high - low) * (HEIGHT - 1))
            grid[row][column] = mark

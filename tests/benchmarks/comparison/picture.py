"""Draws the results."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from comparison.rounds import Result
from comparison.spread import quartiles

# Okabe and Ito's colors, which color-blind readers can tell apart, and different markers for prints in gray.
STYLES = {
    "numpy engine": ("#D55E00", "o", 9),
    "numba engine": ("#CC79A7", "D", 8),
    "reference engine": ("#E69F00", "s", 6),
    "plain calls": ("#E69F00", "*", 9),
    "beginner's loop": ("#999999", "P", 7),
    "scikit-learn": ("#56B4E9", "^", 7),
    "torch": ("#0072B2", "v", 7),
    "torch.compile": ("#0072B2", "1", 9),
    "JAX": ("#009E73", "<", 7),
    "onnxruntime": ("#009E73", "X", 7),
    "FANN": ("#999999", "p", 8),
    "matrix products": ("#000000", "|", 12),
}


def draw(results: list[Result], path: Path) -> None:
    """Save a picture of all contenders' samples per second, one line per row, on a logarithmic scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1.6 + 0.55 * len(results)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = np.arange(len(results))[::-1]
    for name, (color, marker, size) in STYLES.items():
        found = [
            (place, quartiles(result.rates[name]))
            for place, result in zip(places, results, strict=True)
            if name in result.rates
        ]
        if not found:
            continue
        y = [place for place, _ in found]
        low, median, high = np.transpose([spread for _, spread in found])
        axes.hlines(y, low, high, color=color, linewidth=2)
        label = f"nnframe, {name}" if name.endswith("engine") else name
        axes.plot(median, y, marker, color=color, markersize=size, markeredgewidth=2, fillstyle="full", label=label)
    axes.set_xscale("log")
    axes.set_yticks(places, [result.row.name for result in results])
    axes.set_ylim(-0.6, len(results) - 0.4)
    axes.set_xlabel("samples per second (logarithmic; further right is faster; lines span the quartiles)")
    axes.grid(axis="x", which="major", color="#DDDDDD")
    axes.grid(axis="y", color="#EEEEEE", linewidth=14, alpha=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=5, frameon=False)
    figure.savefig(path, dpi=150)

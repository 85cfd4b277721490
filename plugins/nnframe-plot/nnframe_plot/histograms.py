"""Histograms of a net's weights and of its activations, one per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.arrays import Array
from nnframe_plot.figure import LARGEST_DRAWN, limits_around, panels_or_new
from nnframe_plot.inputs import checked_net, samples_for
from nnframe_plot.palette import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnframe.layer import denseLayer
    from nnframe.network import nNet

BINS = 40
# More samples would not change the shape of a histogram.
MOST_SAMPLES = 5000
# Where the slope is below this fraction of the steepest, almost no gradient passes.
FLAT = 0.01
# The steepest slope is looked for on this grid.
STEEP_REGION = np.linspace(-5, 5, 201).reshape(1, -1)


def weight_histograms(net: nNet, axes: Any = None) -> list[Axes]:
    """Draw a histogram of each layer's weights, with the biases as ticks at the bottom.

    Parameters
    ----------
    net : nNet
    axes : Axes or array_like of Axes, optional
        The axes to draw on, one per layer. Default: a new figure.

    Returns
    -------
    list of matplotlib.axes.Axes
        One per layer. If some weights are not finite or too large to draw, the title counts them, and the others are
        drawn.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If axes has the wrong type, or not one entry per layer.
    """
    panels = panels_or_new(axes, len(checked_net(net).layersList))
    for number, (ax, layer) in enumerate(zip(panels, net.layersList, strict=True), start=1):
        _draw_histogram(ax, layer.linear, "weights")
        biases = layer.bias[_can_be_drawn(layer.bias)]
        # Near the lower edge, whatever the height of the bars.
        heights, place = np.full(biases.shape, 0.03), ax.get_xaxis_transform()
        ax.plot(biases, heights, "|", markersize=10, color=COLORS[1], label="biases", transform=place)
        _label(ax, number, layer, _not_drawn(layer.linear), "value", "share of weights")
        if number == 1:
            ax.legend()
    return panels


def activation_histograms(net: nNet, data: Any, axes: Any = None) -> list[Axes]:
    """Draw a histogram of each layer's outputs, and count those that pass no gradient back.

    An output passes no gradient where the activation is flat, its slope under 1 % of the steepest: below 0 for relu,
    near the limits for sigmoid and tanh. The title counts these outputs, and the units for which it is so for every
    sample: dead relus or saturated sigmoids, which don't learn. Activations that mix components, such as softmax, are
    not judged.

    Parameters
    ----------
    net : nNet
    data : Pairs or sequence of (x, y)
        The samples, as for `nNet.backprop`. At most 5,000 of them are used, evenly spaced.
    axes : Axes or array_like of Axes, optional
        The axes to draw on, one per layer. Default: a new figure.

    Returns
    -------
    list of matplotlib.axes.Axes
        One per layer.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError, ShapeError
        If an argument has the wrong type or shape, or axes does not have one entry per layer.
    PluginError
        If an activation fails.
    """
    X = samples_for(checked_net(net), data).X
    a = X[:: -(-len(X) // MOST_SAMPLES)].T
    findings = []
    for layer in net.layersList:
        with np.errstate(all="ignore"):
            z = layer.linearPass(a)
            a = layer.forwardPass(a)
            findings.append((a, _not_drawn(a) or _without_gradient(layer, z)))
    panels = panels_or_new(axes, len(net.layersList))
    for number, (ax, layer, (a, finding)) in enumerate(zip(panels, net.layersList, findings, strict=True), start=1):
        _draw_histogram(ax, a, "outputs")
        _label(ax, number, layer, finding, "output", "share of outputs")
    return panels


def _draw_histogram(ax: Axes, values: Array, label: str) -> None:
    drawn = values[_can_be_drawn(values)].astype(np.float64)
    limits = limits_around(float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    counts, edges = np.histogram(drawn, BINS, limits)
    ax.stairs(counts / values.size, edges, fill=True, color=COLORS[0], label=label)
    ax.grid(alpha=0.3)


def _without_gradient(layer: denseLayer, z: Array) -> str:
    """Describe how many outputs pass no gradient; empty if all do, or if the activation mixes components.

    Parameters
    ----------
    layer : denseLayer
    z : ndarray, shape (n_out, N)
        The layer's pre-activations.
    """
    derivative = layer.for_engine().activation.derivative
    if derivative is None:
        return ""
    slopes = np.abs(derivative(z))
    flat = slopes < FLAT * max(slopes.max(), np.abs(derivative(STEEP_REGION)).max())
    units = flat.all(axis=1).sum()
    return f"no gradient: {flat.mean():.0%} of outputs, {units} of {len(z)} units" if flat.any() else ""


def _can_be_drawn(values: Array) -> Array:
    """Return a mask of the values that are finite and not too large to draw."""
    # float32 can't hold the limit.
    found: Array = np.abs(values, dtype=np.float64) <= LARGEST_DRAWN
    return found


def _not_drawn(values: Array) -> str:
    """Describe how many values can't be drawn; empty if all can."""
    count, infinite = int((~_can_be_drawn(values)).sum()), int((~np.isfinite(values)).sum())
    what = "not finite" if count == infinite else f"beyond {LARGEST_DRAWN:g} or not finite"
    return f"{count} of {values.size} {what}" if count else ""


def _label(ax: Axes, number: int, layer: denseLayer, finding: str, x_label: str, y_label: str) -> None:
    activation = layer.resolved_activation
    name = f"{number}. {layer.n_in} -> {layer.n_out} {activation.spec if activation else 'linear'}"
    ax.set_title(f"{name}\n{finding}" if finding else name, fontsize="medium")
    ax.set(xlabel=x_label, ylabel=y_label)

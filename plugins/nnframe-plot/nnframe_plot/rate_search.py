"""A search for a good learning rate: the loss while the learning rate rises from update to update.

Too small rates change nothing, good ones lower the loss, and too large ones raise it again. Where the loss falls
steepest is a good rate to begin with.

Source: L. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ArgumentTypeError, DivergenceError, with_type
from nnframe.inputs.checks import finite_number, whole_number
from nnframe.network import nNet
from nnframe_plot.figure import axes_or_new
from nnframe_plot.inputs import checked_net, pairs_for
from nnframe_plot.palette import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnframe import Loss, Optimizer

# The search ends where the smoothed loss is this many times its minimum.
TOO_HIGH = 4.0
# The share of the updates before that a smoothed loss keeps, for a search of a hundred updates.
KEPT = 0.9
# Updates whose smoothed loss is not trusted yet, as a share of all.
FIRST = 0.05


class RateSearch(NamedTuple):
    """What `find_learning_rate` returns.

    Attributes
    ----------
    rates : ndarray, shape (n,)
        The learning rate of each update.
    losses : ndarray, shape (n,)
        The mean loss of its batch before it.
    smoothed : ndarray, shape (n,)
        A running mean of the losses.
    suggestion : float or None
        Where the smoothed loss falls steepest; None if it never falls.
    """

    rates: Array
    losses: Array
    smoothed: Array
    suggestion: float | None


def find_learning_rate(
    net: nNet,
    data: Any,
    loss: str | Loss,
    *,
    optimizer: str | Optimizer = "sgd",
    batch_size: int = 32,
    lowest: float = 1e-6,
    highest: float = 10.0,
    updates: int = 200,
    seed: int = 0,
    **settings: Any,
) -> RateSearch:
    """Raise the learning rate from update to update, on a copy of the net; the net itself stays as it is.

    Parameters
    ----------
    net : nNet
    data : sequence of (x, y)
        As in `nNet.nEpochs`.
    loss : str or Loss
    optimizer : str or Optimizer, optional
        Its own learning rate does not matter.
    batch_size : int, optional
    lowest, highest : float, optional
        The first and the last learning rate. The search ends earlier where the loss gets far above its minimum.
    updates : int, optional
        The number of updates. Each multiplies the learning rate by the same factor.
    seed : int, optional
        The order of the samples is drawn from it.
    **settings
        As in `nNet.trainer`: ``l2``, ``clip_norm``, ``dropout``, ``engine`` and others.

    Returns
    -------
    RateSearch

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used, or the loss is not finite at the lowest rate.
    NNFrameError
        As in `nNet.trainer`.

    Examples
    --------
    >>> import nnframe
    >>> net = nNet([nnframe.denseLayer([[0.0]])])
    >>> search = find_learning_rate(net, nnframe.pairs([[1.0], [2.0]], [[2.0], [4.0]]), "mse", batch_size=2)
    >>> 0.01 < search.suggestion < 1
    True
    """
    checked_net(net)
    lowest, highest = finite_number(lowest, "lowest", "1e-6"), finite_number(highest, "highest", "10.0")
    if not 0 < lowest < highest:
        raise ArgumentError(f"lowest is {lowest} and highest is {highest}, expected 0 < lowest < highest")
    updates, batch_size = whole_number(updates, "updates", 10), whole_number(batch_size, "batch_size")
    samples = pairs_for(net, data, loss)
    rng, order = np.random.default_rng(seed), np.empty(0, int)
    trainer = copy.deepcopy(net).trainer(loss, optimizer=optimizer, seed=seed, **settings)
    all_rates = np.geomspace(lowest, highest, updates)
    losses: list[float] = []
    smoothed: list[float] = []
    mean, kept = 0.0, KEPT ** (100 / updates)
    for rate in all_rates.tolist():
        if len(order) < min(batch_size, len(samples)):
            order = rng.permutation(len(samples))
        rows, order = order[:batch_size], order[batch_size:]
        x, y = samples.rows(rows, net.dtype)
        trainer.learning_rate = rate
        try:
            value = trainer.step(x.T, y.T)
        except DivergenceError:
            if not losses:
                raise
            break
        losses.append(value)
        mean = kept * mean + (1 - kept) * value
        smoothed.append(mean / (1 - kept ** len(losses)))
        if smoothed[-1] > TOO_HIGH * min(smoothed) and len(losses) > FIRST * updates:
            break
    rates = all_rates[: len(losses)]
    means = np.array(smoothed)
    return RateSearch(rates, np.array(losses), means, _steepest(rates, means, math.ceil(FIRST * updates)))


def learning_rate_curve(search: RateSearch, ax: Axes | None = None) -> Axes:
    """Draw the loss against the learning rate, and mark the suggested rate.

    Parameters
    ----------
    search : RateSearch
        The result of `find_learning_rate`.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentTypeError
        If an argument has the wrong type.
    """
    if not isinstance(search, RateSearch):
        raise ArgumentTypeError(f"search is {with_type(search)}, expected what find_learning_rate returns")
    ax = axes_or_new(ax)
    ax.plot(search.rates, search.losses, color=COLORS[0], alpha=0.3, label="loss of each batch")
    ax.plot(search.rates, search.smoothed, color=COLORS[0], label="running mean")
    if search.suggestion is not None:
        ax.axvline(search.suggestion, color=COLORS[1], linestyle="--", label=f"suggestion: {search.suggestion:.2g}")
    low, high = float(search.smoothed.min()), float(search.smoothed[: max(1, len(search.smoothed) // 2)].max())
    # What single batches lose at the end would hide the rest.
    margin = 0.1 * (high - low) or 0.1 * abs(high) or 0.1
    ax.set(
        xscale="log", xlabel="learning rate", ylabel="loss before the update", ylim=(low - margin, high + 5 * margin)
    )
    ax.grid(alpha=0.3)
    ax.legend()
    return ax


def _steepest(rates: Array, smoothed: Array, first: int) -> float | None:
    """Return the rate at which the smoothed loss falls steepest, before its minimum."""
    stop = int(np.argmin(smoothed)) + 1
    if stop - first < 2:
        return None
    slopes = np.gradient(smoothed[:stop], np.log(rates[:stop]))[first:]
    at = int(np.argmin(slopes))
    return float(rates[first + at]) if slopes[at] < 0 else None

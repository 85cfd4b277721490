"""The loss and the metrics of a net on a data set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.contracts.bound import Linear, Objective
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, PluginError, one_line, with_type
from nnframe.registry.blame import blamed_error
from nnframe.training.prepare import bound_loss, check_all_targets
from nnframe.training.run import Net
from nnframe.training.settings import named_metrics
from nnframe.training.stacking import as_pairs

# Large enough that the calls cost nothing, small enough that the activations of no data set fill the memory.
SAMPLES_AT_ONCE = 1024


@np.errstate(**TRAINING_ERRORS)
def evaluate(
    layers: Sequence[Linear],
    objective: Objective | None,
    data: Pairs,
    metrics: Mapping[str, Metric],
    rows: Array | None = None,
) -> tuple[float, dict[str, float]]:
    """Return the mean loss of a data set, and its metrics.

    Parameters
    ----------
    layers : sequence of Linear
    objective : Objective or None
        None to compute no loss; it is then 0.
    data : Pairs
    metrics : mapping of str to Metric
    rows : ndarray of int, optional
        The samples to use; all by default.

    Raises
    ------
    PluginError
        If a plugin fails.
    """
    dtype = layers[0].weights.dtype
    count = len(data) if rows is None else len(rows)
    outputs = np.empty((count, len(layers[-1].weights)), dtype) if metrics else None
    targets = np.empty((count, data.Y.shape[1]), dtype) if metrics else None
    total = 0.0
    for start in range(0, count, SAMPLES_AT_ONCE):
        part = slice(start, min(start + SAMPLES_AT_ONCE, count))
        x, y = data.rows(part if rows is None else rows[part], dtype)
        a = x.T
        for layer in layers:
            z = layer.weights @ a + layer.bias
            a = layer.activation.forward(z)
        if objective is not None:
            total += float(objective.value(z, a, y.T).sum(dtype=np.float64))
        if outputs is not None and targets is not None:
            outputs[part], targets[part] = a.T, y
    values = {}
    if outputs is not None and targets is not None:
        outputs.flags.writeable = targets.flags.writeable = False
        values = {name: metric_value(metric, outputs.T, targets.T) for name, metric in metrics.items()}
    return total / count, values


def metric_value(metric: Metric, a: Array, y: Array) -> float:
    """Return a metric of outputs a and targets y, both of shape (n, N); NaN for any metric if an output is NaN.

    Raises
    ------
    ArgumentError
        If the metric refuses its parameters or the shapes.
    PluginError
        If it fails.
    """
    if np.isnan(a).any():
        # Nothing can be said of such outputs, and most formulas would take a NaN for some number.
        return math.nan
    try:
        value = metric.value(a, y, **metric.settings)
    except ArgumentError:
        raise
    except (Exception, SystemExit) as error:
        raise blamed_error(PluginError, metric, "value", f"raised {one_line(error)}") from error
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.number))
        or isinstance(value, np.complexfloating)
    ):
        raise blamed_error(PluginError, metric, "value", f"returned {with_type(value)}; expected a number")
    return float(value)


def evaluate_net(net: Net, data: Any, loss: str | Loss | None, metrics: Sequence[str | Metric]) -> dict[str, float]:
    """Return what `nNet.evaluate` does."""
    objective = None if loss is None else bound_loss(net, loss)
    pairs = as_pairs(data, net.layersList[0].n_in, net.layersList[-1].n_out)
    if objective is not None:
        check_all_targets(objective.plugin, pairs, "data")
    layers = [layer.for_engine() for layer in net.layersList]
    mean_loss, values = evaluate(layers, objective, pairs, named_metrics(metrics, "metrics"))
    return ({} if objective is None else {"loss": mean_loss}) | values

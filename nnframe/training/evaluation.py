"""The loss and the metrics of a net on a data set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.blas.threads import product
from nnframe.contracts.bound import Linear, Objective
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.team import Team
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, PluginError, one_line, with_type
from nnframe.registry.answers import point_of
from nnframe.registry.blame import blamed_error
from nnframe.training.by_name import for_loss
from nnframe.training.prepare import bound_loss, check_all_targets, n_targets_of
from nnframe.training.run import Net
from nnframe.training.settings import named_metrics
from nnframe.training.stacking import as_pairs
from nnframe.training.together import ALONE, gathered, in_first

# Large enough that the calls cost nothing, small enough that the activations of no data set fill the memory.
SAMPLES_AT_ONCE = 1024


@np.errstate(**TRAINING_ERRORS)
def evaluate(
    layers: Sequence[Linear],
    objective: Objective | None,
    data: Pairs,
    metrics: Mapping[str, Metric],
    rows: Array | None = None,
    team: Team = ALONE,
    reader: Loss | None = None,
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
    team : Team, optional
        The processes among which the samples are divided, or of which each has its own.
    reader : Loss, optional
        The loss that reads from the outputs the predictions that metrics see; by default the objective's.

    Raises
    ------
    PluginError
        If a plugin fails.
    """
    count = len(data) if rows is None else len(rows)
    reader = reader if objective is None else objective.plugin
    if reader is not None:
        data, _ = for_loss(reader, data)
    first, last = 0, count
    if not team.has_shards:
        first, last = count * team.rank // team.size, count * (team.rank + 1) // team.size
    parts = gathered(team, lambda: _outputs(layers, objective, data, bool(metrics), rows, first, last, reader))

    def values_of_all() -> dict[str, float]:
        outputs, targets = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
        outputs.flags.writeable = targets.flags.writeable = False
        return {name: metric_value(metric, outputs.T, targets.T) for name, metric in metrics.items()}

    values = in_first(team, values_of_all) if metrics else {}
    total, n_samples = sum(part[0] for part in parts), sum(part[3] for part in parts)
    return total / n_samples if n_samples else math.nan, values


def _outputs(
    layers: Sequence[Linear],
    objective: Objective | None,
    data: Pairs,
    keeps_outputs: bool,
    rows: Array | None,
    first: int,
    last: int,
    reader: Loss | None,
) -> tuple[float, Array, Array, int]:
    """Return the sum of the losses of some samples, their predictions and targets as rows, and their number."""
    dtype = layers[0].weights.dtype
    n_targets = len(layers[-1].weights) // (1 if reader is None else reader.n_outputs)
    outputs, targets = (np.empty((last - first if keeps_outputs else 0, n_targets), dtype) for _ in range(2))
    total = 0.0
    for start in range(first, last, SAMPLES_AT_ONCE):
        part = slice(start, min(start + SAMPLES_AT_ONCE, last))
        x, y = data.rows(part if rows is None else rows[part], dtype)
        a = x.T
        for layer in layers:
            z = product(layer.weights, a) + layer.bias
            a = layer.activation.forward(z)
        if objective is not None:
            total += float(objective.value(z, a, y.T).sum(dtype=np.float64))
        if keeps_outputs:
            kept = slice(part.start - first, part.stop - first)
            outputs[kept], targets[kept] = point_of(reader, a).T, y[:, :n_targets]
    return total, outputs, targets, last - first


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
    reader = net.trained_for if objective is None else objective.plugin
    if isinstance(reader, str):
        reader = registry.resolve(Loss, reader)
    n_targets = net.layersList[-1].n_out if reader is None else n_targets_of(net, reader)
    pairs = as_pairs(data, net.layersList[0].n_in, n_targets, outputs_of=reader)
    if objective is not None:
        check_all_targets(objective.plugin, pairs, "data")
    layers = [layer.for_engine() for layer in net.layersList]
    mean_loss, values = evaluate(layers, objective, pairs, named_metrics(metrics, "metrics"), reader=reader)
    return ({} if objective is None else {"loss": mean_loss}) | values

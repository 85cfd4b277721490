"""What makes two runs the same run: the settings, the net and the data, as JSON.

A checkpoint is taken only by a run with the same identity.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.contracts.plugin import Plugin
from nnframe.data import Pairs
from nnframe.training.run import TrainingRun
from nnframe.training.settings import Settings

# Larger data is identified by some of its rows: a run must not wait for a checksum over all of them.
MOST_BYTES_SUMMED = 2**28
ROWS_SUMMED = 1000

# Callbacks only follow a run, and the seed is compared apart, since it may have been drawn. The weights of classes are
# in those of the samples. Any engine can continue a run, with other rounding.
NOT_COMPARED = ("callbacks", "seed", "class_weights", "engine")


def settings_identity(settings: Settings, net: TrainingTask | BoundNet) -> dict[str, Any]:
    """Return what decides what is computed for given data, besides the seed: the settings and the net.

    Plugins are identified by their names and parameters.
    """
    identity = {each.name: _as_json(getattr(settings, each.name)) for each in fields(Settings)}
    for name in NOT_COMPARED:
        del identity[name]
    return identity | {
        "layers": [[*layer.weights.shape, _as_json(layer.activation.plugin)] for layer in net.layers],
        "dtype": str(net.layers[0].weights.dtype),
        "dropout": list(net.dropout),
        "layer_rates": None if net.rule.factors is None else list(net.rule.factors),
        # Without a schedule, the number of epochs makes no difference to any one of them.
        "n": settings.n if settings.schedule is not None else None,
    }


def identity_of(run: TrainingRun) -> dict[str, Any]:
    """Return what decides what a run computes, besides its seed.

    Data of more than `MOST_BYTES_SUMMED` is identified by some of its rows.
    """
    return settings_identity(run.settings, run.task) | dict(run.digests or data_digests(run))


def data_digests(run: TrainingRun, data: Pairs | None = None, sample_weights: Array | None = None) -> dict[str, Any]:
    """Return what identifies the data, the validation data and the sample weights of a run.

    Parameters
    ----------
    run : TrainingRun
    data, sample_weights : optional
        A part of the run's data, and its weights.
    """
    if data is None:
        data, sample_weights = run.task.data, run.task.sample_weights
    return {
        "validation": run.plan.held_out_share if run.validation_data is None else _digest_of(run.validation_data),
        "data": _digest_of(data),
        "sample_weights": None if sample_weights is None else zlib.crc32(sample_weights.tobytes()),
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, Plugin):
        return value.spec
    return list(value) if isinstance(value, (Mapping, tuple)) else value


def _digest_of(data: Pairs) -> list[int]:
    """Return the shapes of a data set and a checksum of its rows, or of some of them if it is large."""
    count = len(data)
    if count == 0:
        return [0, data.X.shape[1], data.Y.shape[1], 0]
    if data.X.nbytes + data.Y.nbytes > MOST_BYTES_SUMMED:
        count = ROWS_SUMMED
    crc = 0
    for rows in np.array_split(np.unique(np.linspace(0, len(data) - 1, count).astype(int)), -(-count // 4096)):
        crc = zlib.crc32(data.Y[rows].tobytes(), zlib.crc32(data.X[rows].tobytes(), crc))
    return [len(data), data.X.shape[1], data.Y.shape[1], crc]

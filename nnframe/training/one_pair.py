"""A call of `nNet.backprop` with one pair, which costs little more than its update: what a call prepares is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.errors import DataError, DivergenceError
from nnframe.training.run import Net
from nnframe.training.settings import Settings, engine_or_default
from nnframe.training.stepping import Stepping


class KeptTrainer(NamedTuple):
    """A trainer, and what it was made for."""

    trainer: Stepping
    layers: tuple[Linear, ...]
    loss: Loss
    engine: Engine


def train_on_pair(
    net: Net, pair: Any, loss: str | Loss, learning_rate: float, kept: KeptTrainer | None
) -> tuple[float | None, KeptTrainer | None]:
    """Make one update for a pair of columns.

    Parameters
    ----------
    net : nNet
    pair : tuple of ndarray, shapes (n_in, 1) and (n_out, 1)
    loss : str or Loss
    learning_rate : float
    kept : KeptTrainer or None
        What the call before returned.

    Returns
    -------
    loss : float or None
        The loss before the update; None if the pair has to take the way of all data, which words every error. Nothing
        has changed then.
    kept : KeptTrainer or None
        For the next call.
    """
    if type(pair) is not tuple or not all(type(each) is np.ndarray and each.shape[1:] == (1,) for each in pair):
        return None, kept
    x, y = pair
    found, engine = registry.resolve(Loss, loss), engine_or_default(None, "engine")
    if kept is None or kept.loss is not found or kept.engine is not engine or not _are_same(net, kept.layers):
        layers = tuple(layer.for_engine() for layer in net.layersList)
        settings = Settings.of(loss=found, learning_rate=learning_rate, engine=engine)
        # Checked after every update, so that a net is never left with weights that are not finite.
        kept = KeptTrainer(Stepping(net, settings, check_every=1), layers, found, engine)
    trainer = kept.trainer
    trainer.learning_rate = learning_rate
    try:
        # The weights may have been changed since the last call.
        trainer.check()
        return trainer.step(x, y), kept
    except (DataError, DivergenceError):
        return None, None


def _are_same(net: Net, layers: tuple[Linear, ...]) -> bool:
    """Whether a net still has these arrays and activations."""
    if len(net.layersList) != len(layers):
        return False
    for layer, kept in zip(net.layersList, layers, strict=True):
        current = layer.for_engine()
        if not (
            current.weights is kept.weights and current.bias is kept.bias and current.activation is kept.activation
        ):
            return False
    return True

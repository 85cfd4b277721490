"""A call of `nNet.backprop` with one pair, which costs little more than its update: what a call prepares is kept."""

from __future__ import annotations

import os
import threading
from operator import is_
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.errors import DataError, DivergenceError
from nnframe.layer import check_chain, denseLayer
from nnframe.registry.guard import is_built_in
from nnframe.training.run import Net
from nnframe.training.settings import ENGINE_VARIABLE, Settings, engine_or_default
from nnframe.training.stepping import Stepping


class KeptTrainer:
    """Makes updates for single pairs, and is kept by the net between calls.

    Parameters
    ----------
    net : nNet
    loss : str or Loss
    learning_rate : float

    Raises
    ------
    NNFrameError
        If an argument can't be used.
    """

    def __init__(self, net: Net, loss: str | Loss, learning_rate: float) -> None:
        check_chain(net.layersList)
        self._loss, self._engine_name = loss, os.environ.get(ENGINE_VARIABLE)
        self._found_loss, self._engine = _found(loss)
        # Nobody can take over the names of built-in plugins, so they mean the same in every call.
        self._is_lasting = is_built_in(self._found_loss) and is_built_in(self._engine)
        self._layers = list(net.layersList)
        self._contents = [_contents(layer) for layer in self._layers]
        settings = Settings.of(loss=self._found_loss, learning_rate=learning_rate, engine=self._engine)
        # Checked after every update, so that a net is never left with weights that are not finite. Several processes
        # make a run of the pair.
        self._trainer = Stepping(net, settings, check_every=1) if self._engine.team is None else None
        self._trained_for = net.trained_for
        # Its memory is for one update at a time.
        self._lock = threading.Lock()

    def fits(self, net: Net, loss: str | Loss) -> bool:
        """Whether the net and the plugins are still those that this was made for."""
        layers = net.layersList
        if (
            net.trained_for is not self._trained_for
            or len(layers) != len(self._layers)
            or not all(map(is_, layers, self._layers))
        ):
            return False
        for layer, known in zip(layers, self._contents, strict=True):
            contents = vars(layer).values()
            if len(contents) != len(known) or not all(map(is_, contents, known)):
                return False
        if self._is_lasting and loss is self._loss and os.environ.get(ENGINE_VARIABLE) == self._engine_name:
            return True
        return _found(loss) == (self._found_loss, self._engine)

    def train(self, pair: Any, learning_rate: float) -> float | None:
        """Make one update for a pair of columns.

        Returns
        -------
        float or None
            The loss before the update. None if something is wrong with the pair or the weights, or another thread is
            at an update; nothing has changed then, and training with the same arguments as a run of one pair either
            works or says what is wrong.
        """
        trainer = self._trainer
        if trainer is None or type(pair) is not tuple or len(pair) != 2 or self._found_loss.learned:
            # The learned parameters of a loss begin anew in each run.
            return None
        x, y = pair
        if not (type(x) is type(y) is np.ndarray and x.shape[1:] == y.shape[1:] == (1,)):
            return None
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if learning_rate != trainer.learning_rate:
                trainer.learning_rate = learning_rate
            # The weights may have been changed since the last call.
            trainer.check()
            return trainer.step(x, y)
        except (DataError, DivergenceError):
            return None
        finally:
            self._lock.release()


def _found(loss: str | Loss) -> tuple[Loss, Engine]:
    return registry.resolve(Loss, loss), engine_or_default(None, "engine")


def _contents(layer: denseLayer) -> list[Any]:
    return list(vars(layer).values())

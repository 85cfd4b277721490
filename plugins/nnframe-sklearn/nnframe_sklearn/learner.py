"""A trainer that survives pickling: the optimizer's state and the number of updates come back with the estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnframe import Array, nNet
from nnframe.arrays import copy_all
from nnframe.training.trainer import Trainer


class Learner:
    """Makes updates of a net, and keeps the optimizer's state in between.

    Parameters
    ----------
    net : nNet
    settings : dict
        The arguments of `nNet.trainer`. Another learner of the same optimizer may go on with other ones.
    """

    def __init__(self, net: nNet, settings: dict[str, Any]) -> None:
        self._net, self._settings = net, settings
        self._kept: dict[str, Any] | None = None
        self._made: Trainer | None = None

    @property
    def trainer(self) -> Trainer:
        """The trainer."""
        if self._made is None:
            self._made = self._net.trainer(**self._settings)
            if self._kept is not None:
                self._restore(self._made, self._kept)
                self._kept = None
        return self._made

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        return self.trainer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.trainer.learning_rate = value

    def update(self, settings: dict[str, Any]) -> None:
        """Go on with other settings, such as another penalty; the optimizer must be the same."""
        if settings != self._settings:
            self._kept, self._made, self._settings = self._state(), None, settings

    def step(self, rows: Array, targets: Array, weights: Array | None) -> float:
        """Make an update for a batch, and return its mean loss before.

        Parameters
        ----------
        rows, targets : ndarray, shapes (B, n_in) and (B, n_out)
        weights : ndarray, shape (B,), or None
        """
        return self.trainer.step(rows.T, targets.T, weights)

    def _state(self) -> dict[str, Any]:
        if self._kept is not None:
            return self._kept
        trainer = self.trainer
        state = trainer.bound.rule.state
        return {
            "arrays": [array.copy() for array in state.arrays],
            "updates": int(state.updates),
            "steps": trainer.steps,
            "seed": trainer.seed,
            "learning_rate": trainer.learning_rate,
        }

    @staticmethod
    def _restore(trainer: Trainer, kept: dict[str, Any]) -> None:
        state = trainer.bound.rule.state
        copy_all(state.arrays, kept["arrays"])
        state.updates[...] = np.int64(kept["updates"])
        trainer.learning_rate = kept["learning_rate"]
        trainer.continue_from(kept["steps"], kept["seed"], 0.0, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {"_net": self._net, "_settings": self._settings, "_kept": self._state(), "_made": None}

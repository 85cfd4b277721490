"""A training run: the epochs of one call of `nNet.nEpochs`."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

from nnframe import registry
from nnframe.arrays import whole_number
from nnframe.binding import bind_engine, bind_objective
from nnframe.data import as_pairs
from nnframe.engine import Engine, TrainingTask
from nnframe.history import History
from nnframe.loss import Loss
from nnframe.training.plan import Plan
from nnframe.training.settings import checked_descent, checked_number, checked_positive
from nnframe.training.task import update_rule

if TYPE_CHECKING:
    from nnframe.network import nNet
    from nnframe.optimizer import Optimizer
    from nnframe.schedule import Schedule

ENGINE_VARIABLE = "NNFRAME_ENGINE"
DEFAULT_ENGINE = "numpy"


class TrainingRun:
    """A training run of a net; the parameters are those of `nNet.nEpochs`.

    Attributes
    ----------
    net : nNet
    n_epochs : int
        How many epochs were asked for.
    epoch : int
        How many are done.
    history : History
    """

    def __init__(
        self,
        net: nNet,
        n: int,
        data: Any,
        loss: str | Loss,
        learning_rate: float | None,
        batch_size: int,
        *,
        engine: str | Engine | None,
        optimizer: str | Optimizer | None,
        schedule: str | Schedule | None,
        l1: float,
        l2: float,
        clip_value: float | None,
        clip_norm: float | None,
        shuffle: bool,
        seed: int | None,
    ) -> None:
        self.net = net
        self.n_epochs = whole_number(n, "n", minimum=0)
        self.epoch = 0
        self.history = History()
        size = whole_number(batch_size, "batch_size")
        descent = checked_descent(learning_rate, optimizer, schedule)
        layers = tuple(layer.for_engine() for layer in net.layersList)
        rule = update_rule(
            layers,
            descent.optimizer,
            checked_number(l1, "l1", "0.001"),
            checked_number(l2, "l2", "0.001"),
            checked_positive(clip_value, "clip_value"),
            checked_positive(clip_norm, "clip_norm"),
        )
        first, last = net.layersList[0], net.layersList[-1]
        objective = bind_objective(registry.resolve(Loss, loss), last.resolved_activation)
        samples = as_pairs(data, first.n_in, last.n_out)
        seed = secrets.randbits(63) if seed is None else whole_number(seed, "seed", minimum=0)
        self.plan = Plan(self.n_epochs, len(samples), size, bool(shuffle), seed, descent)
        self.task = TrainingTask(layers, objective, samples, size, rule)
        chosen = engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE
        self._run_epoch = bind_engine(registry.resolve(Engine, chosen), self.task)

    def run(self) -> History:
        """Run the epochs and return what was seen."""
        while self.epoch < self.n_epochs:
            self.history.loss.append(self._run_epoch(self.plan.epoch(self.epoch)))
            self.epoch += 1
        return self.history

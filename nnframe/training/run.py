"""A training run: one call of `nNet.nEpochs`, as its callbacks see it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from nnframe.arrays import Array
from nnframe.contracts.engine import TrainingTask
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.contracts.team import Team
from nnframe.data import Pairs
from nnframe.errors import ArgumentError
from nnframe.history import History
from nnframe.inputs.checks import finite_number
from nnframe.layer import denseLayer
from nnframe.training.callback_runner import CallbackRunner
from nnframe.training.plan import Plan
from nnframe.training.settings import Settings
from nnframe.training.snapshot import Snapshot
from nnframe.training.together import ALONE

if TYPE_CHECKING:
    from nnframe.contracts.metric import Metric


class Net(Protocol):
    """What a run and its callbacks need of a net; `nnframe.nNet` has it."""

    layersList: list[denseLayer]
    trained_for: str | Loss | None

    def forwardPass(self, v: Any, return_all_steps: Literal[False]) -> Array:
        """Return the output of the last layer."""


@dataclass
class TrainingRun:
    """A training run.

    Attributes
    ----------
    net : nNet
        With its live weights.
    settings : Settings
        The arguments of the call, checked.
    task : TrainingTask
        What the engine is given.
    plan : Plan
        The epochs.
    callbacks : CallbackRunner
    validation_data : Pairs or None
        Data passed as `validation`. Rows held out of the data are in `Plan.held_out` instead.
    history : History
    epoch : int
        The number of finished epochs.
    batch : int
        The number of finished batches of the current epoch.
    loss_sum, seconds : float
        The sum of the losses of these batches, and the time they took.
    batches_per_part : int or None
        The number of batches between two calls of ``nnframe_part_end``; None for whole epochs. A callback may lower it
        in ``nnframe_train_start``.
    part_loss : float
        The mean loss over the samples of the part, or of the batch, that has just ended; NaN before the first.
    evaluations : int
        The number of passes over all rows that an optimizer of whole data has made in this call; else 0.
    error : BaseException or None
        What ended the run, once ``nnframe_train_end`` is called.
    snapshot : Snapshot
        The weights and the optimizer's state before the part that is running.
    team : Team
        The processes that make the run together.
    digests : mapping or None
        What identifies the data of all processes, as `nnframe.training.run_identity` stores it; None for one process.
    """

    net: Net
    settings: Settings
    task: TrainingTask
    plan: Plan
    callbacks: CallbackRunner
    validation_data: Pairs | None
    team: Team = ALONE
    digests: Mapping[str, Any] | None = None
    history: History = field(init=False)
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    batches_per_part: int | None = None
    part_loss: float = math.nan
    evaluations: int = 0
    error: BaseException | None = None
    snapshot: Snapshot = field(init=False)
    _learning_rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(
            metrics={name: [] for name in self.metrics},
            loss_parameters={name: [] for name in learned_of(self.settings.loss)},
            seed=self.plan.seed,
        )
        self.snapshot = Snapshot(self.task)
        self._learning_rate = self.settings.learning_rate

    @property
    def learning_rate(self) -> float:
        """The learning rate before the schedule. A callback may assign another, which holds from the next part on.

        It is 1 for an optimizer that has none, such as lbfgs.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            On assignment, if it is not a finite number of at least 0, or the optimizer has no learning rate.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        checked = finite_number(value, "learning_rate", "0.1")
        optimizer = self.settings.optimizer
        if optimizer is not None and "learning_rate" not in optimizer.settings and checked != self._learning_rate:
            raise ArgumentError(
                f"learning_rate is {checked}, and optimizer {optimizer.spec!r} has none: it chooses its steps itself; "
                f"leave out what changes the learning rate"
            )
        self._learning_rate = checked

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics, by the names under which the history has them."""
        return self.settings.metrics

    @property
    def n_samples(self) -> int:
        """The number of samples in an epoch."""
        return self.plan.n_samples

    def samples_up_to(self, batch: int) -> int:
        """Return the number of samples in the first batches of an epoch."""
        return min(batch * self.plan.batch_size, self.n_samples)

    @property
    def n_epochs(self) -> int:
        """The number of epochs that was asked for."""
        return self.plan.n_epochs

    @property
    def is_over(self) -> bool:
        """Whether all epochs are finished, or a callback has stopped the run."""
        return self.epoch >= self.n_epochs or self.history.stopped is not None

    @property
    def has_validation(self) -> bool:
        """Whether there is validation data."""
        return self.validation_data is not None or self.plan.held_out is not None

    @property
    def weights(self) -> list[Array]:
        """The live arrays of all that is trained, layer by layer; a layer that the net uses twice counts once."""
        return self.snapshot.weights

    @property
    def live_arrays(self) -> list[Array]:
        """The weights and the optimizer's state: everything that an update changes."""
        return self.snapshot.live

    def stop(self, reason: str) -> None:
        """End the run after the part, the batch or the epoch that has just ended.

        The epoch then counts as finished, and the history has what there is of it.

        Parameters
        ----------
        reason : str
            For `History.stopped`.
        """
        self.history.stopped = reason

    def continue_from(
        self, epoch: int, batch: int, seed: int, learning_rate: float, loss_sum: float, seconds: float
    ) -> None:
        """Set how far the run is, its seed and learning rate, and what the current epoch has added up so far."""
        self.epoch, self.batch, self.loss_sum, self.seconds = epoch, batch, loss_sum, seconds
        self.learning_rate = learning_rate
        self.plan = replace(self.plan, seed=seed)
        self.history.seed = seed

"""A training run: one call of `nNet.nEpochs`, as its callbacks see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from nnframe.arrays import Array
from nnframe.contracts.engine import Engine, TrainingTask
from nnframe.contracts.metric import Metric
from nnframe.data import Pairs
from nnframe.history import History
from nnframe.layer import denseLayer
from nnframe.training.divergence import Snapshot
from nnframe.training.plan import Plan


class Net(Protocol):
    """A net, as far as a run and its callbacks need to know it; `nnframe.nNet` is one."""

    layersList: list[denseLayer]

    def forwardPass(self, v: Any, return_all_steps: Literal[False]) -> Array:
        """Return the last layer's output."""


@dataclass
class TrainingRun:
    """A training run.

    Attributes
    ----------
    net : nNet
        Its weights are the live ones.
    task : TrainingTask
        What the engine was given.
    plan : Plan
        The epochs.
    engine : Engine
    validation_data : Pairs or None
        What was passed as such; rows that are held out of the data are in `Plan.held_out`.
    metrics : mapping of str to Metric
        By the names as they were given.
    callbacks : sequence of (str, object)
        All callbacks of the run, with their names.
    seed_was_drawn : bool
        Whether the caller left the seed out.
    history : History
    epoch : int
        How many epochs are done.
    batch : int
        How many batches of the current epoch are done.
    loss_sum, seconds : float
        The sum of the losses of these batches, and how long they took.
    batches_per_part : int or None
        How many batches are run between two calls of ``nnframe_part_end``; None for whole epochs. A callback may make
        it smaller in ``nnframe_train_start``.
    error : BaseException or None
        What ended the run, in ``nnframe_train_end``.
    snapshot : Snapshot
        The weights and the optimizer's state before the part that runs.
    """

    net: Net
    task: TrainingTask
    plan: Plan
    engine: Engine
    validation_data: Pairs | None
    metrics: Mapping[str, Metric]
    callbacks: Sequence[tuple[str, object]]
    seed_was_drawn: bool
    history: History = field(init=False)
    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    batches_per_part: int | None = None
    error: BaseException | None = None
    snapshot: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(metrics={name: [] for name in self.metrics}, seed=self.plan.seed)
        self.snapshot = Snapshot(self.task)

    @property
    def n_epochs(self) -> int:
        """How many epochs were asked for."""
        return self.plan.n_epochs

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or a callback has stopped the run."""
        return self.epoch >= self.n_epochs or self.history.stopped is not None

    @property
    def has_validation(self) -> bool:
        """Whether there is validation data."""
        return self.validation_data is not None or self.plan.held_out is not None

    @property
    def weights(self) -> list[Array]:
        """The live arrays of weights and biases, layer after layer; a layer that is there twice counts once."""
        return self.snapshot.weights

    @property
    def live_arrays(self) -> list[Array]:
        """The weights and the optimizer's state: all that an update changes."""
        return self.snapshot.live

    def stop(self, reason: str) -> None:
        """Make this epoch the last.

        Parameters
        ----------
        reason : str
            For `History.stopped`.
        """
        self.history.stopped = reason

    def go_on_from(self, epoch: int, batch: int, seed: int, loss_sum: float, seconds: float) -> None:
        """Set how many epochs and batches are done, the seed, and what the current epoch has added up so far."""
        self.epoch, self.batch, self.loss_sum, self.seconds = epoch, batch, loss_sum, seconds
        self.plan = replace(self.plan, seed=seed)
        self.history.seed = seed

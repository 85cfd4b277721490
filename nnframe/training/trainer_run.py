"""What callbacks see of a trainer: the attributes of a `TrainingRun`, where an epoch is a number of updates."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nnframe.arrays import Array
from nnframe.contracts.metric import Metric
from nnframe.training.stepping import Stepping


class TrainerRun:
    """One call of `Trainer.run`, as its callbacks see it.

    Attributes
    ----------
    trainer : Stepping
    part_loss : float
        The mean loss of the epoch that has just ended; in ``nnframe_batch_end``, of the update.
    error : BaseException or None
        What ended the run, in ``nnframe_train_end``.
    """

    metrics: Mapping[str, Metric] = {}
    has_validation = False
    batches_per_part: int | None = None

    def __init__(self, trainer: Stepping) -> None:
        self.trainer = trainer
        self.part_loss = math.nan
        self.error: BaseException | None = None
        self.net, self.settings, self.history = trainer.net, trainer.settings, trainer.history
        self.history.stopped = None

    @property
    def epoch(self) -> int:
        """The number of finished epochs, of `Stepping.steps_per_epoch` updates each."""
        return self.trainer.steps // self.trainer.steps_per_epoch

    @property
    def n_epochs(self) -> int | None:
        """The number of epochs that a schedule spans; None without a schedule, since a stream may never end."""
        return self.settings.n if self.settings.schedule is not None else None

    @property
    def n_samples(self) -> int:
        """The number of samples in the last epoch."""
        return self.trainer.samples_in_epoch

    @property
    def batch(self) -> int:
        """The number of updates made in the current epoch."""
        return self.trainer.steps % self.trainer.steps_per_epoch

    @property
    def is_over(self) -> bool:
        """Whether a callback has stopped the run."""
        return self.history.stopped is not None

    @property
    def learning_rate(self) -> float:
        """The learning rate before the schedule. A callback may assign another."""
        return self.trainer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.trainer.learning_rate = value

    @property
    def weights(self) -> list[Array]:
        """The live arrays of all that is trained, layer by layer."""
        return self.trainer.weights

    def stop(self, reason: str) -> None:
        """End the run after this update.

        Parameters
        ----------
        reason : str
            For `History.stopped`.
        """
        self.history.stopped = reason

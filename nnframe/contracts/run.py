"""What a callback sees of a training run; both a run of epochs and a trainer's run are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nnframe.arrays import Array
from nnframe.contracts.metric import Metric
from nnframe.history import History


class Run(Protocol):
    """A training run.

    Attributes
    ----------
    net : nNet
        With its live weights.
    history : History
        The record of the run so far.
    batches_per_part : int or None
        The number of batches between two calls of ``nnframe_part_end``; None for whole epochs. A callback may lower it
        in ``nnframe_train_start``.
    part_loss : float
        The mean loss over the samples of the part, or of the batch, that has just ended; NaN before the first.
    error : BaseException or None
        What ended the run, once ``nnframe_train_end`` is called.
    """

    net: Any
    history: History
    batches_per_part: int | None
    part_loss: float
    error: BaseException | None

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""

    @property
    def n_epochs(self) -> int | None:
        """The number of epochs that was asked for; None for a stream that may never end."""

    @property
    def batch(self) -> int:
        """The number of finished batches of the current epoch."""

    @property
    def n_samples(self) -> int:
        """The number of samples in an epoch."""

    @property
    def learning_rate(self) -> float:
        """The learning rate before the schedule. A callback may assign another, which holds from the next part on."""

    @learning_rate.setter
    def learning_rate(self, value: float) -> None: ...

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics, by the names under which the history has them."""

    @property
    def has_validation(self) -> bool:
        """Whether there is validation data."""

    @property
    def is_over(self) -> bool:
        """Whether all epochs are finished, or a callback has stopped the run."""

    @property
    def weights(self) -> list[Array]:
        """The live arrays of all that is trained, layer by layer; a layer that the net uses twice counts once.

        For each layer its weights, its bias and its learned parameters; at the end those of the loss.
        """

    def stop(self, reason: str) -> None:
        """End the run after the part, the batch or the epoch that has just ended; `History.stopped` has the reason."""

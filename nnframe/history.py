"""The record of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """The record of a call of `nNet.nEpochs`.

    Attributes
    ----------
    loss : list of float
        The mean loss over the samples of each epoch, each taken before the update it led to, times its weight if any.
        With an optimizer that sees the whole data, such as lbfgs, it is taken after the iteration.
        If a callback stops the run within an epoch, the last one has the samples up to there.
    validation_loss : list of float
        The mean loss over the validation data after each epoch; empty without such data.
    metrics : dict of str to list of float
        By their names as given, the value after each epoch: over the validation data if there is any, else over the
        training data.
    loss_parameters : dict of str to list of float
        The learned parameters of the loss, by name, after each epoch.
    learning_rate : list of float
        The learning rate of each epoch, before the schedule.
    seconds : list of float
        The duration of each epoch, without validation and metrics.
    seed : int
        The seed of all random choices.
    stopped : str or None
        Why a callback stopped the run; None if none did.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    loss_parameters: dict[str, list[float]] = field(default_factory=dict)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, compare=False)
    seed: int = field(default=0, compare=False)
    stopped: str | None = None

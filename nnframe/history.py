"""What a training run saw."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """What `nNet.nEpochs` saw.

    Attributes
    ----------
    loss : list of float
        The mean loss over the samples of each epoch, each sample's taken before the
        update that it led to, times its weight where there are weights.
    validation_loss : list of float
        The mean loss over the validation data after each epoch; empty without such data.
    metrics : dict of str to list of float
        By the name as it was given, the value after each epoch: over the validation data where there is any, else over
        the data that is trained with.
    seconds : list of float
        How long each epoch took, without validation and metrics.
    seed : int
        What all random choices of the run were drawn from.
    stopped : str or None
        Why the run ended before its last epoch; None if it didn't.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list, compare=False)
    seed: int = field(default=0, compare=False)
    stopped: str | None = None

"""What a training run saw."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """What `nNet.nEpochs` saw.

    Attributes
    ----------
    loss : list of float
        The mean loss over the samples of each epoch, each sample's taken before the update that it led to.
    """

    loss: list[float] = field(default_factory=list)

"""All that a callback can follow of a training run: one hook a moment.

They are called on the objects in ``nEpochs(callbacks=[...])`` of that run, and on no others.
"""

from __future__ import annotations

from nnframe.contracts.markers import hookspec
from nnframe.contracts.run import Run


@hookspec
def nnframe_train_start(run: Run) -> None:
    """Begin to follow a run, before its first epoch."""


@hookspec
def nnframe_part_end(run: Run) -> None:
    """See a part of an epoch end, every ``run.batches_per_part`` batches and at the end of the epoch."""


@hookspec
def nnframe_epoch_end(run: Run) -> None:
    """See an epoch end, when its loss and metrics stand in ``run.history``."""


@hookspec
def nnframe_train_end(run: Run) -> None:
    """See the run end, whichever way: ``run.error`` is the exception that ended it, or None."""

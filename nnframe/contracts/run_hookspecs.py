"""The hooks of a training run, one for each event that a callback can react to.

They are called on the callbacks of that run, and on no other objects.
"""

from __future__ import annotations

from nnframe.contracts.markers import hookspec
from nnframe.contracts.run import Run


@hookspec
def nnframe_train_start(run: Run) -> None:
    """React to the start of a run, before its first epoch."""


@hookspec
def nnframe_batch_end(run: Run) -> None:
    """React to the end of a batch, whose mean loss is ``run.part_loss``.

    A run in which a callback has this hook goes back to Python after each batch, which takes time with small ones.
    """


@hookspec
def nnframe_part_end(run: Run) -> None:
    """React to the end of a part: every ``run.batches_per_part`` batches, and at the end of each epoch.

    ``run.part_loss`` is the mean loss of the part.
    """


@hookspec
def nnframe_epoch_end(run: Run) -> None:
    """React to the end of an epoch, when ``run.history`` has its loss and metrics."""


@hookspec
def nnframe_train_end(run: Run) -> None:
    """React to the end of the run, in whatever way: ``run.error`` is the exception that ended it, or None."""

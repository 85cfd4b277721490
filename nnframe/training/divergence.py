"""The search for the batch in which numbers stop being finite, and the way back to the weights before it.

Nothing is checked within a part of an epoch, which would slow down every batch of every net. If a part ends with
numbers that are not finite, it is run again, bisecting until the first such batch is found: the same batches always
lead to the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nnframe.contracts.engine import Epoch, TrainingTask
from nnframe.contracts.team import Team
from nnframe.errors import DivergenceError
from nnframe.training.diagnosis import Finding, diagnosis, most_telling, part_of
from nnframe.training.snapshot import Snapshot
from nnframe.training.together import ALONE, gathered


def run_checked(
    task: TrainingTask,
    run_part: Callable[[Epoch], float],
    snapshot: Snapshot,
    epoch: Epoch,
    number: int,
    first: int,
    stop: int,
    loss_sum: float,
    team: Team = ALONE,
) -> float:
    """Run some batches of an epoch, and return the sum of the losses up to their end.

    Parameters
    ----------
    task : TrainingTask
    run_part : callable
        Runs a part of an epoch and returns the sum of the losses.
    snapshot : Snapshot
    epoch : Epoch
        The whole epoch.
    number : int
        Its number, counted from 0.
    first, stop : int
        The first batch to run, and the one to stop before.
    loss_sum : float
        The sum of the losses of the batches before the first.
    team : Team, optional
        The processes that run it together, each of which looks for the cause in its share.

    Raises
    ------
    DivergenceError
        If the loss or a weight is not finite afterwards. The weights and the optimizer's state are then those before
        the batch in which that happened.
    """

    def run(start: int, end: int) -> float:
        """Return the sum of the losses, or NaN if a weight is not finite afterwards."""
        total = run_part(part_of(epoch, start, end, loss_sum))
        return total if snapshot.is_finite() else math.nan

    snapshot.take()
    try:
        total = run(first, stop)
        if math.isfinite(total):
            return total
        while stop - first > 1:
            snapshot.restore()
            middle = (first + stop) // 2
            if math.isfinite(run(first, middle)):
                first = middle
                snapshot.take()
            else:
                stop = middle
        snapshot.restore()
        happened_again = not math.isfinite(run(first, stop))
    except BaseException:
        # An interrupt or a plugin's error may come between the first number that is not finite and its discovery.
        if not snapshot.is_finite():
            snapshot.restore()
        raise
    snapshot.restore()
    if happened_again:
        found = most_telling(team, gathered(team, lambda: diagnosis(task, epoch, first)))
    else:
        found = Finding(None, None, "the loss or a weight was not finite, but was when the same batches ran again")
    where = f"epoch {number + 1}" if found.batch is None else f"epoch {number + 1}, batch {found.batch + 1}"
    raise DivergenceError(
        f"training stopped in {where}: {found.sentence}; the net has the weights from before it; {found.advice}",
        epoch=number,
        batch=found.batch,
        layer=found.layer,
    )

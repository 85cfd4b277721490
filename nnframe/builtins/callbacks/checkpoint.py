"""A run that can be killed: its state in a file every so often, and a start from there."""

from __future__ import annotations

import os
from pathlib import Path

from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError
from nnframe.inputs.checks import whole_number
from nnframe.training.checkpoint import read_checkpoint, write_checkpoint
from nnframe.training.run import TrainingRun
from nnframe.training.run_identity import identity_of


class Checkpoint:
    """Keeps the state of a run in a file, and goes on from there if the file exists when a run starts.

    The same call, after the process was killed, leads to the weights of a run that was never stopped, bit for bit. The
    file holds the weights, the optimizer's state, the seed, the epoch and the position in it, the history, and the
    state of the other callbacks that have one. It is replaced in one step: a kill at any moment leaves the old or the
    new one.

    Parameters
    ----------
    path : str or path-like
    every : int, optional
        After how many epochs it is written; also after the last.
    every_batches : int or None, optional
        Also within an epoch, after so many batches. This splits the epoch into parts, which costs a little.
    resume : bool, optional
        Whether to go on from the file if it exists. If not, the run begins anew and replaces it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a number is no positive whole number.
    ModelFileError, ArgumentError
        In training, if the file is none, or one of another run, or can't be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], every: int = 1, every_batches: int | None = None, resume: bool = True
    ) -> None:
        self.path = Path(path)
        self.every = whole_number(every, "every")
        self.every_batches = None if every_batches is None else whole_number(every_batches, "every_batches")
        self.resume = resume

    # Last, so that the other callbacks have begun anew before their state is put back, and have seen the epoch when it
    # is written.
    @hookimpl(trylast=True)
    def nnframe_train_start(self, run: Run) -> None:
        """Go on from the file, if it is there."""
        if self.every_batches is not None:
            run.batches_per_part = min(run.batches_per_part or self.every_batches, self.every_batches)
        if not isinstance(run, TrainingRun):
            raise ArgumentError("Checkpoint keeps runs of nEpochs; use the trainer's own save(path) and load(path)")
        if not self.path.parent.is_dir():
            raise ArgumentError(f"the folder of {self.path} does not exist; make it first, or give another path")
        self._identity = identity_of(run)
        if self.resume and self.path.exists():
            read_checkpoint(run, self.path, self._identity)
        self._batch_written = run.batch

    @hookimpl(trylast=True)
    def nnframe_part_end(self, run: Run) -> None:
        """Write the file within an epoch."""
        if run.batch == 0:
            self._batch_written = 0
        elif self.every_batches is not None and run.batch - self._batch_written >= self.every_batches:
            self._write(run)
            self._batch_written = run.batch

    @hookimpl(trylast=True)
    def nnframe_epoch_end(self, run: Run) -> None:
        """Write the file after an epoch."""
        if run.epoch % self.every == 0 or run.epoch == run.n_epochs or run.history.stopped is not None:
            self._write(run)

    def _write(self, run: Run) -> None:
        assert isinstance(run, TrainingRun)
        write_checkpoint(run, self.path, self._identity)

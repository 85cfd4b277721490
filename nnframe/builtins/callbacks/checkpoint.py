"""Checkpoints: the state of a run in a file, from which a killed run continues."""

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
    """Writes the state of a run to a file, and continues from it if the file exists when a run starts.

    After the process was killed, the same call ends with the weights and the history of an uninterrupted run, bit for
    bit. The file has the weights, the optimizer's state, the seed, the learning rate, the position in the run, the
    history, and the state of other callbacks that have one. It is replaced atomically: a kill at any moment leaves the
    old file or the new one.

    Parameters
    ----------
    path : str or path-like
    every : int, optional
        The number of epochs between two writes; the last epoch is always written.
    every_batches : int or None, optional
        Also write within an epoch, every so many batches. This splits epochs into parts, which costs a little time.
    resume : bool, optional
        Whether to continue from an existing file. If not, the run starts over and replaces it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a number is not a positive whole number.
    ModelFileError, ArgumentError
        In training, if the file is not a checkpoint, belongs to another run, or can't be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], every: int = 1, every_batches: int | None = None, resume: bool = True
    ) -> None:
        self.path = Path(path)
        self.every = whole_number(every, "every")
        self.every_batches = None if every_batches is None else whole_number(every_batches, "every_batches")
        self.resume = resume

    # Last: the other callbacks must have been reset before their state is restored, and have seen an epoch before it
    # is written.
    @hookimpl(trylast=True)
    def nnframe_train_start(self, run: Run) -> None:
        """Continue from the file, if it exists."""
        if self.every_batches is not None:
            run.batches_per_part = min(run.batches_per_part or self.every_batches, self.every_batches)
        if not isinstance(run, TrainingRun):
            raise ArgumentError("Checkpoint is for nEpochs; for a trainer, use its own save(path) and load(path)")
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

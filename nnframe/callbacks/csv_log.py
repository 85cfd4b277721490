"""What a run sees, as a CSV file that grows by a line an epoch."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nnframe.callbacks.numbers import latest
from nnframe.errors import ArgumentError
from nnframe.hookspecs import hookimpl

if TYPE_CHECKING:
    from nnframe.training.run import TrainingRun


class CSVLog:
    """Writes a line an epoch: its number, counted from 1, how many seconds it took, loss, validation loss, metrics.

    Parameters
    ----------
    path : str or path-like
        The file. It is begun anew, unless the run goes on from a checkpoint: then the lines of epochs that come again
        are cut off, and those before them stay.

    Raises
    ------
    ArgumentError
        In training, if the file can't be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @hookimpl(trylast=True)
    def nnframe_train_start(self, run: TrainingRun) -> None:
        """Begin the file, or go on with it."""
        try:
            kept = []
            if run.epoch > 0 and self.path.exists():
                with self.path.open(newline="", encoding="utf-8") as file:
                    kept = [row for row in csv.reader(file) if row][: run.epoch + 1]
            with self.path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(kept)
        except OSError as error:
            raise ArgumentError(
                f"{self.path} can't be written ({error}); give a file in a folder that exists"
            ) from error
        self._empty = not kept

    @hookimpl
    def nnframe_epoch_end(self, run: TrainingRun) -> None:
        """Write a line."""
        numbers = {"epoch": run.epoch, "seconds": run.history.seconds[-1], **latest(run.history)}
        # Opened for each line, so that it is there for a reader, and after a crash.
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if self._empty:
                writer.writerow(numbers)
                self._empty = False
            writer.writerow(numbers.values())

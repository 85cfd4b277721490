"""What a run sees, as a CSV file that grows by a line an epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from nnframe.builtins.callbacks.numbers import latest
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError


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

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Make sure that the file can be written."""
        self._begun = False
        self._write([], "a")

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Write a line."""
        numbers = {"epoch": run.epoch, "seconds": run.history.seconds[-1], **latest(run.history)}
        if not self._begun:
            # Now it is known which epoch is the first.
            self._begun = True
            with self.path.open(newline="", encoding="utf-8") as file:
                kept = [row for row in csv.reader(file) if row][: run.epoch]
            self._write(kept if run.epoch > 1 and kept else [numbers], "w")
        # Opened for each line, so that it is there for a reader, and after a crash.
        self._write([numbers.values()], "a")

    def _write(self, rows: Iterable[Iterable[object]], mode: str) -> None:
        try:
            with self.path.open(mode, newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
        except OSError as error:
            raise ArgumentError(
                f"{self.path} can't be written ({error.strerror or error}); give a file in a folder that exists"
            ) from error

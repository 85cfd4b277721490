"""The history of a run as a CSV file, one line per epoch."""

from __future__ import annotations

import csv
import os
import warnings
from collections.abc import Iterable
from pathlib import Path

from nnframe.builtins.callbacks.numbers import latest
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError


class CSVLog:
    """Writes a line per epoch: its number, counted from 1, its seconds, loss, validation loss and metrics.

    Parameters
    ----------
    path : str or path-like
        The file. A run that continues from a checkpoint keeps the lines of the epochs before it; any other run
        overwrites the file.

    Raises
    ------
    ArgumentError
        When a run starts, if the file can't be written.

    Warns
    -----
    UserWarning
        If the file can't be written later on, such as on a full disk. Training continues.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Make sure that the file can be written."""
        self._has_started = self._has_failed = False
        try:
            self._write([], "a")
        except OSError as error:
            raise ArgumentError(
                f"{self.path} can't be written ({error.strerror or error}); give a file in a folder that exists"
            ) from error

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Write a line."""
        numbers = {"epoch": run.epoch, "seconds": run.history.seconds[-1], **latest(run.history)}
        try:
            if not self._has_started:
                # Only now is it known which epoch is the first.
                self._has_started = True
                with self.path.open(newline="", encoding="utf-8") as file:
                    kept = [row for row in csv.reader(file) if row][: run.epoch]
                self._write(kept if run.epoch > 1 and kept else [numbers], "w")
            # Opened for each line, so that others can read it at once and a crash loses none.
            self._write([numbers.values()], "a")
        except (OSError, ValueError, csv.Error) as error:
            # A log must not stop the work that it reports on.
            if not self._has_failed:
                self._has_failed = True
                warnings.warn(f"{self.path} can't be written ({error}); training continues", stacklevel=2)

    def _write(self, rows: Iterable[Iterable[object]], mode: str) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)

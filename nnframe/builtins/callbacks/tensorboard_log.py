"""The history of a run for TensorBoard; needs tensorboardX, which the extra ``tensorboard`` installs."""

from __future__ import annotations

import os
from typing import Any

from nnframe.builtins.callbacks.numbers import latest
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import MissingDependencyError


class TensorBoardLog:
    """Writes loss, validation loss and metrics of each epoch as scalars, at step 1 for the first epoch.

    Parameters
    ----------
    folder : str or path-like
        The argument of ``tensorboard --logdir``; each run writes a new file into it.

    Raises
    ------
    MissingDependencyError
        If tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise MissingDependencyError(
                'writing for TensorBoard needs tensorboardX: install it with pip install "nnframe[tensorboard]"'
            ) from None
        self._make_writer = SummaryWriter
        self._writer: Any = None
        self.folder = os.fspath(folder)

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Start a file."""
        self._writer = self._make_writer(self.folder)

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Write the scalars."""
        for name, value in latest(run.history).items():
            self._writer.add_scalar(name, value, run.epoch)
        self._writer.flush()

    @hookimpl
    def nnframe_train_end(self, run: Run) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

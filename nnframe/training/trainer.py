"""Training one update at a time, for nets that learn while they are used.

A trainer keeps what a call of `nNet.nEpochs` forgets at its end: the optimizer's state, the position in the schedule
and the random state.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from nnframe.arrays import Array
from nnframe.errors import ArgumentTypeError, NNFrameError, with_type
from nnframe.history import History
from nnframe.inputs.checks import as_list, as_matrix
from nnframe.training.callback_runner import BATCH_END, EPOCH_END, PART_END, CallbackRunner
from nnframe.training.stepping import Stepping
from nnframe.training.trainer_run import TrainerRun
from nnframe.training.trainer_state import load_trainer, save_trainer


class Trainer(Stepping):
    """Trains a net update by update, keeps its state in files, and calls callbacks; `nNet.trainer` creates one.

    `Stepping` has the parameters and attributes. After a change of the net's `layersList`, or of an activation, create
    a new trainer. A trainer belongs to one thread at a time.
    """

    def run(self, batches: Iterable[tuple[Any, Any]], callbacks: Iterable[Any] = (), *, rows: bool = False) -> History:
        """Make an update for each pair of an iterable, in bounded memory.

        Parameters
        ----------
        batches : iterable of (x, y)
            Pairs of columns or of matrices of columns, as `step` takes them: a list, a generator, a socket's reader.
            None of them is kept.
        callbacks : iterable of str, Callback or object, optional
            As in `nNet.nEpochs`. For them an epoch ends every `steps_per_epoch` updates, and ``run`` is a `TrainerRun`.
        rows : bool, optional
            Whether x and y have one sample per row, shapes (B, n_in) and (B, n_targets), as PyTorch's DataLoader yields
            them.

        Returns
        -------
        History
            The trainer's.

        Raises
        ------
        ArgumentTypeError
            If the iterable yields something else than pairs.
        NNFrameError
            As `step`. The updates made until then stay, unless they left a weight that is not finite: then the net has
            the weights of the last check. The trainer can go on.
        """
        run = TrainerRun(self)
        runner = self._callback_runner(as_list(callbacks, "callbacks", "a list such as ['progress']"))
        pairs = self._batches(batches)
        try:
            runner.start(run)
            has_batch_end = runner.has(BATCH_END)
            for number, batch in enumerate(pairs):
                x, y = _pair(batch, number)
                loss = self.step(_transposed(x, "x"), _transposed(y, "y")) if rows else self.step(x, y)
                if has_batch_end:
                    run.part_loss = loss
                    runner.call(BATCH_END, run)
                if run.batch == 0:
                    run.part_loss = self.history.loss[-1]
                    runner.call(PART_END, run)
                    runner.call(EPOCH_END, run)
                if run.is_over:
                    break
            self.check()
        except BaseException as error:
            run.error = error
            # The caller has to see what ended the run, not what failed after that.
            with suppress(NNFrameError):
                self.check()
            with suppress(NNFrameError):
                runner.end(run)
            raise
        runner.end(run)
        return self.history

    def _callback_runner(self, callbacks: list[Any]) -> Any:
        """Return what calls callbacks, as a `CallbackRunner` does."""
        return CallbackRunner(callbacks)

    def _batches(self, batches: Any) -> Iterator[Any]:
        """Return an iterator over the pairs."""
        return _iterator(batches)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the net and the state of the trainer to one file; `nnframe.load` reads the net from it.

        Parameters
        ----------
        path : str or os.PathLike
            As in `nNet.save`.

        Raises
        ------
        DivergenceError
            If a weight is not finite.
        ModelFileError, ArgumentError
            As `nNet.save`.
        """
        self.check()
        save_trainer(self, path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Continue, bit for bit, where the trainer was that wrote the file; the net takes over its weights.

        Raises
        ------
        ModelFileError
            If `save` did not write the file, or it is damaged.
        ArgumentError
            If it was written with other settings or for another net. Nothing has changed then.
        """
        load_trainer(self, path)


def _transposed(value: Any, name: str) -> Array:
    columns: Array = as_matrix(value, name, "(B, n), one row per sample").T
    return columns


def _pair(batch: Any, number: int) -> tuple[Any, Any]:
    try:
        x, y = batch
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"batches: number {number} (counted from 0) is of type {type(batch).__name__} and not a pair; expected "
            f"(x, y), two arrays of columns"
        ) from None
    return x, y


def _iterator(batches: Any) -> Iterator[Any]:
    try:
        return iter(batches)
    except TypeError:
        raise ArgumentTypeError(
            f"batches is {with_type(batches)}; expected pairs (x, y), in a list or from a generator"
        ) from None

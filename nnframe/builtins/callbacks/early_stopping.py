"""early_stopping: stop when an epoch has brought nothing better for some time, and go back to the best weights.

What is watched is the validation loss, or without validation data the loss; from Python, any metric:
``EarlyStopping(monitor="accuracy")``. An epoch is better if it beats the best one so far by more than ``min_delta``;
after ``patience`` epochs in a row that don't, training stops. Whether it was stopped or ran to its end, the net gets
the weights of its best epoch.

Source: L. Prechelt, "Early stopping, but when?", Neural Networks: Tricks of the Trade, Springer 1998.
"""

from __future__ import annotations

import math
from typing import Any

from nnframe.arrays import Array, copy_all
from nnframe.builtins.callbacks.numbers import LOSS, VALIDATION_LOSS, latest
from nnframe.contracts.callback import Callback
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError
from nnframe.inputs.checks import finite_number, whole_number


class EarlyStopping:
    """Stops a run that has stopped to improve.

    Parameters
    ----------
    patience : int, optional
        How many epochs in a row may be no better than the best.
    min_delta : float, optional
        By how much a better one must be better.
    monitor : str or None, optional
        ``"loss"``, ``"validation_loss"`` or the name of a metric of the run. None for the validation loss where there
        is validation data, else for the loss.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If patience is no positive whole number, or min_delta is negative or not finite.

    Attributes
    ----------
    best : float or None
        The best value, and
    best_epoch : int or None
        the epoch that had it, counted from 0.
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0, monitor: str | None = None) -> None:
        self.patience = whole_number(patience, "patience")
        self.min_delta = finite_number(min_delta, "min_delta", "0.001")
        self.monitor = monitor
        self._forget()

    def _forget(self) -> None:
        self.best: float | None = None
        self.best_epoch: int | None = None
        self._best_weights: list[Array] = []
        self._waited = 0

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Begin anew, and make sure that what is to be watched exists."""
        self._forget()
        self._shapes = [array.shape for array in run.weights]
        known = [LOSS, *([VALIDATION_LOSS] if run.has_validation else []), *run.metrics]
        self._watched = self.monitor or (VALIDATION_LOSS if run.has_validation else LOSS)
        if self._watched not in known:
            raise ArgumentError(
                f"monitor is {self._watched!r}; expected one of {', '.join(map(repr, known))}: give validation or "
                f"metrics to "
                f"nEpochs for more"
            )
        lower = self._watched not in run.metrics or run.metrics[self._watched].better == "lower"
        self._sign = 1 if lower else -1

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Compare the epoch with the best one."""
        value = latest(run.history)[self._watched]
        is_better = self.best is None or self._sign * (self.best - value) > self.min_delta
        # What is no number is never the best.
        if is_better and not math.isnan(value):
            self.best, self.best_epoch, self._waited = value, run.epoch - 1, 0
            self._best_weights = [array.copy() for array in run.weights]
            return
        self._waited += 1
        if self._waited >= self.patience:
            best = "a number" if self.best is None else f"better than {self.best:.6g}"
            run.stop(f"{self._watched} has not become {best} for {self.patience} epochs")

    # First, so that whoever saves the net at the end saves the best.
    @hookimpl(tryfirst=True)
    def nnframe_train_end(self, run: Run) -> None:
        """Go back to the best weights, unless an error or an interrupt ended the run."""
        if run.error is None and self._best_weights:
            copy_all(run.weights, self._best_weights)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "waited": self._waited,
            "best_weights": self._best_weights,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.best, self.best_epoch, self._waited = state["best"], state["best_epoch"], state["waited"]
        weights = state["best_weights"]
        if weights and [array.shape for array in weights] != self._shapes:
            raise ArgumentError(f"best_weights have the shapes {[array.shape for array in weights]}")
        self._best_weights = weights


early_stopping = Callback(
    "early_stopping",
    make=EarlyStopping,
    params={"patience": 10, "min_delta": 0.0, "monitor": None},
    limits={"patience": "[1, inf)", "min_delta": "[0, inf)", "monitor": str},
    doc=__doc__,
)


@hookimpl
def nnframe_callbacks() -> list[Callback]:
    """Return early_stopping."""
    return [early_stopping]

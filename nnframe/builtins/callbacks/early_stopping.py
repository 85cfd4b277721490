"""early_stopping: stop when no epoch has been better for some time, and restore the best weights.

It monitors the validation loss, or the loss if there is no validation data, or any metric:
``early_stopping(monitor=accuracy)``. An epoch is better if it improves on the best one so far by more than
``min_delta``; NaN never does. After ``patience`` epochs in a row that are no better, training stops. Either way, the
net ends with the weights of its best epoch.

Source: L. Prechelt, "Early stopping, but when?", Neural Networks: Tricks of the Trade, Springer 1998.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.builtins.callbacks.numbers import latest, monitored
from nnframe.contracts.callback import Callback
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError, shown
from nnframe.inputs.checks import finite_number, whole_number

# The names of the state in a checkpoint.
STATE = ("best", "best_epoch", "waited", "best_weights")


class EarlyStopping:
    """Stops a run that no longer improves.

    Parameters
    ----------
    patience : int, optional
        The number of epochs in a row that may be no better than the best before the run stops.
    min_delta : float, optional
        An epoch must be better by more than this.
    monitor : str or None, optional
        ``"loss"``, ``"validation_loss"`` or the name of a metric of the run. None: the validation loss if there is
        validation data, else the loss.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If patience is not a positive whole number, or min_delta is negative or not finite.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch : int or None
        Its epoch, counted from 0.
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
        """Reset, and check that the monitored value exists."""
        self._forget()
        self._kinds = [(array.shape, array.dtype) for array in run.weights]
        self._monitored, self._sign = monitored(run, self.monitor)

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Compare the epoch with the best one."""
        value = latest(run.history)[self._monitored]
        is_better = self.best is None or self._sign * (self.best - value) > self.min_delta
        # NaN is never the best.
        if is_better and not math.isnan(value):
            self.best, self.best_epoch, self._waited = value, run.epoch - 1, 0
            self._best_weights = [array.copy() for array in run.weights]
            return
        self._waited += 1
        if self._waited >= self.patience:
            best = "a number" if self.best is None else f"better than {self.best:.6g}"
            run.stop(f"{self._monitored} has not become {best} for {self.patience} epochs")

    # First, so that a callback which saves the net at the end saves the best weights.
    @hookimpl(tryfirst=True)
    def nnframe_train_end(self, run: Run) -> None:
        """Restore the best weights, unless an error or an interrupt ended the run."""
        if run.error is None and self._best_weights:
            copy_all(run.weights, self._best_weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return dict(zip(STATE, (self.best, self.best_epoch, self._waited, self._best_weights), strict=True))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what a checkpoint kept.

        Raises
        ------
        ArgumentError
            If it can't be the state of this callback in this run. Nothing has changed then.
        """
        best, best_epoch, waited, weights = (state.get(name) for name in STATE)
        has_best = isinstance(best, float) and not math.isnan(best)
        if not (has_best or best is None) or not _is_count(waited):
            raise ArgumentError(f"best is {shown(best)} and waited is {shown(waited)}; expected numbers")
        if not (_is_count(best_epoch) if has_best else best_epoch is None):
            raise ArgumentError(f"best_epoch is {shown(best_epoch)}; expected the number of an epoch")
        if not isinstance(weights, list) or not all(isinstance(array, np.ndarray) for array in weights):
            raise ArgumentError(f"best_weights is {shown(weights)}; expected a list of arrays")
        kinds = [(array.shape, array.dtype) for array in weights]
        if kinds != (self._kinds if has_best else []):
            raise ArgumentError(f"best_weights have the shapes and dtypes {shown(kinds)}; expected {self._kinds}")
        if not all(np.isfinite(array).all() for array in weights):
            raise ArgumentError("best_weights has numbers that are not finite")
        self.best, self.best_epoch, self._waited, self._best_weights = best, best_epoch, waited or 0, weights


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


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

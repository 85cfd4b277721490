"""reduce_on_plateau: multiply the learning rate by a factor when no epoch has been better for some time.

It monitors what early_stopping does, and an epoch is better under the same conditions. After ``patience`` epochs in a
row that are no better, the learning rate becomes ``factor`` times as large, but not less than ``minimum``. The next
``cooldown`` epochs don't count.

Source: Y. Bengio, "Practical recommendations for gradient-based training of deep architectures", Neural Networks:
Tricks of the Trade, Springer 2012, section 3.1.1.
"""

from __future__ import annotations

import math
from typing import Any

from nnframe.builtins.callbacks.numbers import latest, monitored
from nnframe.contracts.callback import Callback
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError, shown
from nnframe.inputs.checks import finite_number, whole_number

# The names of the state in a checkpoint.
STATE = ("best", "waited", "cooling")


class ReduceOnPlateau:
    """Reduces the learning rate of a run that no longer improves.

    Parameters
    ----------
    factor : float, optional
        What the learning rate is multiplied by, above 0 and below 1.
    patience : int, optional
        The number of epochs in a row that may be no better than the best before the learning rate is reduced.
    min_delta : float, optional
        An epoch must be better by more than this.
    cooldown : int, optional
        The number of epochs after a reduction that don't count.
    minimum : float, optional
        The smallest learning rate.
    monitor : str or None, optional
        As in `EarlyStopping`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.
    """

    def __init__(
        self,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 0.0,
        cooldown: int = 0,
        minimum: float = 0.0,
        monitor: str | None = None,
    ) -> None:
        self.factor = finite_number(factor, "factor", "0.1")
        if not 0 < self.factor < 1:
            raise ArgumentError(f"factor is {self.factor}; expected a number above 0 and below 1, such as 0.1")
        self.patience = whole_number(patience, "patience")
        self.min_delta = finite_number(min_delta, "min_delta", "0.001")
        self.cooldown = whole_number(cooldown, "cooldown", 0)
        self.minimum = finite_number(minimum, "minimum", "1e-6")
        self.monitor = monitor
        self._forget()

    def _forget(self) -> None:
        self._best: float | None = None
        self._waited = self._cooling = 0

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Reset, and check that the monitored value exists."""
        self._forget()
        # An optimizer without a learning rate refuses it now, and not in the middle of the run.
        rate = run.learning_rate
        run.learning_rate = self.factor * rate
        run.learning_rate = rate
        self._monitored, self._sign = monitored(run, self.monitor)

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Compare the epoch with the best one, and reduce the learning rate if it is time."""
        value = latest(run.history)[self._monitored]
        counts, self._cooling = self._cooling == 0, max(0, self._cooling - 1)
        is_better = self._best is None or self._sign * (self._best - value) > self.min_delta
        # NaN is never the best.
        if is_better and not math.isnan(value):
            self._best, self._waited = value, 0
        elif counts:
            self._waited += 1
            if self._waited >= self.patience:
                self._waited, self._cooling = 0, self.cooldown
                # A rate below the minimum stays as it is.
                run.learning_rate = min(run.learning_rate, max(self.minimum, self.factor * run.learning_rate))

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return dict(zip(STATE, (self._best, self._waited, self._cooling), strict=True))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the state in a checkpoint.

        Raises
        ------
        ArgumentError
            If it can't be the state of this callback. Nothing has changed then.
        """
        best, waited, cooling = (state.get(name) for name in STATE)
        has_best = isinstance(best, float) and not math.isnan(best)
        if not (has_best or best is None) or not all(type(each) is int and each >= 0 for each in (waited, cooling)):
            raise ArgumentError(
                f"best is {shown(best)}, waited is {shown(waited)} and cooling is {shown(cooling)}; expected numbers"
            )
        self._best, self._waited, self._cooling = best, waited or 0, cooling or 0


reduce_on_plateau = Callback(
    "reduce_on_plateau",
    make=ReduceOnPlateau,
    params={"factor": 0.1, "patience": 10, "min_delta": 0.0, "cooldown": 0, "minimum": 0.0, "monitor": None},
    limits={
        "factor": "(0, 1)",
        "patience": "[1, inf)",
        "min_delta": "[0, inf)",
        "cooldown": "[0, inf)",
        "minimum": "[0, inf)",
        "monitor": str,
    },
    doc=__doc__,
)


@hookimpl
def nnframe_callbacks() -> list[Callback]:
    """Return reduce_on_plateau."""
    return [reduce_on_plateau]

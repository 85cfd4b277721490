"""The latest numbers of a run, by name."""

from __future__ import annotations

from nnframe.contracts.run import Run
from nnframe.errors import ArgumentError
from nnframe.history import History

LOSS, VALIDATION_LOSS = "loss", "validation_loss"


def latest(history: History) -> dict[str, float]:
    """Return the loss of the last epoch, its validation loss if there is one, and its metrics."""
    numbers = {LOSS: history.loss[-1]}
    if history.validation_loss:
        numbers[VALIDATION_LOSS] = history.validation_loss[-1]
    return numbers | {name: values[-1] for name, values in history.metrics.items()}


def monitored(run: Run, monitor: str | None) -> tuple[str, int]:
    """Return the name of the value to monitor, and 1 if lower is better, else -1.

    Parameters
    ----------
    run : Run
    monitor : str or None
        None: the validation loss if there is validation data, else the loss.

    Raises
    ------
    ArgumentError
        If the run has no value of that name.
    """
    known = [LOSS, *([VALIDATION_LOSS] if run.has_validation else []), *run.metrics]
    name = monitor or (VALIDATION_LOSS if run.has_validation else LOSS)
    if name not in known:
        raise ArgumentError(
            f"monitor is {name!r}; expected one of {', '.join(map(repr, known))}: give validation or metrics to "
            f"nEpochs for more"
        )
    lower = name not in run.metrics or run.metrics[name].better == "lower"
    return name, 1 if lower else -1

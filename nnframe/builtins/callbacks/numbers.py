"""The latest numbers of a run, by name."""

from __future__ import annotations

from nnframe.history import History

LOSS, VALIDATION_LOSS = "loss", "validation_loss"


def latest(history: History) -> dict[str, float]:
    """Return the loss of the last epoch, its validation loss if there is one, and its metrics."""
    numbers = {LOSS: history.loss[-1]}
    if history.validation_loss:
        numbers[VALIDATION_LOSS] = history.validation_loss[-1]
    return numbers | {name: values[-1] for name, values in history.metrics.items()}

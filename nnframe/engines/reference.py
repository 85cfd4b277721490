"""reference: stochastic gradient descent as a textbook has it, to be read and to hold other engines against.

For each batch, in the order of the data: w becomes w - learning_rate * dL/dw, where L is the mean loss of the batch.

Source: L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning", SIAM Review 60
(2018) 223-311, algorithm 4.1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnframe.backpropagation import loss_and_gradients
from nnframe.engine import Engine, TrainingTask
from nnframe.engines.update import subtract_all
from nnframe.hookspecs import hookimpl


def prepare(task: TrainingTask) -> Callable[[], float]:
    """Return the function that runs an epoch and returns its mean loss."""

    def run_epoch() -> float:
        total = 0.0
        for x, y in task.data.batches(task.batch_size, task.layers[0].weights.dtype):
            # All gradients exist before the first weight changes: a plugin that raises leaves no half-done update.
            losses, gradients = loss_and_gradients(task.layers, task.objective, x, y)
            weights = [array for layer in task.layers for array in (layer.weights, layer.bias)]
            subtract_all(weights, [task.learning_rate * array for gradient in gradients for array in gradient])
            total += float(losses.sum(dtype=np.float64))
        return total / len(task.data)

    return run_epoch


reference = Engine("reference", prepare, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return reference."""
    return [reference]

"""reference: stochastic gradient descent as in a textbook, to read and to compare other engines with.

For each batch, in the order of the epoch, w becomes w - learning_rate * dL/dw, where L is the mean loss of the batch,
or whatever the optimizer computes instead.

Source: L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning", SIAM Review 60
(2018) 223-311, algorithm 4.1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnframe.backpropagation import loss_and_gradients
from nnframe.contracts.engine import Engine, Epoch, TrainingTask
from nnframe.contracts.markers import hookimpl
from nnframe.engines.dropout import Dropout
from nnframe.engines.update import Updater


def prepare(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    updater = Updater(task)
    dropout = Dropout(task)
    layer_numbers = range(len(task.layers))

    def run_epoch(epoch: Epoch) -> float:
        total = epoch.loss_sum
        updater.read_weights()
        for (x, y, weights, start), size, learning_rate in zip(
            task.samples(epoch), task.batch_sizes(epoch), epoch.learning_rates.tolist(), strict=True
        ):
            masks = [dropout.mask(k, epoch.dropout_key, start, len(x)) for k in layer_numbers]
            columns = [None if mask is None else mask.T for mask in masks]
            # All gradients are computed before a weight changes, so a plugin that raises leaves no partial update.
            loss_sum = 0.0
            if len(x):
                losses, gradients, of_loss = loss_and_gradients(
                    task.layers, task.objective, x.T, y.T, weights, columns, size
                )
                updater.write_gradients(gradients, of_loss)
                loss_sum = float(losses.sum(dtype=np.float64))
            else:
                # A share of a batch may be empty, which no plugin has to expect.
                updater.clear_gradients()
            total += updater.update_weights(learning_rate, loss_sum)
        return total

    return run_epoch


reference = Engine("reference", prepare, combines=True, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return reference."""
    return [reference]

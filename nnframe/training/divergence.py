"""When numbers stop being finite: in which batch, in which layer, and back to the weights before.

Nothing is checked while an epoch runs, which would slow down every batch of every net. An epoch that ends in numbers
that are not finite is gone through again, in halves, until the batch is found in which it began: the same batches lead
to the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.backpropagation import loss_and_gradients
from nnframe.contracts.bound import distinct_layers, parameters_of
from nnframe.contracts.engine import Epoch, TrainingTask
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.memory import Memory
from nnframe.errors import DivergenceError


class Snapshot:
    """A copy of all that an update changes, once it has been taken; its memory is allocated once.

    Parameters
    ----------
    task : TrainingTask
    """

    def __init__(self, task: TrainingTask) -> None:
        self.weights = parameters_of(distinct_layers(task.layers))
        self.live = [*self.weights, *task.rule.state.arrays, task.rule.state.updates]
        self._memory = Memory()
        self.copies = [self._memory.empty_like(array) for array in self.live]

    def take(self) -> None:
        """Copy what there is now."""
        copy_all(self.copies, self.live)

    def restore(self) -> None:
        """Put back what was copied."""
        copy_all(self.live, self.copies)

    def is_finite(self) -> bool:
        """Whether the weights and the optimizer's state, as they are now, are all finite."""
        return all(np.isfinite(array).all() for array in self.live)


ADVICE = "lower the learning rate, clip the gradient with clip_norm=1.0, or scale the data"


class Finding(NamedTuple):
    """Where, what, and what to do: a batch and a layer, counted from 0 and None where it is in none, and sentences."""

    batch: int | None
    layer: int | None
    sentence: str
    advice: str = ADVICE


def part_of(epoch: Epoch, first: int, stop: int) -> Epoch:
    """Return some of the batches of a whole epoch."""
    return epoch._replace(learning_rates=epoch.learning_rates[first:stop], first_batch=first)


def run_checked(
    task: TrainingTask,
    run_part: Callable[[Epoch], float],
    snapshot: Snapshot,
    epoch: Epoch,
    number: int,
    first: int,
    stop: int,
) -> float:
    """Run some batches of an epoch, and return the sum of their losses.

    Parameters
    ----------
    task : TrainingTask
    run_part : callable
        What runs a part of an epoch and returns the sum of the losses.
    snapshot : Snapshot
    epoch : Epoch
        The whole of it.
    number : int
        Which epoch it is, counted from 0.
    first, stop : int
        The batches from `first` up to `stop`, not included.

    Raises
    ------
    DivergenceError
        If the sum of the losses or a weight is not finite afterwards. The weights, and the optimizer's state, are then
        those before the batch in which that began.
    """

    def run(start: int, end: int) -> float:
        """Return the sum of the losses, or NaN if a weight is not finite afterwards."""
        total = run_part(part_of(epoch, start, end))
        return total if snapshot.is_finite() else math.nan

    snapshot.take()
    try:
        total = run(first, stop)
        if math.isfinite(total):
            return total
        while stop - first > 1:
            snapshot.restore()
            middle = (first + stop) // 2
            if math.isfinite(run(first, middle)):
                first = middle
                snapshot.take()
            else:
                stop = middle
        snapshot.restore()
        happened_again = not math.isfinite(run(first, stop))
    except BaseException:
        # An interrupt or a plugin's error may come after numbers have stopped being finite, and before that is found.
        if not snapshot.is_finite():
            snapshot.restore()
        raise
    snapshot.restore()
    if happened_again:
        found = _diagnosis(task, epoch, first)
    else:
        found = Finding(None, None, "the loss or a weight is not finite, but was when the epoch was gone through again")
    where = f"epoch {number + 1}" if found.batch is None else f"epoch {number + 1}, batch {found.batch + 1}"
    raise DivergenceError(
        f"training stopped in {where}: {found.sentence}; the net has the weights from before it; {found.advice}",
        epoch=number,
        batch=found.batch,
        layer=found.layer,
    )


def _diagnosis(task: TrainingTask, epoch: Epoch, batch: int) -> Finding:
    """Return where in a batch the first number appears that is not finite, for the weights before it."""
    samples = next(task.samples(part_of(epoch, batch, batch + 1)))
    x, y = samples.x.T, samples.y.T
    for name, array in (("input", x), ("target", y)):
        if not np.isfinite(array).all():
            row = int(np.argmax(~np.isfinite(array).all(axis=0)))
            position = samples.start + row
            data_row = position if epoch.order is None else int(epoch.order[position])
            sentence = f"the {name} of sample {data_row} of the data (counted from 0) is not finite"
            return Finding(batch, None, sentence, "fill it in, or leave the sample out")
    for k, layer in enumerate(task.layers):
        if not (np.isfinite(layer.weights).all() and np.isfinite(layer.bias).all()):
            sentence = f"the weights of layer {_named(task, k)} were not finite to begin with"
            return Finding(batch, k, sentence, "build the net anew")
    dropout = Dropout(task)
    masks = [dropout.mask(k, epoch.dropout_key, samples.start, x.shape[1]) for k in range(len(task.layers))]
    with np.errstate(all="ignore"):
        for k, sentence in _forward_steps(task, x, masks):
            return Finding(batch, k, sentence)
        losses, gradients = loss_and_gradients(
            task.layers, task.objective, x, y, samples.weights, [None if mask is None else mask.T for mask in masks]
        )
    if not np.isfinite(losses).all():
        last = len(task.layers) - 1
        sentence = (
            f"the loss {task.objective.plugin.spec} of the outputs of layer {_named(task, last)} is {_worst(losses)}"
        )
        return Finding(batch, last, sentence)
    for k in reversed(range(len(gradients))):
        for what, gradient in zip(("weights", "bias"), gradients[k], strict=True):
            if not np.isfinite(gradient).all():
                return Finding(
                    batch, k, f"the gradient of the {what} of layer {_named(task, k)} has {_worst(gradient)}"
                )
    optimizer = task.rule.optimizer
    if optimizer is not None:
        sentence = f"the optimizer {optimizer.plugin.spec} makes a number that is not finite of gradients that are"
        return Finding(batch, None, sentence)
    largest = max(range(len(gradients)), key=lambda k: float(np.abs(gradients[k].weights).max()))
    size = float(np.abs(gradients[largest].weights).max())
    return Finding(
        batch,
        largest,
        f"the update takes a weight beyond the largest {task.layers[0].weights.dtype}; the largest gradient, "
        f"{size:.3g}, is that of layer {_named(task, largest)}",
    )


def _forward_steps(task: TrainingTask, x: Array, masks: Sequence[Array | None]) -> Sequence[tuple[int, str]]:
    """Return the first layer whose pre-activations or activations are not finite, or nothing."""
    a = x
    for k, (layer, mask) in enumerate(zip(task.layers, masks, strict=True)):
        z = layer.weights @ a + layer.bias
        if not np.isfinite(z).all():
            return [(k, f"the pre-activations of layer {_named(task, k)} have {_worst(z)}")]
        a = layer.activation.forward(z)
        if not np.isfinite(a).all():
            return [(k, f"the activations of layer {_named(task, k)} have {_worst(a)}")]
        a = a if mask is None else a * mask.T
    return []


def _named(task: TrainingTask, layer: int) -> str:
    plugin = task.layers[layer].activation.plugin
    return f"{layer + 1} of {len(task.layers)} ({plugin.spec if plugin else 'linear'})"


def _worst(array: Array) -> str:
    return "NaN" if np.isnan(array).any() else "an infinite number"

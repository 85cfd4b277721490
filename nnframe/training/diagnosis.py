"""What went wrong in the batch in which numbers stopped being finite: in which layer, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.backpropagation import loss_and_gradients
from nnframe.contracts.bound import parameters_of
from nnframe.contracts.engine import Epoch, TrainingTask
from nnframe.contracts.learned import learned_of
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.team import Team
from nnframe.engines.dropout import Dropout

# No sensible formula overflows for arguments of this size, in any dtype.
MODERATE = 10
ADVICE = "lower the learning rate, clip the gradient with clip_norm=1.0, or scale the data"


class Finding(NamedTuple):
    """What went wrong.

    Attributes
    ----------
    batch, layer : int or None
        Counted from 0; None if it happened in none.
    sentence, advice : str
    is_certain : bool
        Whether the batch shows it; otherwise it is what is left.
    """

    batch: int | None
    layer: int | None
    sentence: str
    advice: str = ADVICE
    is_certain: bool = True


def part_of(epoch: Epoch, first: int, stop: int, loss_sum: float = 0.0) -> Epoch:
    """Return the batches from `first` up to `stop`, exclusive, of a whole epoch; `loss_sum` is that of those before."""
    return epoch._replace(learning_rates=epoch.learning_rates[first:stop], first_batch=first, loss_sum=loss_sum)


def diagnosis(task: TrainingTask, epoch: Epoch, batch: int) -> Finding:
    """Return where the first number that is not finite appears in a batch, for the weights before it.

    Parameters
    ----------
    task : TrainingTask
    epoch : Epoch
        The whole epoch.
    batch : int
        Counted from 0.
    """
    samples = next(task.samples(part_of(epoch, batch, batch + 1)))
    if len(samples.x) == 0:
        return Finding(batch, None, "the samples of another process lead to a number that is not finite", ADVICE, False)
    x, y = samples.x.T, samples.y.T
    for name, array in (("input", x), ("target", y)):
        if not np.isfinite(array).all():
            row = int(np.argmax(~np.isfinite(array).all(axis=0)))
            position = row + (samples.start if epoch.shares is None else int(epoch.shares.starts[batch]))
            data_row = position if epoch.order is None else int(epoch.order[position])
            sentence = f"the {name} of sample {data_row} of the data (counted from 0) is not finite"
            return Finding(batch, None, sentence, "fill it in, or leave the sample out")
    for k, layer in enumerate(task.layers):
        if not all(np.isfinite(array).all() for array in parameters_of([layer])):
            sentence = f"the weights of layer {_named(task, k)} were not finite before training"
            return Finding(batch, k, sentence, "build a new net")
    dropout = Dropout(task)
    masks = [dropout.mask(k, epoch.dropout_key, samples.start, x.shape[1]) for k in range(len(task.layers))]
    columns = [None if mask is None else mask.T for mask in masks]
    with np.errstate(all="ignore"):
        outputs = x
        for k, (layer, mask) in enumerate(zip(task.layers, columns, strict=True)):
            z = layer.weights @ outputs + layer.bias
            if not np.isfinite(z).all():
                return Finding(batch, k, f"the pre-activations of layer {_named(task, k)} have {_worst(z)}")
            outputs = layer.activation.forward(z)
            if not np.isfinite(outputs).all():
                sentence = f"the activations of layer {_named(task, k)} have {_worst(outputs)}"
                return Finding(batch, k, sentence, _advice(layer.activation.plugin, "activation", z))
            outputs = outputs if mask is None else outputs * mask
        losses, gradients, of_loss = loss_and_gradients(task.layers, task.objective, x, y, samples.weights, columns)
    last, loss = len(task.layers) - 1, task.objective.plugin
    if not np.isfinite(losses).all():
        sentence = f"the loss {loss.spec} of the outputs of layer {_named(task, last)} is {_worst(losses)}"
        return Finding(batch, last, sentence, _advice(loss, "loss", outputs, y))
    for k in reversed(range(len(gradients))):
        names = ("weights", "bias", *learned_of(task.layers[k].activation.plugin))
        weights, bias, parameters = gradients[k]
        for what, gradient in zip(names, (weights, bias, *parameters), strict=True):
            if not np.isfinite(gradient).all():
                sentence = f"the gradient of the {what} of layer {_named(task, k)} has {_worst(gradient)}"
                advice = _advice(loss, "loss", x, outputs, y) if k == last else ADVICE
                return Finding(batch, k, sentence, advice)
    for what, gradient in zip(learned_of(loss), of_loss, strict=True):
        if not np.isfinite(gradient):
            sentence = f"the gradient of the parameter {what} of the loss {loss.spec} is {_worst(gradient)}"
            return Finding(batch, None, sentence, _advice(loss, "loss", outputs, y))
    optimizer = task.rule.optimizer
    if optimizer is not None:
        sentence = f"the optimizer {optimizer.plugin.spec} turns finite gradients into a number that is not finite"
        arrays = parameters_of(gradients)
        return Finding(batch, None, sentence, _advice(optimizer.plugin, "optimizer", *arrays), False)
    largest = max(range(len(gradients)), key=lambda k: float(np.abs(gradients[k].weights).max()))
    size = float(np.abs(gradients[largest].weights).max())
    return Finding(
        batch,
        largest,
        f"the update takes a weight beyond the largest {task.layers[0].weights.dtype}; the largest gradient, "
        f"{size:.3g}, is that of layer {_named(task, largest)}",
        is_certain=False,
    )


def most_telling(team: Team, findings: Sequence[Finding]) -> Finding:
    """Return the first finding that is certain, or else the first; with shards, it names the process."""
    rank, found = next(((i, each) for i, each in enumerate(findings) if each.is_certain), (0, findings[0]))
    return found._replace(sentence=f"{found.sentence}, in process {rank}") if team.has_shards else found


def _advice(plugin: Plugin | None, kind: str, *arguments: Array) -> str:
    """Return what to do about a function whose result is not finite: for moderate arguments, it is at fault itself."""
    if plugin is None or any(np.abs(each).max() > MODERATE for each in arguments):
        return ADVICE
    parameters = "its parameters and its formula" if plugin.params else "its formula"
    return f"its arguments are all between -{MODERATE} and {MODERATE}, so check the {kind} {plugin.spec}: {parameters}"


def _named(task: TrainingTask, layer: int) -> str:
    plugin = task.layers[layer].activation.plugin
    return f"{layer + 1} of {len(task.layers)} ({plugin.spec if plugin else 'linear'})"


def _worst(array: Array) -> str:
    return "NaN" if np.isnan(array).any() else "an infinite number"

"""numpy: the engine for everyday use, with nothing but numpy.

It computes what reference computes, and saves on the way:

- Samples stay rows. What a plugin sees as a matrix (n, B) of columns is the transpose of contiguous rows (B, n), which
  np.dot can write into, and whose call costs half of what ``@`` costs.
- Every array is allocated once a run and written in place, by the in-place forms of activations too.
- The learning rate and the mean over the batch are folded into the first gradient of the backward pass.
- A built-in loss never fails, so its values needn't be known before the update: they are taken for hundreds of
  samples at once.
- All updates of a batch are one call from Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.engine import BoundActivation, Engine, Epoch, Linear, TrainingTask
from nnframe.engines.dropout import Dropout
from nnframe.engines.update import Updater, subtract_all
from nnframe.hookspecs import hookimpl

# Enough samples to spread the cost of calling a loss thin, few enough to stay in the processor's cache.
VALUES_AT_ONCE = 256


class LayerBuffers(NamedTuple):
    """A layer, and the memory that a batch of B samples needs in it. What is called columns is a transposed view.

    Attributes
    ----------
    weights, transposed_weights : ndarray, shapes (n_out, n_in) and (n_in, n_out)
    bias : ndarray, shape (n_out,)
    activation : BoundActivation
    z, z_columns, a, a_columns : ndarray, shapes (B, n_out) and (n_out, B)
        Pre-activations and activations; the same memory where the activation works in place.
    d, d_columns : ndarray, likewise
        dL/dz for the mean loss L of the batch, times the learning rate where nothing else happens to the gradient.
    """

    weights: Array
    transposed_weights: Array
    bias: Array
    activation: BoundActivation
    z: Array
    z_columns: Array
    a: Array
    a_columns: Array
    d: Array
    d_columns: Array

    @classmethod
    def allocate(cls, layer: Linear, count: int, keep_z: bool) -> LayerBuffers:
        """Return a layer with memory for a number of samples."""
        z, d = (np.empty((count, len(layer.weights)), layer.weights.dtype) for _ in range(2))
        a = z if layer.activation.forward_inplace is not None and not keep_z else np.empty_like(z)
        return cls(layer.weights, layer.weights.T, layer.bias[:, 0], layer.activation, z, z.T, a, a.T, d, d.T)

    def part(self, start: int, count: int) -> LayerBuffers:
        """Return the same for some of the samples."""
        z, a, d = (array[start : start + count] for array in (self.z, self.a, self.d))
        return self._replace(z=z, z_columns=z.T, a=a, a_columns=a.T, d=d, d_columns=d.T)

    def forward(self, v: Array) -> Array:
        """Fill z and a from the layer's input, and return a."""
        np.dot(v, self.transposed_weights, self.z)
        np.add(self.z, self.bias, self.z)
        if self.activation.forward_inplace is None:
            np.copyto(self.a_columns, self.activation.forward(self.z_columns))
            return self.a
        if self.a is not self.z:
            np.copyto(self.a, self.z)
        self.activation.forward_inplace(self.a_columns)
        return self.a

    def backward(self, after: LayerBuffers, mask: Array | None) -> None:
        """Fill d from that of the layer after this one, through the dropout mask if there is one."""
        np.dot(after.d, after.weights, self.d)
        if mask is not None:
            np.multiply(self.d, mask, self.d)
        self.differentiate()

    def differentiate(self) -> None:
        """Take d, which is dL/da still, through the activation."""
        if self.activation.backward_inplace is None:
            np.copyto(self.d_columns, self.activation.backward(self.d_columns, self.z_columns, self.a_columns))
        else:
            self.activation.backward_inplace(self.d_columns, self.a_columns)


class NumpyRun:
    """A training run: its memory, and an epoch in it."""

    def __init__(self, task: TrainingTask) -> None:
        self.task, self.objective = task, task.objective
        self.batch_size = min(task.batch_size, len(task.data))
        self.values_wait = task.objective.value_is_built_in and self.batch_size < VALUES_AT_ONCE
        self.chunk = VALUES_AT_ONCE // self.batch_size * self.batch_size if self.values_wait else self.batch_size
        *hidden, last = task.layers
        self.hidden = [LayerBuffers.allocate(each, self.batch_size, keep_z=False) for each in hidden]
        # The loss may ask for z as well as a, and for those of a whole chunk.
        self.last = LayerBuffers.allocate(last, self.chunk, keep_z=True)
        self.last_by_batch = [self.last.part(i, self.batch_size) for i in range(0, self.chunk, self.batch_size)]
        self.dropout = Dropout(task) if any(task.dropout) else None
        self.arrays = [array for layer in task.layers for array in (layer.weights, layer.bias[:, 0])]
        self.updater = None if task.rule.is_plain else Updater(task)
        if self.updater is None:
            self.steps = [np.empty_like(array) for array in self.arrays]
        else:
            self.steps = [array for part in self.updater.gradients for array in (part.weights, part.bias[:, 0])]

    def epoch(self, epoch: Epoch) -> float:
        """Make one pass over the data and return the sum of the losses."""
        if self.updater is not None:
            self.updater.read_weights()
        total = 0.0
        rates = iter(epoch.learning_rates.tolist())
        for chunk in self.task.samples(epoch, self.chunk):
            count = len(chunk.x)
            for last, i in zip(self.last_by_batch, range(0, count, self.batch_size), strict=False):
                stop = i + self.batch_size
                x, y = chunk.x[i:stop], chunk.y[i:stop]
                weights = None if chunk.weights is None else chunk.weights[i:stop]
                masks = self.masks(epoch.dropout_key, chunk.start + i, len(x))
                total += self.train_batch(x, y, weights, masks, last, next(rates))
            if self.values_wait:
                total += self.value(self.last.part(0, count), chunk.y, chunk.weights)
        return total

    def masks(self, key: int, start: int, count: int) -> list[Array | None]:
        """Return what the activations of each hidden layer are multiplied with, or an empty list without dropout."""
        if self.dropout is None:
            return []
        return [self.dropout.mask(k, key, start, count) for k in range(len(self.hidden))]

    def train_batch(
        self,
        x: Array,
        y: Array,
        weights: Array | None,
        masks: list[Array | None],
        last: LayerBuffers,
        learning_rate: float,
    ) -> float:
        """Update the weights for a batch, and return the sum of its losses, or 0 if they wait.

        Parameters
        ----------
        x : ndarray, shape (B, n_in)
        y : ndarray, shape (B, n_out)
        weights : ndarray, shape (B,), or None
            The samples'.
        masks : list of ndarray or None
            What the activations of each hidden layer are multiplied with, (B, n_out); empty without dropout.
        last : LayerBuffers
            The last layer's, with memory for this batch.
        learning_rate : float
        """
        layers = [*self.hidden, last]
        if len(x) < self.batch_size:
            layers = [layer.part(0, len(x)) for layer in layers]
            last = layers[-1]
        inputs = [x]
        for k, layer in enumerate(layers):
            a = layer.forward(inputs[-1])
            mask = masks[k] if k < len(masks) else None
            inputs.append(a if mask is None else a * mask)
        value = 0.0 if self.values_wait else self.value(last, y, weights)
        rate = (learning_rate if self.updater is None else 1.0) / len(x)
        if self.objective.loss_gradient is None:
            np.multiply(self.objective.gradient(last.z_columns, last.a_columns, y.T), rate, last.d_columns)
        else:
            np.multiply(self.objective.loss_gradient(last.a_columns, y.T), rate, last.d_columns)
            last.differentiate()
        if weights is not None:
            np.multiply(last.d_columns, weights, last.d_columns)

        for k in reversed(range(len(layers))):
            np.dot(layers[k].d_columns, inputs[k], self.steps[2 * k])
            np.add.reduce(layers[k].d, axis=0, out=self.steps[2 * k + 1])
            if k > 0:
                layers[k - 1].backward(layers[k], masks[k - 1] if masks else None)
        if self.updater is None:
            subtract_all(self.arrays, self.steps)
        else:
            self.updater.update_weights(learning_rate)
        return value

    def value(self, last: LayerBuffers, y: Array, weights: Array | None) -> float:
        """Return the sum of the losses of what is in the last layer's buffers."""
        losses = self.objective.value(last.z_columns, last.a_columns, y.T)
        if weights is not None:
            losses = losses * weights
        return float(losses.sum(dtype=np.float64))


def prepare(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    return NumpyRun(task).epoch


numpy = Engine("numpy", prepare, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return numpy."""
    return [numpy]

"""The two passes over a batch in memory that is allocated once: what `nnframe.backpropagation` says on a page.

Samples are rows here, contiguous in memory; what is called columns is a transposed view of them, which plugins take.
Each layer's share of a pass is a function that is made for its arrays once, so that a batch costs few instructions
besides the calls of numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.backpropagation import Gradient
from nnframe.engine import Linear, Objective
from nnframe.memory import Memory


class HiddenMemory(NamedTuple):
    """What a hidden layer needs for B samples; all of shape (B, n_out).

    Attributes
    ----------
    z, a : ndarray
        Pre-activations and activations; the same memory where the activation works in place.
    d : ndarray
        dL/dz for the mean loss L of the batch, times what the last layer's was multiplied with.
    mask : ndarray or None
        What dropout multiplies a with, to be filled before each pass.
    out : ndarray
        What the next layer takes: a, or a times mask.
    """

    z: Array
    a: Array
    d: Array
    mask: Array | None
    out: Array

    @classmethod
    def allocate(cls, memory: Memory, layer: Linear, count: int, has_dropout: bool) -> HiddenMemory:
        """Return memory for a number of samples."""
        z, d = (memory.empty((count, len(layer.weights)), layer.weights.dtype) for _ in range(2))
        a = memory.empty_like(z) if layer.activation.forward_inplace is None else z
        mask, out = (memory.empty_like(z), memory.empty_like(z)) if has_dropout else (None, a)
        return cls(z, a, d, mask, out)

    def first(self, count: int) -> HiddenMemory:
        """Return the part for the first samples."""
        mask = None if self.mask is None else self.mask[:count]
        return HiddenMemory(self.z[:count], self.a[:count], self.d[:count], mask, self.out[:count])


class Output(NamedTuple):
    """What the last layer fills for B samples: z and a, (B, n_out), and both as columns."""

    z: Array
    z_columns: Array
    a: Array
    a_columns: Array

    @classmethod
    def allocate(cls, memory: Memory, layer: Linear, count: int) -> Output:
        """Return memory for a number of samples; a loss may ask for z as well as a, if they differ."""
        z = memory.empty((count, len(layer.weights)), layer.weights.dtype)
        a = z if layer.activation.plugin is None else memory.empty_like(z)
        return cls(z, z.T, a, a.T)

    def part(self, start: int, stop: int) -> Output:
        """Return the part for some of the samples."""
        z = self.z[start:stop]
        a = z if self.a is self.z else self.a[start:stop]
        return Output(z, z.T, a, a.T)


class Passes:
    """Both passes, for batches of one size.

    Parameters
    ----------
    layers : sequence of Linear
    gradients : sequence of Gradient
        For each layer, where the gradient of the mean loss is to be written.
    objective : Objective
    hidden : sequence of HiddenMemory
        For each layer but the last.
    count : int
        The number of samples.
    """

    def __init__(
        self,
        layers: Sequence[Linear],
        gradients: Sequence[Gradient],
        objective: Objective,
        hidden: Sequence[HiddenMemory],
        count: int,
    ) -> None:
        if count == 1:
            # The bias's gradient, the sum over the samples, is d itself then.
            hidden = [
                memory._replace(d=gradient.bias.reshape(1, -1))
                for memory, gradient in zip(hidden, gradients[:-1], strict=True)
            ]
            last_d = gradients[-1].bias.reshape(1, -1)
        else:
            last_d = np.empty((count, len(layers[-1].weights)), layers[-1].weights.dtype)
        ds = [*(memory.d for memory in hidden), last_d]
        self._forward = [_forward_hidden(layer, memory) for layer, memory in zip(layers[:-1], hidden, strict=True)]
        self._forward_last = _forward_last(layers[-1])
        self._loss_gradient = _loss_gradient(objective, layers[-1], last_d)
        before = [None, *zip(layers[:-1], hidden, strict=True)]
        steps = [_backward(*arguments) for arguments in zip(layers, gradients, ds, before, strict=True)]
        self._backward = steps[::-1]

    def forward(self, x: Array, output: Output) -> None:
        """Fill the output, and the hidden layers' memory, from the inputs, (B, n_in)."""
        v = x
        for step in self._forward:
            v = step(v)
        self._forward_last(v, output)

    def backward(self, x: Array, y_columns: Array, output: Output, scale: float, weights: Array | None) -> None:
        """Write the gradients of the sum of the losses times `scale`.

        Parameters
        ----------
        x : ndarray, shape (B, n_in)
        y_columns : ndarray, shape (n_out, B)
        output : Output
            As `forward` has filled it.
        scale : float
        weights : ndarray, shape (B,), or None
            What the loss of each sample is multiplied with.
        """
        self._loss_gradient(y_columns, output, scale, weights)
        for step in self._backward:
            step(x)


def _forward_hidden(layer: Linear, memory: HiddenMemory) -> Callable[[Array], Array]:
    """Return the function that takes the input of a hidden layer through it."""
    weights, bias = layer.weights.T, layer.bias.reshape(1, -1)
    activate, activate_inplace = layer.activation.forward, layer.activation.forward_inplace
    z, a, _, mask, out = memory
    z_columns, a_columns = z.T, a.T

    def forward(v: Array) -> Array:
        v.dot(weights, z)
        np.add(z, bias, z)
        if activate_inplace is None:
            np.copyto(a_columns, activate(z_columns))
        else:
            activate_inplace(a_columns)
        if mask is not None:
            np.multiply(a, mask, out)
        return out

    return forward


def _forward_last(layer: Linear) -> Callable[[Array, Output], None]:
    """Return the function that takes the input of the last layer through it."""
    weights, bias = layer.weights.T, layer.bias.reshape(1, -1)
    activate, activate_inplace = layer.activation.forward, layer.activation.forward_inplace

    def forward(v: Array, output: Output) -> None:
        z, z_columns, a, a_columns = output
        v.dot(weights, z)
        np.add(z, bias, z)
        if a is z:
            return
        if activate_inplace is None:
            np.copyto(a_columns, activate(z_columns))
        else:
            np.copyto(a, z)
            activate_inplace(a_columns)

    return forward


def _loss_gradient(
    objective: Objective, last: Linear, d: Array
) -> Callable[[Array, Output, float, Array | None], None]:
    """Return the function that fills the last layer's d."""
    gradient, loss_gradient, d_columns = objective.gradient, objective.loss_gradient, d.T
    backward, backward_inplace = last.activation.backward, last.activation.backward_inplace

    def fill(y_columns: Array, output: Output, scale: float, weights: Array | None) -> None:
        _, z_columns, _, a_columns = output
        if loss_gradient is None:
            np.multiply(gradient(z_columns, a_columns, y_columns), scale, d_columns)
        else:
            np.multiply(loss_gradient(a_columns, y_columns), scale, d_columns)
            if backward_inplace is None:
                np.copyto(d_columns, backward(d_columns, z_columns, a_columns))
            else:
                backward_inplace(d_columns, a_columns)
        if weights is not None:
            np.multiply(d_columns, weights, d_columns)

    return fill


def _backward(
    layer: Linear, gradient: Gradient, d: Array, before: tuple[Linear, HiddenMemory] | None
) -> Callable[[Array], None]:
    """Return the function that writes a layer's gradient, and fills d of the layer before it if there is one.

    It is called with the inputs of the net, which are those of the first layer.
    """
    d_columns, weights = d.T, layer.weights
    weight_gradient, bias_gradient = gradient.weights, gradient.bias[:, 0]
    # A product with ones sums up the samples in less than half of np.add.reduce's time; one sample needs no sum.
    ones = np.ones(len(d), d.dtype) if len(d) > 1 else None
    if before is None:

        def backward_first(x: Array) -> None:
            d_columns.dot(x, weight_gradient)
            if ones is not None:
                ones.dot(d, bias_gradient)

        return backward_first

    activation, (z, a, d_before, mask, v) = before[0].activation, before[1]
    backward_inplace, differentiate = activation.backward_inplace, activation.backward
    columns_before, z_columns, a_columns = d_before.T, z.T, a.T

    def backward(x: Array) -> None:
        d_columns.dot(v, weight_gradient)
        if ones is not None:
            ones.dot(d, bias_gradient)
        d.dot(weights, d_before)
        if mask is not None:
            np.multiply(d_before, mask, d_before)
        if backward_inplace is None:
            np.copyto(columns_before, differentiate(columns_before, z_columns, a_columns))
        else:
            backward_inplace(columns_before, a_columns)

    return backward

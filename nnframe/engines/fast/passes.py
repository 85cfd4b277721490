"""The two passes of `nnframe.backpropagation` over a batch, in memory that is allocated once.

Each layer's share of a pass is a function made for its arrays once, so that a batch runs little Python besides the
calls of numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, Objective
from nnframe.engines.fast.last_layer import LossGradient, learning_gradient_step, loss_gradient_step, output_step
from nnframe.engines.fast.memory_layout import LayerMemory, Output, row_by_row
from nnframe.engines.fast.products import Step, fill_with_transposed, first_product_into, product_into


class HasPlaces(Protocol):
    """The layers to compute with, and where gradients are written: for each layer, and each parameter of the loss.

    Who computes the gradient of the first layer's weights without these passes says where to write the inputs.
    """

    @property
    def layers(self) -> Sequence[Linear]:
        """The layers."""

    @property
    def gradients(self) -> Sequence[Gradient]:
        """For each layer, where its gradient is written."""

    @property
    def loss_gradients(self) -> Sequence[Array]:
        """For each learned parameter of the loss, where its gradient is written."""

    @property
    def inputs(self) -> Array | None:
        """Where the backward pass writes the inputs, (B, n_in), in place of the gradient of the first weights."""


class Places(NamedTuple):
    """`HasPlaces`, by itself."""

    layers: Sequence[Linear]
    gradients: Sequence[Gradient]
    loss_gradients: Sequence[Array] = ()
    inputs: Array | None = None


class Passes:
    """Both passes, for batches of one size.

    Parameters
    ----------
    places : Places or Descent
        The layers, and where the gradients of the mean loss are written. A bias without numbers is in the last column
        of the weights, and inputs have a 1 for it.
    objective : Objective
    memories : sequence of LayerMemory
        For each layer, for exactly as many samples as a batch has.
    factors : sequence of tuple of float
        What the learning rates of each layer's arrays are multiplied by; the gradients of frozen ones needn't be
        computed.

    Attributes
    ----------
    masks : list of ndarray or None
        For each layer, the dropout mask to fill before a pass.
    forward : callable
        ``forward(x, output)`` fills the output, and the hidden layers' memory, from the inputs, (B, n_in).
    enter, complete : callable
        The same in two halves, for who looks at the inputs' first product: ``enter(x)``, then ``complete(output)``.
    first_product : ndarray, shape (n_out of the first layer, B)
        What `enter` fills.
    backward : callable
        ``backward(x, y, output, scale, weights)`` writes the gradients of the sum of the losses times `scale`, an array
        of shape (), after `forward`: for targets y of shape (n_out, B), and factors of the samples' losses, of shape
        (B,), or None.
    """

    def __init__(
        self,
        places: HasPlaces,
        objective: Objective,
        memories: Sequence[LayerMemory],
        factors: Sequence[Sequence[float]],
    ) -> None:
        layers, gradients = places.layers, places.gradients
        if memories[0].z.shape[1] == 1:
            # The gradient of the bias, a sum over the samples, is then d itself.
            memories = [
                memory._replace(d=each.bias) if each.bias.size else memory
                for memory, each in zip(memories, gradients, strict=True)
            ]
        self.masks = [memory.mask for memory in memories]
        steps: list[Step] = []
        for (layer, memory), (after, memory_after) in pairwise(zip(layers, memories, strict=True)):
            steps += _forward_steps(layer, memory, after, memory_after.z)
        self.first_product = memories[0].z
        self.enter = first_product_into(layers[0], self.first_product)
        leave = output_step(layers[-1], memories[-1].z, objective)
        self.forward, self.complete = _forward_pass(self.enter, steps, leave), _rest_of_pass(steps, leave)
        is_trained = [any(each) for each in factors]
        # Below it, all layers are frozen.
        lowest = is_trained.index(True) if True in is_trained else len(layers)
        is_learned = bool(layers[-1].parameters or objective.parameters)
        learning = learning_gradient_step(objective, layers[-1], memories[-1], gradients[-1], places.loss_gradients)
        fill_last = learning if is_learned else loss_gradient_step(objective, layers[-1], memories[-1])
        steps = []
        for k in reversed(range(lowest, len(layers))):
            d, (weights_factor, bias_factor, *_) = memories[k].d, factors[k]
            if bias_factor:
                steps += _sum_over_samples(d, gradients[k])
            if weights_factor and k > 0:
                steps.append(product_into(d, memories[k - 1].out.T, gradients[k].weights))
            if k > lowest:
                steps += _backward_steps(layers[k], d, layers[k - 1], memories[k - 1], gradients[k - 1])
        use_inputs: Callable[[Array, Array], object] | None = memories[0].d.dot if factors[0][0] else None
        into = gradients[0].weights
        if factors[0][0] and not into.flags.c_contiguous:
            use_inputs, into = partial(fill_with_transposed, memories[0].d.T), into.T
        if places.inputs is not None:
            # A copy; np.copyto takes longer.
            use_inputs, into = np.positive, places.inputs
        self.backward = _backward_pass(fill_last, steps, use_inputs, into)


def _forward_pass(
    enter: Callable[[Array], object], steps: Sequence[Step], leave: Callable[[Output], None]
) -> Callable[[Array, Output], None]:
    """Return the forward pass from its first product, its steps and its last product."""

    def forward(x: Array, output: Output) -> None:
        enter(x)
        for step in steps:
            step()
        leave(output)

    return forward


def _rest_of_pass(steps: Sequence[Step], leave: Callable[[Output], None]) -> Callable[[Output], None]:
    """Return the forward pass without its first product."""

    def complete(output: Output) -> None:
        for step in steps:
            step()
        leave(output)

    return complete


def _backward_pass(
    fill_last: LossGradient, steps: Sequence[Step], use_inputs: Callable[[Array, Array], object] | None, into: Array
) -> Callable[[Array, Array, Output, Array, Array | None], None]:
    """Return the backward pass; without what uses the inputs, the first layer's weights are frozen."""

    def backward(x: Array, y: Array, output: Output, scale: Array, weights: Array | None) -> None:
        fill_last(y, output, scale, weights)
        for step in steps:
            step()
        if use_inputs is not None:
            use_inputs(x, into)

    return backward


def _filling(out: Array, function: Callable[..., Array], *arrays: Array) -> Step:
    """Return the function that fills a matrix with the result of another one for some arrays."""

    def fill() -> None:
        out[...] = function(*arrays)

    return fill


def _forward_steps(layer: Linear, memory: LayerMemory, after: Linear, product: Array) -> list[Step]:
    """Return the steps from the product of a hidden layer, in its z, to `product`, that of the next layer."""
    z, a, _, mask, out = memory
    activate, activate_inplace = layer.activation.forward, layer.activation.forward_inplace
    steps: list[Step] = []
    if layer.bias.size:
        z_rows, bias_rows = row_by_row(z, layer.bias)
        steps.append(partial(np.add, z_rows, bias_rows, z_rows))
    if activate_inplace is None:
        steps.append(_filling(a, activate, z))
    else:
        steps.append(partial(activate_inplace, a))
    if mask is not None:
        steps.append(partial(np.multiply, *row_by_row(a, mask, out)))
    return [*steps, product_into(after.weights, out, product)]


def _sum_over_samples(d: Array, gradient: Gradient) -> list[Step]:
    """Return the steps that fill the gradient of a bias; one sample needs no sum."""
    if d.shape[1] == 1:
        return []
    # A product with ones takes less than half of np.add.reduce's time.
    return [partial(d.dot, np.ones(d.shape[1], d.dtype), gradient.bias[:, 0])]


def _backward_steps(layer: Linear, d: Array, before: Linear, memory: LayerMemory, gradient: Gradient) -> list[Step]:
    """Return the steps that fill d of the layer before a layer, and the gradients of that one's learned parameters."""
    z, a, d_before, mask, _ = memory
    differentiate, backward_inplace = before.activation.backward, before.activation.backward_inplace
    # Without a last column for the bias.
    steps = [product_into(layer.weights.T[: len(d_before)], d, d_before)]
    if mask is not None:
        steps.append(partial(np.multiply, *row_by_row(d_before, mask, d_before)))
    if before.activation.parameter_gradients is not None:
        of_layer = before.activation.parameter_gradients
        steps.append(lambda: copy_all(gradient.parameters, of_layer(d_before, z, a)))
    if backward_inplace is None:
        steps.append(_filling(d_before, differentiate, d_before, z, a))
    else:
        steps.append(partial(backward_inplace, d_before, a))
    return steps

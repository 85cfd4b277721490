"""Where a forward pass ends and a backward pass begins: the last layer and the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, Objective
from nnframe.engines.fast.memory_layout import LayerMemory, Output, row_by_row

# Fills the d of the last layer after a forward pass, from the targets, the output, the scale and the samples' weights.
LossGradient: TypeAlias = Callable[[Array, Output, Array, "Array | None"], None]


def output_step(layer: Linear, product: Array, objective: Objective) -> Callable[[Output], None]:
    """Return the function from `product`, that of the last layer, to z and a.

    The output is the one that the loss takes. The other replaces the product, since numpy is fastest with contiguous
    matrices.
    """
    product_rows, bias_rows = row_by_row(product, layer.bias if layer.bias.size else np.zeros((), product.dtype))
    activate, activate_inplace = layer.activation.forward, layer.activation.forward_inplace

    def leave_with_z(output: Output) -> None:
        np.add(product_rows, bias_rows, product_rows)
        output.rows[...] = product_rows
        if activate_inplace is None:
            product[...] = activate(product)
        else:
            activate_inplace(product)

    def leave_with_a(output: Output) -> None:
        np.add(product_rows, bias_rows, product_rows)
        if activate_inplace is None:
            output.columns[...] = activate(product)
        else:
            output.rows[...] = product_rows
            activate_inplace(output.columns)

    def leave_linear(output: Output) -> None:
        np.add(product_rows, bias_rows, output.rows)

    if layer.activation.plugin is None:
        return leave_linear
    return leave_with_z if objective.value_takes_z else leave_with_a


def loss_gradient_step(objective: Objective, last: Linear, memory: LayerMemory) -> LossGradient:
    """Return the function that fills the d of the last layer after `output_step` has run."""
    product, d = memory.z, memory.d
    gradient, loss_gradient, takes_z = objective.gradient, objective.loss_gradient, objective.value_takes_z
    backward, backward_inplace = last.activation.backward, last.activation.backward_inplace
    is_linear = last.activation.plugin is None

    def fill(y: Array, output: Output, scale: Array, weights: Array | None) -> None:
        kept = output.columns
        other = kept if is_linear else product
        z, a = (kept, other) if takes_z else (other, kept)
        if loss_gradient is None:
            np.multiply(gradient(z, a, y), scale, d)
        else:
            np.multiply(loss_gradient(a, y), scale, d)
            if backward_inplace is None:
                d[...] = backward(d, z, a)
            else:
                backward_inplace(d, a)
        if weights is not None:
            np.multiply(d, weights, d)

    return fill


def learning_gradient_step(
    objective: Objective, last: Linear, memory: LayerMemory, gradient: Gradient, of_loss: Sequence[Array]
) -> LossGradient:
    """Return `loss_gradient_step` for a loss or a last layer with learned parameters: it fills their gradients too."""
    z, d, activation = memory.z, memory.d, last.activation
    is_linear = activation.plugin is None

    def fill(y: Array, output: Output, scale: Array, weights: Array | None) -> None:
        a = output.columns
        # Learned parameters rule out fused forms.
        assert objective.loss_gradient is not None
        np.multiply(objective.loss_gradient(a, y), scale, d)
        if weights is not None:
            np.multiply(d, weights, d)
        if objective.parameter_gradients is not None:
            factors = np.full(a.shape[1], scale, a.dtype) if weights is None else weights * scale
            copy_all(of_loss, objective.parameter_gradients(a, y, factors))
        if activation.parameter_gradients is not None:
            copy_all(gradient.parameters, activation.parameter_gradients(d, z, a))
        if not is_linear:
            d[...] = activation.backward(d, z, a)

    return fill

"""Plugins ready to be called, as an engine receives them: parameters filled in, failures raised as `PluginError`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from nnframe.arrays import Array

# A net that only answers needs no losses and no optimizers, so they aren't imported for it.
if TYPE_CHECKING:
    from nnframe.contracts.activation import Activation
    from nnframe.contracts.fused import Fused
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.plugin import Plugin
    from nnframe.formula.pairs import DerivedPair


class BoundActivation(NamedTuple):
    """An activation ready to be called: parameters filled in, failures raised as `PluginError`.

    nnframe's own functions don't fail, and are called directly.

    Attributes
    ----------
    forward : callable
        ``forward(z) -> a``, a new array of z's shape and dtype; z itself if a layer has no activation.
    backward : callable
        ``backward(grad, z, a) -> dL/dz`` for grad = dL/da, likewise.
    derivative : callable or None
        ``derivative(z) -> f'(z)``; None if the activation mixes the components of a column.
    forward_inplace, backward_inplace : callable or None
        ``forward_inplace(z)`` turns z into a, ``backward_inplace(grad, a)`` turns grad into dL/dz. None if the
        activation has no such forms.
    plugin : Activation or None
        The plugin behind it, for an engine that compiles the formulas.
    parameter_gradients : callable or None
        ``parameter_gradients(grad, z, a)`` returns dL/dp for each of the layer's learned parameters p, of its shape.
        None if it has none.
    """

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]
    derivative: Callable[[Array], Array] | None
    forward_inplace: Callable[[Array], object] | None
    backward_inplace: Callable[[Array, Array], object] | None
    plugin: Activation | None
    parameter_gradients: Callable[[Array, Array, Array], list[Array]] | None = None


class FusedForm(NamedTuple):
    """A fused form and the side of the pair that declares it, whose parameters it is called with.

    Attributes
    ----------
    owner : Plugin
    form : Fused
    derived : DerivedPair or None
        What the form calls where nobody declares it, for an engine that compiles it.
    """

    owner: Plugin
    form: Fused
    derived: DerivedPair | None = None


class Objective(NamedTuple):
    """A loss as the last layer sees it: a function of its pre-activations z, activations a and targets y.

    Attributes
    ----------
    value : callable
        ``value(z, a, y) -> (B,)``.
    gradient : callable
        ``gradient(z, a, y) -> dL/dz``, of shape (n, B), not yet averaged over the batch.
    loss_gradient : callable or None
        ``loss_gradient(a, y) -> dL/da``, for an engine that applies the last activation's backward pass itself. None if
        loss and activation have a fused form.
    value_is_built_in : bool
        Whether the value is nnframe's own. It then never fails, and may be computed after the update.
    column_value : callable or None
        ``column_value(a, y) -> float`` for one column, quicker than `value`; where its result is not finite, `value`
        has to be asked.
    plugin : Loss
        The plugin behind it, for an engine that compiles the formulas.
    fused : FusedForm or None
        The fused form, if `gradient` calls one.
    parameters : tuple of ndarray, each of shape ()
        The live arrays of the loss's learned parameters, in the order of `Loss.learned`, which the engine updates in
        place. All other functions use them.
    parameter_gradients : callable or None
        ``parameter_gradients(a, y, factors)`` returns, for each of them, the sum over the columns of dL/dp times
        factors, an array of shape (B,). None if there are none.
    both : callable or None
        ``both(z, y) -> (values, dL/dz)``: what `value` and `gradient` return, at once. None if the two have no such
        form.
    """

    value: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]
    loss_gradient: Callable[[Array, Array], Array] | None
    value_is_built_in: bool
    column_value: Callable[[Array, Array], float] | None
    plugin: Loss
    fused: FusedForm | None
    parameters: tuple[Array, ...] = ()
    parameter_gradients: Callable[[Array, Array, Array], list[Array]] | None = None
    both: Callable[[Array, Array], tuple[Array, Array]] | None = None

    @property
    def value_takes_z(self) -> bool:
        """Whether `value` uses z; otherwise it uses a."""
        return self.fused is not None and self.fused.form.value is not None


class Linear(NamedTuple):
    """A layer as an engine sees it.

    Attributes
    ----------
    weights : ndarray, shape (n_out, n_in)
        The live array, C-contiguous, which the engine updates in place.
    bias : ndarray, shape (n_out, 1)
        Likewise.
    activation : BoundActivation
    parameters : tuple of ndarray, each of shape (1, 1) or (n_out, 1)
        The live arrays of the activation's learned parameters, in the order of `Activation.learned`, likewise. The
        functions of the activation use them.
    """

    weights: Array
    bias: Array
    activation: BoundActivation
    parameters: tuple[Array, ...] = ()


class BoundOptimizer(NamedTuple):
    """An optimizer ready to be called: parameters filled in, failures raised as `PluginError`.

    Attributes
    ----------
    update : callable
        ``update(w, g, *state, t, learning_rate) -> [new w, *new state]``, new arrays of w's shape and dtype.
    plugin : Optimizer
        The plugin behind it, for an engine that compiles the formula.
    """

    update: Callable[..., list[Array]]
    plugin: Optimizer


def distinct_layers(layers: Iterable[Linear]) -> list[Linear]:
    """Return the layers, each once."""
    return list({id(layer.weights): layer for layer in layers}.values())


class HasParameters(Protocol):
    """A layer, or its gradient."""

    @property
    def weights(self) -> Array:
        """The weights, or the gradient by them."""

    @property
    def bias(self) -> Array:
        """Likewise."""

    @property
    def parameters(self) -> Sequence[Array]:
        """Likewise."""


def parameters_of(layers: Iterable[HasParameters]) -> list[Array]:
    """Return the weights, the bias and the learned parameters of each layer or gradient, layer by layer."""
    return [array for layer in layers for array in (layer.weights, layer.bias, *layer.parameters)]


def trained_arrays(layers: Iterable[Linear], objective: Objective) -> list[Array]:
    """Return all live arrays that training updates, in the order in which the state of an optimizer holds them.

    These are the arrays of each layer, as `parameters_of` returns them, with a layer that the net uses twice counted
    once, and at the end the learned parameters of the loss.
    """
    return [*parameters_of(distinct_layers(layers)), *objective.parameters]

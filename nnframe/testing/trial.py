"""A plugin's functions with names and sample inputs, so that one check serves activations and losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nnframe.activation import Activation
from nnframe.arrays import FLOAT64, Array, DType
from nnframe.errors import one_line
from nnframe.loss import Loss
from nnframe.plugin import Plugin
from nnframe.testing.outcome import CheckFailure
from nnframe.testing.samples import columns, pre_activations, targets


class Call(NamedTuple):
    """A function of a plugin and the arguments it is tried with.

    Attributes
    ----------
    name : str
        As the author knows it, such as ``"derivative(z)"``.
    function : callable
    arguments : tuple of ndarray
        All of one shape (n, B).
    per_column : bool
        Whether it gives one number a column, not an array of the arguments' shape.
    """

    name: str
    function: Callable[..., Array]
    arguments: tuple[Array, ...]
    per_column: bool = False

    def __call__(self, *arguments: Array, **settings: Any) -> Array:
        """Call the function, with its own arguments where none are given."""
        try:
            return self.function(*(arguments or self.arguments), **settings)
        except Exception as error:
            raise CheckFailure(
                f"{self.name} raised {one_line(error)} for arrays of shape {(arguments or self.arguments)[0].shape}; "
                f"expected "
                f"an array. Make it work for any matrix of columns"
            ) from error


class Trial(NamedTuple):
    """A plugin under trial."""

    plugin: Plugin

    def calls(self, plugin: Plugin, dtype: DType = FLOAT64) -> list[Call]:
        """Return the functions that every check of behaviour runs over."""
        if isinstance(plugin, Activation):
            z = pre_activations(dtype)
            forward = Call("forward(z)", plugin.forward, (z,))
            if plugin.backward is None:
                return [forward, Call("derivative(z)", plugin.slope, (z,))]
            a = forward(z, **plugin.settings)
            return [forward, Call("backward(grad, z, a)", plugin.backward, (z[::-1] / 3, z, a))]
        assert isinstance(plugin, Loss)
        a, y = columns(plugin.a_domain, seed=0, dtype=dtype), targets(plugin.y_domain, dtype)
        return [
            Call("value(a, y)", plugin.value, (a, y), per_column=True),
            Call("gradient(a, y)", plugin.gradient, (a, y)),
        ]

    def results(self, plugin: Plugin) -> list[Array]:
        """Return what each of the functions gives."""
        return [call(**plugin.settings) for call in self.calls(plugin)]

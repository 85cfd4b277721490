"""A dense layer: a linear map, a bias, and an activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.arrays import FORWARD_ERRORS, Array, DType
from nnframe.blas.threads import ONE_ANYWAY, ONE_ANYWAY_VECTOR, Known, product
from nnframe.contracts.activation import Activation
from nnframe.contracts.bound import Linear
from nnframe.contracts.learned_values import changed_values, starting_values
from nnframe.contracts.parameters import format_parameters
from nnframe.errors import ShapeError
from nnframe.inputs.chain import require_chain
from nnframe.inputs.checks import as_columns, as_matrix, bias_column, float_dtype
from nnframe.registry.binding import bind_activation
from nnframe.registry.spec import parse_spec


class denseLayer:
    """A layer a = f(linear @ v + bias).

    Parameters
    ----------
    linear : array_like, shape (n_out, n_in)
        The weights. Copied; float32 and float64 are kept, integers become float64.
    bias : array_like of shape (n_out, 1), or number, optional
        A column, or one number for all outputs. The layer computes in the wider dtype of the two arrays.
    activation : str, Activation or None, optional
        A name in any case, such as ``"relu"`` or ``"leaky_relu(alpha=0.2)"``; the object itself; or None for a linear
        layer.

    Raises
    ------
    ArgumentTypeError, ShapeError
        If an array has another shape or doesn't hold real numbers.
    UnknownNameError, NameConflictError, PluginError
        If the activation can't be found or used.

    Examples
    --------
    >>> layer = denseLayer([[1, 2], [3, 4]], bias=[[1], [-20]], activation="relu")
    >>> layer.forwardPass([[1], [1]]).tolist()
    [[4.0], [0.0]]
    """

    def __init__(self, linear: Any, bias: Any = 0, activation: str | Activation | None = None) -> None:
        weights = as_matrix(linear, "linear", "(n_out, n_in)")
        if 0 in weights.shape:
            raise ShapeError(f"linear has shape {weights.shape}; expected (n_out, n_in) with both at least 1")
        dtype = float_dtype(weights.dtype, "linear")
        column = bias_column(bias, len(weights))
        if column.ndim == 2:
            dtype = np.result_type(dtype, float_dtype(column.dtype, "bias"))
        # Whether someone else may have one of the arrays: then the layer keeps them where they are.
        self._is_shared = False
        # Both in one vector, so that an update of a small layer is one subtraction.
        vector = np.empty(weights.size + len(weights), dtype)
        self._linear: Array = vector[: weights.size].reshape(weights.shape)
        self._bias: Array = vector[weights.size :, np.newaxis]
        self._linear[...], self._bias[...] = weights, column
        # BLAS may split the product with an input of more numbers among threads.
        self._most_on_one = ONE_ANYWAY // len(weights) if weights.size <= ONE_ANYWAY_VECTOR else 0
        self._products: Known = {}
        self.activation = activation

    @property
    def linear(self) -> Array:
        """The weights, shape (n_out, n_in): the live array, which training updates in place.

        Assigning copies into it; shape and dtype stay as they are.
        """
        self._is_shared = True
        return self._linear

    @linear.setter
    def linear(self, value: Any) -> None:
        array = as_matrix(value, "linear", str(self._linear.shape))
        if array.shape != self._linear.shape:
            raise ShapeError(
                f"linear has shape {array.shape}; expected {self._linear.shape}, the shape of this layer's weights: "
                f"build a new denseLayer to change it"
            )
        self._linear[...] = array

    @property
    def bias(self) -> Array:
        """The bias, shape (n_out, 1): the live array. Assigning a column or one number copies into it."""
        self._is_shared = True
        return self._bias

    @bias.setter
    def bias(self, value: Any) -> None:
        self._bias[...] = bias_column(value, len(self._bias))

    @property
    def activation(self) -> str | Activation | None:
        """The activation: its name in lower case with its parameters, the object that was assigned, or None.

        Assigning raises what the constructor does; the layer then keeps the one it had.
        """
        return self._activation_name or self._activation

    @activation.setter
    def activation(self, value: str | Activation | None) -> None:
        found = None if value is None else registry.resolve(Activation, value)
        parameters = starting_values(found, self.n_out, self.dtype)
        bound = bind_activation(found, parameters)
        name = None
        if isinstance(value, str) and found is not None:
            name = parse_spec(value).qualified_name + format_parameters(found.overrides)
        self._activation, self._activation_name, self._bound, self._parameters = found, name, bound, parameters

    @property
    def parameters(self) -> Mapping[str, Array]:
        """The learned parameters of the activation by name: live arrays of shape (1, 1), or (n_out, 1) if per output.

        Assigning a dict sets those that it names; a column of shape (n_out, 1) gives each output a value of its own.
        """
        self._is_shared = True
        return MappingProxyType(self._parameters)

    @parameters.setter
    def parameters(self, values: Mapping[str, Any]) -> None:
        self._parameters = changed_values(values, self._parameters, self._activation, self.n_out)
        self._bound = bind_activation(self._activation, self._parameters)

    @property
    def dtype(self) -> DType:
        """The dtype that the layer computes in; input of another dtype is converted."""
        return self._linear.dtype

    @property
    def n_in(self) -> int:
        """The length of an input column."""
        return int(self._linear.shape[1])

    @property
    def n_out(self) -> int:
        """The length of an output column."""
        return int(self._linear.shape[0])

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return sum(array.size for array in (self._linear, self._bias, *self._parameters.values()))

    def linearPass(self, v: Any, addBias: bool = True) -> Array:
        """Return ``bias + linear @ v``, or ``linear @ v`` alone.

        Parameters
        ----------
        v : array_like, shape (n_in, B)
            A column, or B columns.
        addBias : bool, optional
            Whether to add the bias.

        Returns
        -------
        ndarray, shape (n_out, B)
            In the layer's dtype.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If v is something else.
        """
        with np.errstate(**FORWARD_ERRORS):
            z: Array = self._linear @ self._columns(v, self.n_in)
            return z + self._bias if addBias else z

    # A decorator takes half the time of a with statement: one microsecond of ten, in a small net.
    @np.errstate(**FORWARD_ERRORS)
    def forwardPass(self, v: Any) -> Array:
        """Return the activation of ``linearPass(v)``; takes, returns and raises what that does.

        Raises
        ------
        PluginError
            If the activation fails.
        """
        return denseLayer.step_of_net(self, v)

    def step_of_net(self, v: Any) -> Array:
        """Return what `forwardPass` does, for a caller who has set `FORWARD_ERRORS` once for many layers."""
        linear, activate_inplace = self._linear, self._bound.forward_inplace
        columns = v
        if not (type(v) is np.ndarray and v.dtype is linear.dtype and v.ndim == 2 and len(v) == linear.shape[1]):
            columns = self._columns(v, linear.shape[1])
        is_small = columns.size <= self._most_on_one
        z: Array = linear.dot(columns) if is_small else product(linear, columns, self._products)
        np.add(z, self._bias, z)
        # Nobody else has z yet, so it may be overwritten.
        if activate_inplace is None:
            return self._bound.forward(z)
        activate_inplace(z)
        return z

    @np.errstate(**FORWARD_ERRORS)
    def activationDerDiag(self, v: Any) -> Array:
        """Return the diagonal of the activation's Jacobian.

        Parameters
        ----------
        v : array_like, shape (n_out, B)
            Pre-activations.

        Returns
        -------
        ndarray, shape (n_out,) for a column, (n_out, B) for a matrix of B > 1 columns
            f'(v), element by element. Ones for softmax and other activations that mix the components of a column: their
            Jacobian is not diagonal, and `nNet.backprop` applies it as a whole.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If v is something else.
        PluginError
            If the activation fails.
        """
        # Read-only, because a plugin's function sees the caller's own array.
        columns = self._columns(v, self.n_out).view()
        columns.flags.writeable = False
        slopes = (self._bound.derivative or np.ones_like)(columns)
        return slopes[:, 0] if slopes.shape[1] == 1 else slopes

    def __init_subclass__(cls) -> None:
        if any(getattr(cls, name) is not getattr(denseLayer, name) for name in FIXED):
            # A forward pass calls this alone, which is too fast for `check_chain`.
            setattr(cls, "step_of_net", lambda self, v: check_chain([self]))  # noqa: B010

    def for_engine(self) -> Linear:
        """Return the layer's live arrays and its activation as an engine takes them."""
        self._is_shared = True
        return Linear(self._linear, self._bias, self._bound, tuple(self._parameters.values()))

    @property
    def resolved_activation(self) -> Activation | None:
        """The activation as an object, however it was given."""
        return self._activation

    def __repr__(self) -> str:
        return f"denseLayer({self.n_in} -> {self.n_out}, activation={self.activation!r}, dtype={self.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        # A shallow copy has the same arrays. The bound functions are closures, BLAS's are in a library of this process.
        self._is_shared = True
        return {key: value for key, value in self.__dict__.items() if key not in ("_bound", "_products")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._products = {}
        self._bound = bind_activation(self._activation, self._parameters)

    def _columns(self, v: Any, rows: int) -> Array:
        return as_columns(v, rows, "v").astype(self.dtype, copy=False)


# A net computes a layer from its arrays and its activation, and calls none of these.
FIXED = frozenset(name for name in vars(denseLayer) if not name.startswith("__")) - {"step_of_net"}


def check_chain(layers: Sequence[denseLayer]) -> None:
    """Raise unless each layer takes what the one before it returns.

    Raises
    ------
    ArgumentTypeError
        If something in it is not a plain `denseLayer`, or the layers differ in dtype.
    ArgumentError, ShapeError
        If it is empty, or two neighbours differ in size.
    """
    require_chain(layers, denseLayer, FIXED)

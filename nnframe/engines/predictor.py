"""A net's forward pass, made ready once to be called many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnframe.arrays import FORWARD_ERRORS, Array, DType
from nnframe.blas.threads import ONE_ANYWAY_VECTOR
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import Engine
from nnframe.engines.error_state import in_error_state
from nnframe.errors import ArgumentTypeError, ShapeError
from nnframe.inputs.checks import as_columns, as_matrix, in_dtype
from nnframe.layer import denseLayer
from nnframe.registry.engine_binding import bind_predictor
from nnframe.registry.guard import is_built_in


class Predictor:
    """What `nNet.predictor` returns: ``predictor(v)`` for columns, ``predictor.rows(X)`` for rows.

    Parameters
    ----------
    answer : callable
        ``answer(rows) -> rows``, for an array of shape (B, n_in) in the net's dtype.
    n_in : int
    dtype : float32 or float64
    """

    __slots__ = ("_answer", "_dtype", "_n_in")

    def __init__(self, answer: Callable[[Array], Array], n_in: int, dtype: DType) -> None:
        # Of the equal objects, the one that arrays usually have; a net that was unpickled has another.
        self._answer, self._n_in, self._dtype = answer, n_in, np.dtype(dtype.type)

    def __call__(self, v: Any) -> Array:
        """Return the net's outputs for columns, as ``net.forwardPass(v, return_all_steps=False)`` does.

        Parameters
        ----------
        v : array_like, shape (n_in, B)
            A column, or B columns.

        Returns
        -------
        ndarray, shape (n_out, B)
            A new array in the net's dtype.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If v is something else.
        PluginError
            If an activation fails.
        """
        if not (type(v) is np.ndarray and v.dtype is self._dtype and v.ndim == 2 and len(v) == self._n_in):
            v = in_dtype(as_columns(v, self._n_in, "v"), self._dtype)
        outputs: Array = self._answer(v.T).T
        return outputs

    def rows(self, X: Any) -> Array:
        """Return the net's outputs for inputs that are rows, as ``net.predict(X)`` does.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One row per sample.

        Returns
        -------
        ndarray, shape (N, n_out)
            A new array in the net's dtype.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If X is something else.
        PluginError
            If an activation fails.
        """
        if not (type(X) is np.ndarray and X.dtype is self._dtype and X.ndim == 2 and X.shape[1] == self._n_in):
            X = in_dtype(as_matrix(X, "X", f"(N, {self._n_in}), one row per sample"), self._dtype)
            if X.shape[1] != self._n_in:
                raise ShapeError(f"X has shape {X.shape}; expected (N, {self._n_in}), one row per sample")
        return self._answer(X)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy would go on answering for the net of the original.
        raise ArgumentTypeError("a predictor can't be pickled or copied; copy the net and call its predictor()")


class ColumnPredictor(Predictor):
    """A `Predictor` that answers for a single column in three quarters of the time, in a small net on numpy.

    Parameters
    ----------
    answer, n_in, dtype
        As in `Predictor`.
    column : callable
        ``column(v)`` answers for an array of shape (n_in, 1), in any error state of numpy.
    is_ours : bool
        Whether `column` calls no code but nnframe's own.
    """

    __slots__ = ("_column", "_in_other_threads", "_shape")

    def __init__(
        self,
        answer: Callable[[Array], Array],
        n_in: int,
        dtype: DType,
        column: Callable[[Array], Array],
        is_ours: bool,
    ) -> None:
        super().__init__(answer, n_in, dtype)
        self._shape = n_in, 1
        self._column = in_error_state(column, FORWARD_ERRORS, is_ours)
        self._in_other_threads = in_error_state(column, FORWARD_ERRORS, is_ours=False) if is_ours else None

    def __call__(self, v: Any) -> Array:
        """Return the net's outputs for columns, as `Predictor` does."""
        if not (type(v) is np.ndarray and v.dtype is self._dtype and v.shape == self._shape):
            return super().__call__(v)
        try:
            return self._column(v)
        except RuntimeError:
            # Another thread is at it.
            if self._in_other_threads is None:
                raise
            return self._in_other_threads(v)


def predictor_of(layers: Sequence[denseLayer], engine: Engine) -> Predictor:
    """Return the predictor of an engine, or one that goes through the layers if the engine has none.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    chain = tuple(layers)
    linears = tuple(layer.for_engine() for layer in chain)
    n_in, dtype = chain[0].n_in, chain[0].dtype
    answer = bind_predictor(engine, linears)
    if answer is not None:
        return Predictor(answer, n_in, dtype)

    @np.errstate(**FORWARD_ERRORS)
    def forward(rows: Array) -> Array:
        columns = rows.T
        for layer in chain:
            columns = layer.step_of_net(columns)
        outputs: Array = columns.T
        return outputs

    if max(linear.weights.size for linear in linears) > ONE_ANYWAY_VECTOR:
        return Predictor(forward, n_in, dtype)
    plugins = [linear.activation.plugin for linear in linears]
    is_ours = all(plugin is None or is_built_in(plugin) for plugin in plugins)
    return ColumnPredictor(forward, n_in, dtype, _for_column(linears), is_ours)


def _for_column(layers: Sequence[Linear]) -> Callable[[Array], Array]:
    """Return the forward pass for one column, whose products are too small for several threads."""
    steps = [
        (layer.weights.dot, layer.bias, layer.activation.forward_inplace, layer.activation.forward) for layer in layers
    ]
    add = np.add

    def answer(v: Array) -> Array:
        for multiply, bias, activate_inplace, activate in steps:
            v = multiply(v)
            add(v, bias, v)
            if activate_inplace is None:
                v = activate(v)
            else:
                activate_inplace(v)
        return v

    return answer

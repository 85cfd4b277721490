"""A net's forward pass, made ready once to be called many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnframe.arrays import FORWARD_ERRORS, Array, DType
from nnframe.contracts.engine import Engine
from nnframe.errors import ArgumentTypeError, ShapeError
from nnframe.inputs.checks import as_columns, as_matrix, in_dtype
from nnframe.layer import denseLayer
from nnframe.registry.engine_binding import bind_predictor


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
    answer = bind_predictor(engine, tuple(layer.for_engine() for layer in chain))

    @np.errstate(**FORWARD_ERRORS)
    def forward(rows: Array) -> Array:
        columns = rows.T
        for layer in chain:
            columns = layer.step_of_net(columns)
        outputs: Array = columns.T
        return outputs

    return Predictor(answer or forward, chain[0].n_in, chain[0].dtype)

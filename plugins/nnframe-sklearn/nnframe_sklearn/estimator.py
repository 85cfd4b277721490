"""What all estimators share: a net behind scikit-learn's checks of its input, and pickles that hold what it needs."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from nnframe import Array, nNet
from nnframe_sklearn.blas import single_thread
from nnframe_sklearn.carried import carried, register_carried
from nnframe_sklearn.learner import Learner
from nnframe_sklearn.scaling import Scaling

# Rows that are predicted, or taken out of a sparse matrix, at a time.
CHUNK = 4096
# The state of a fitted estimator where no pickle is made: the bytes of a model file.
MODEL_FILE = "model_file"
FLOATS = (np.float64, np.float32)


class NetEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator with a net.

    Attributes
    ----------
    net_ : nNet
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X was a data frame whose column names are all strings.
    """

    net_: nNet
    _scaling: Scaling | None = None
    _learner: Learner | None = None

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @classmethod
    def hold_files(cls, file_of: Callable[[NetEstimator], bytes], state_in: Callable[[bytes], dict[str, Any]]) -> None:
        """Let `__getstate__` return a model file, made by a function and read by another."""
        cls._file_of, cls._state_in = staticmethod(file_of), staticmethod(state_in)

    _file_of: Callable[[NetEstimator], bytes]
    _state_in: Callable[[bytes], dict[str, Any]]

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for what stores no code, such as skops; a pickle is made by `__reduce_ex__`."""
        if not self.__sklearn_is_fitted__():
            return dict(super().__getstate__())
        return {MODEL_FILE: self._file_of(self)}

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self),), self._pickled()  # type: ignore[attr-defined]  # no stub has it

    def _pickled(self) -> dict[str, Any]:
        """Return the state for a pickle or a copy."""
        state: dict[str, Any] = dict(super().__getstate__())
        # All of them: a search sets other parameters in its workers than the estimator has now.
        plugins = carried()
        if plugins:
            state["_carried"] = plugins
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if MODEL_FILE in state:
            self.__dict__.update(self._state_in(state[MODEL_FILE]))
            return
        register_carried(state.pop("_carried", ()))
        super().__setstate__(state)

    def _checked_rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)

    def _outputs(self, X: Any) -> Array:
        """Return the net's outputs for rows, shape (N, n_outputs), a chunk at a time."""
        return self._outputs_of(self._checked_rows(X))

    def _outputs_of(self, rows: Any) -> Array:
        net = self.net_
        predictor = net.predictor(getattr(self, "engine", None))
        outputs = np.empty((rows.shape[0], net.layersList[-1].n_out), net.dtype)
        with single_thread(largest_product(net, min(CHUNK, rows.shape[0])) // 8):
            for start in range(0, rows.shape[0], CHUNK):
                part = slice(start, start + CHUNK)
                outputs[part] = predictor.rows(self._scaled(rows[part], net.dtype))
        return outputs

    def _scaled(self, rows: Any, dtype: Any) -> Array:
        if self._scaling is not None:
            return self._scaling.apply(rows, dtype)
        dense: Array = (rows.toarray() if sp.issparse(rows) else rows).astype(dtype, copy=False)
        return dense


def largest_product(net: nNet, batch_size: int) -> int:
    """Return the number of multiplications in the largest product of a batch."""
    return batch_size * max(layer.linear.size for layer in net.layersList)

"""Training with scipy's L-BFGS-B over all rows at once, as scikit-learn's MLP does it.

nnframe's own lbfgs has another line search, and so other weights after each iteration. `NNClassifier` and `NNRegressor`
use that one.

Source: D. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
Programming 45 (1989) 503-528; scipy's implementation.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from nnframe import Array, nNet, pairs
from nnframe.arrays import TRAINING_ERRORS, copy_all
from nnframe.engines.fast.whole_data import WholeData
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings
from nnframe_sklearn.dense_rows import dense_rows


def minimize(
    net: nNet, loss: Any, X: Any, Y: Array, sample_weight: Array | None, alpha: float, options: dict[str, Any]
) -> Any:
    """Minimize the weighted mean loss plus ``alpha / 2 / (sum of the weights) * (sum of the squared weights)``.

    The net ends with the best weights.

    Parameters
    ----------
    net : nNet
    loss : str or Loss
    X : ndarray or sparse matrix, shape (N, n_in)
    Y : ndarray, shape (N, n_out)
    sample_weight : ndarray, shape (N,), or None
    alpha : float
    options : dict
        Of scipy's L-BFGS-B.

    Returns
    -------
    scipy.optimize.OptimizeResult
    """
    dtype = net.dtype
    weight_sum = float(len(Y) if sample_weight is None else sample_weight.sum())
    factors = None if sample_weight is None else sample_weight * (len(Y) / weight_sum)
    settings = Settings.of(loss=loss, optimizer="lbfgs", l2=alpha / weight_sum, sample_weights=factors)
    rows = dense_rows(X, dtype, partial(_dense, dtype=dtype)) if sp.issparse(X) else X
    run = prepare(net, pairs(rows, Y), settings)
    data = WholeData(run.task, None)

    def value_and_gradient(vector: Array) -> tuple[float, Array]:
        with np.errstate(**TRAINING_ERRORS), data.threads.chosen():
            _, value, gradient = data.evaluate(vector.astype(dtype, copy=False))
        return value, gradient.astype(np.float64, copy=False)

    first = np.concatenate([array.ravel() for array in run.weights])
    result = scipy.optimize.minimize(
        value_and_gradient, first.astype(np.float64), method="L-BFGS-B", jac=True, options=options
    )
    stops = np.cumsum([array.size for array in run.weights])
    parts = np.split(result.x, stops[:-1])
    copy_all(run.weights, [part.reshape(array.shape) for part, array in zip(parts, run.weights, strict=True)])
    return result


def _dense(rows: Any, dtype: Any) -> Array:
    dense: Array = rows.toarray().astype(dtype, copy=False)
    return dense

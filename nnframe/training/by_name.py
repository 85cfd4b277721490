"""What a loss asks for by name, on its way through an engine: further rows below the targets.

The loss that an engine is given takes them apart again. So no engine has to know that there are such losses.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.engine import Samples
from nnframe.contracts.loss import Loss
from nnframe.data import Pairs, as_dtype
from nnframe.inputs.by_name import INPUTS, SAMPLE_WEIGHT


class PairsByName(Pairs):
    """Training data whose targets are followed by what a loss asks for by name.

    Parameters
    ----------
    data : Pairs
    loss : Loss
    weights : ndarray, shape (N,), optional
        The weights of the samples; ones by default.
    """

    def __init__(self, data: Pairs, loss: Loss, weights: Array | None = None) -> None:
        self.X, self.plain, self._loss, self._weights = data.X, data, loss, weights

    @cached_property
    def Y(self) -> Array:  # type: ignore[override]  # noqa: N802  # a copy of all data, for engines that want it whole
        """The targets and what follows them, shape (N, n_targets + ...)."""
        return self.rows(slice(None), np.result_type(self.plain.Y, np.float32))[1]

    def rows(self, rows: slice | Array, dtype: DType) -> tuple[Array, Array]:
        """Return some rows of X and of Y, as `Pairs.rows`."""
        x, y = self.plain.rows(rows, dtype)
        weights = None if self._weights is None else self._weights[rows]
        return x, with_given(self._loss, x, y, weights)


def with_given(loss: Loss, x: Array, y: Array, weights: Array | None) -> Array:
    """Return targets, (B, n_targets), followed by what a loss asks for: the inputs, (B, n_in), and weights, (B,)."""
    parts = [y]
    if INPUTS in loss.asks:
        parts.append(x)
    if SAMPLE_WEIGHT in loss.asks:
        ones = np.ones(len(y), y.dtype)
        parts.append((ones if weights is None else weights.astype(y.dtype, copy=False)).reshape(-1, 1))
    return as_dtype(np.concatenate(parts, axis=1), y.dtype)


def for_loss(loss: Loss, data: Pairs, weights: Array | None = None) -> tuple[Pairs, Array | None]:
    """Return data and weights as an engine is given them."""
    if not loss.asks or isinstance(data, PairsByName):
        return data, weights
    return PairsByName(data, loss, weights), None if SAMPLE_WEIGHT in loss.asks else weights


def samples_for(loss: Loss, samples: Samples) -> Samples:
    """Return a batch as an engine is given it."""
    weights = None if SAMPLE_WEIGHT in loss.asks else samples.weights
    return samples._replace(y=with_given(loss, samples.x, samples.y, samples.weights), weights=weights)

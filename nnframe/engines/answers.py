"""What a net answers about rows: predictions, and what the loss that it was trained with reads from its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.loss import Loss
from nnframe.errors import ShapeError
from nnframe.inputs.checks import as_matrix
from nnframe.layer import check_chain, denseLayer


class Answers:
    """The answers of a net; the base of `nNet`.

    Attributes
    ----------
    layersList : list of denseLayer
    trained_for : Loss, str or None
        The loss that says what the outputs mean, if it reads something else from them than their numbers. Training sets
        it, and a file of the net keeps it. Assign None to see the outputs as they are.
    """

    layersList: list[denseLayer]  # noqa: N815  # the name that nets have had from the start
    forwardPass: Callable[..., Any]  # noqa: N815
    trained_for: str | Loss | None = None

    def predict(self, X: Any) -> Array:
        """Return predictions for inputs that are rows.

        They are the outputs, unless the net was trained with a loss that reads the prediction from them, such as
        ``"gaussian_nll"`` with two outputs for each target.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One row per sample, as in `nnframe.pairs`.

        Returns
        -------
        ndarray, shape (N, n_targets)

        Raises
        ------
        ArgumentTypeError, ShapeError, PluginError
            As in `nNet.forwardPass`.
        UnknownNameError
            If the net comes from a file and that loss is not installed.

        Examples
        --------
        >>> import nnframe
        >>> nnframe.nNet([nnframe.denseLayer([[1.0, 2.0]])]).predict([[1, 1], [0, 3]]).tolist()
        [[3.0], [6.0]]
        """
        outputs = self._outputs(X)
        if self.trained_for is None:
            rows: Array = outputs.T
            return rows
        from nnframe.registry.answers import point_of

        found: Array = point_of(self._loss(), outputs).T
        return found

    def predict_quantiles(self, X: Any, levels: Any) -> Array:
        """Return quantiles of the targets for inputs that are rows.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
        levels : array_like, shape (L,)
            Above 0 and below 1.

        Returns
        -------
        ndarray, shape (L, N, n_targets)
            ``low, high = net.predict_quantiles(X, [0.05, 0.95])``.

        Raises
        ------
        ArgumentError
            If the net was trained with a loss that has no quantiles, or none of these levels.
        NNFrameError
            As in `predict`.
        """
        from nnframe.registry.answers import quantiles_of

        found: Array = quantiles_of(self._loss(), self._outputs(X), levels).transpose(0, 2, 1)
        return found

    def predict_dist(self, X: Any) -> tuple[Array, Array]:
        """Return the mean and the standard deviation of the targets for inputs that are rows.

        Parameters
        ----------
        X : array_like, shape (N, n_in)

        Returns
        -------
        mean, scale : ndarray, shape (N, n_targets)

        Raises
        ------
        ArgumentError
            If the net was trained with a loss that has no mean and scale.
        NNFrameError
            As in `predict`.
        """
        from nnframe.registry.answers import distribution_of

        mean, scale = distribution_of(self._loss(), self._outputs(X))
        return mean.T, scale.T

    def _outputs(self, X: Any) -> Array:
        """Return the outputs, (n_out, N)."""
        check_chain(self.layersList)
        n_in = self.layersList[0].n_in
        rows = as_matrix(X, "X", f"(N, {n_in}), one row per sample")
        if rows.shape[1] != n_in:
            raise ShapeError(f"X has shape {rows.shape}; expected (N, {n_in}), one row per sample")
        # Not layer by layer: a subclass may override it.
        outputs: Array = self.forwardPass(rows.T, return_all_steps=False)
        return outputs

    def _loss(self) -> Loss | None:
        return None if self.trained_for is None else registry.resolve(Loss, self.trained_for)

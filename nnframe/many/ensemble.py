"""Several nets that answer together: their mean, and how far they are apart."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, with_type
from nnframe.layer import check_chain
from nnframe.many.ensemble_file import load_nets, save_nets
from nnframe.many.job import JobResult
from nnframe.network import nNet


class Ensemble:
    """Nets with the same inputs and outputs, whose outputs are averaged.

    Their spread says where they disagree: far from the training data, mostly. It is no error bar.

    Parameters
    ----------
    nets : iterable of nNet or JobResult
        Such as ``train_many(jobs)[:5]``.

    Attributes
    ----------
    nets : tuple of nNet

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If there are none, or they have other numbers of inputs or outputs.
    NNFrameError
        If one is the result of a job that failed.

    References
    ----------
    B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and scalable predictive uncertainty estimation using deep
    ensembles", NeurIPS 2017.

    Examples
    --------
    >>> from nnframe import denseLayer
    >>> ensemble = Ensemble([nNet([denseLayer([[1.0]])]), nNet([denseLayer([[3.0]])])])
    >>> mean, spread = ensemble.predict_with_spread([[1.0], [10.0]])
    >>> mean.tolist(), spread.tolist()
    ([[2.0], [20.0]], [[1.0], [10.0]])
    """

    def __init__(self, nets: Iterable[nNet | JobResult]) -> None:
        try:
            given = list(nets)
        except TypeError:
            raise ArgumentTypeError(f"nets is {with_type(nets)}; expected a list of nNet") from None
        found = [each.net if isinstance(each, JobResult) else each for each in given]
        if not found:
            raise ArgumentError("nets is empty; expected at least one nNet")
        for i, net in enumerate(found):
            if not isinstance(net, nNet):
                raise ArgumentTypeError(f"nets[{i}] is {with_type(net)}; expected an nNet")
            check_chain(net.layersList)
            if _sizes(net) != _sizes(found[0]):
                (n_in, n_out), (first_in, first_out) = _sizes(net), _sizes(found[0])
                raise ShapeError(
                    f"nets[{i}] takes columns of {n_in} and returns columns of {n_out}; expected {first_in} and "
                    f"{first_out}, as nets[0]"
                )
        self.nets = tuple(found)

    @property
    def dtype(self) -> DType:
        """The dtype of the outputs: float64, unless all nets compute in float32."""
        return np.result_type(*(net.dtype for net in self.nets))

    def forwardPass(self, v: Any) -> Array:  # noqa: N802
        """Return the mean of the nets' outputs for columns.

        Parameters
        ----------
        v : array_like, shape (n_in, B)

        Returns
        -------
        ndarray, shape (n_out, B)

        Raises
        ------
        ArgumentTypeError, ShapeError, PluginError
            As `nNet.forwardPass`.
        """
        mean: Array = np.mean([net.forwardPass(v, return_all_steps=False) for net in self.nets], axis=0)
        return mean

    def predict(self, X: Any) -> Array:
        """Return the mean of the nets' predictions for inputs that are rows.

        Parameters
        ----------
        X : array_like, shape (N, n_in)

        Returns
        -------
        ndarray, shape (N, n_out)

        Raises
        ------
        ArgumentTypeError, ShapeError, PluginError
            As `nNet.predict`.
        """
        mean: Array = np.mean(self.predict_each(X), axis=0)
        return mean

    def predict_with_spread(self, X: Any) -> tuple[Array, Array]:
        """Return the mean of the nets' outputs for rows, and their standard deviation, of shape (N, n_out) both."""
        outputs = self.predict_each(X)
        return outputs.mean(axis=0), outputs.std(axis=0)

    def predict_dist(self, X: Any) -> tuple[Array, Array]:
        """Return the mean and the standard deviation of the targets for inputs that are rows.

        They are those of the mixture of the nets' distributions, each as likely as the others. With means m and
        standard deviations s, the variance is the mean of s^2, the noise that the nets expect, plus the variance of m,
        their disagreement.

        Parameters
        ----------
        X : array_like, shape (N, n_in)

        Returns
        -------
        mean, scale : ndarray, shape (N, n_targets)

        Raises
        ------
        ArgumentError
            If a net was trained with a loss that has no mean and scale.
        NNFrameError
            As `nNet.predict_dist`.

        References
        ----------
        Lakshminarayanan, Pritzel and Blundell (2017), as above, section 2.4.
        """
        means, scales = map(np.stack, zip(*(net.predict_dist(X) for net in self.nets), strict=True))
        return means.mean(axis=0), np.sqrt(np.square(scales).mean(axis=0) + means.var(axis=0))

    def predict_quantiles(self, X: Any, levels: Any) -> Array:
        """Return the mean of the nets' quantiles of the targets for inputs that are rows.

        Unlike those of the mixture that `predict_dist` describes, they don't get further apart where the nets disagree.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
        levels : array_like, shape (L,)
            Above 0 and below 1.

        Returns
        -------
        ndarray, shape (L, N, n_targets)

        Raises
        ------
        ArgumentError
            If a net was trained with a loss that has no quantiles, or none of these levels.
        NNFrameError
            As `nNet.predict_quantiles`.

        References
        ----------
        K. Lichtendahl, Y. Grushka-Cockayne and R. Winkler, "Is it better to average probabilities or quantiles?",
        Management Science 59 (2013) 1594-1611.
        """
        mean: Array = np.mean([net.predict_quantiles(X, levels) for net in self.nets], axis=0)
        return mean

    def predict_each(self, X: Any) -> Array:
        """Return the predictions of each net for rows, of shape (number of nets, N, n_out).

        Raises
        ------
        ArgumentTypeError, ShapeError, PluginError
            As `nNet.predict`; or if the nets were trained for losses with different numbers of outputs for each target.
        """
        found = [net.predict(X) for net in self.nets]
        for i, (net, each) in enumerate(zip(self.nets, found, strict=True)):
            if each.shape != found[0].shape:
                raise ShapeError(
                    f"nets[{i}], trained for {_loss_of(net)}, predicts shape {each.shape}; expected {found[0].shape}, "
                    f"as nets[0], trained for {_loss_of(self.nets[0])}: put nets for the same loss into an ensemble"
                )
        return np.stack(found)

    def save(self, path: str | os.PathLike[str], metadata: dict[str, Any] | None = None) -> None:
        """Write all nets to one file that `load` reads; takes and raises what `nNet.save` does."""
        save_nets([net.layersList for net in self.nets], path, metadata, [net.trained_for for net in self.nets])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Ensemble:
        """Return the ensemble that `save` saved; takes and raises what `nnframe.load` does."""
        return cls.load_with_metadata(path)[0]

    @classmethod
    def load_with_metadata(cls, path: str | os.PathLike[str]) -> tuple[Ensemble, dict[str, Any]]:
        """Return the ensemble that `save` saved, and its metadata; an empty dict if it was saved without."""
        layers, metadata, losses = load_nets(path)
        nets = [nNet(each) for each in layers]
        for net, loss in zip(nets, losses, strict=True):
            net.trained_for = loss
        return cls(nets), metadata

    def __len__(self) -> int:
        return len(self.nets)

    def __repr__(self) -> str:
        n_in, n_out = _sizes(self.nets[0])
        return f"<Ensemble of {len(self)} nets, {n_in} -> {n_out}>"


def _loss_of(net: nNet) -> str:
    loss = net.trained_for
    return "no loss" if loss is None else repr(getattr(loss, "spec", loss))


def _sizes(net: nNet) -> tuple[int, int]:
    return net.layersList[0].n_in, net.layersList[-1].n_out

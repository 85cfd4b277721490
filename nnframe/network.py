"""A feed-forward network: layers in a row, trained by stochastic gradient descent."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from nnframe import registry
from nnframe.activation import Activation
from nnframe.arrays import Array, DType, as_columns, whole_number
from nnframe.binding import bind_engine, bind_objective
from nnframe.data import as_pairs
from nnframe.engine import Engine, TrainingTask
from nnframe.errors import ArgumentError, ArgumentTypeError, ShapeError, shown, with_type
from nnframe.initialization import random_layers
from nnframe.layer import denseLayer
from nnframe.loss import Loss

if TYPE_CHECKING:
    import numpy.typing as npt


ENGINE_VARIABLE = "NNFRAME_ENGINE"
DEFAULT_ENGINE = "numpy"


@dataclass
class History:
    """What `nNet.nEpochs` saw.

    Attributes
    ----------
    loss : list of float
        The mean loss over the samples of each epoch, each sample's taken before the update that it led to.
    """

    loss: list[float] = field(default_factory=list)


class nNet:
    """A feed-forward network.

    Parameters
    ----------
    layersList : iterable of denseLayer
        From the input to the output. Each takes as many components as the one before it gives, and all have one dtype.

    Raises
    ------
    ArgumentTypeError
        If something in it is no `denseLayer`.
    ArgumentError, ShapeError
        If it is empty, or neighbours don't fit.

    Examples
    --------
    The line through (0, 1) and (1, 2), by least squares:

    >>> net = nNet([denseLayer([[0.0]])])
    >>> history = net.nEpochs(200, [([[0]], [[1]]), ([[1]], [[2]])], "mse", learning_rate=0.3)
    >>> bool(abs(net.layersList[0].linear.item() - 1) < 1e-6), bool(abs(net.layersList[0].bias.item() - 1) < 1e-6)
    (True, True)
    """

    def __init__(self, layersList: Iterable[denseLayer]) -> None:
        try:
            self.layersList = list(layersList)
        except TypeError:
            raise ArgumentTypeError(
                f"layersList is {shown(layersList)}; wanted a list of denseLayer objects: put a single one in brackets"
            ) from None
        self._check_layers()

    @classmethod
    def from_sizes(
        cls,
        sizes: Sequence[int],
        activations: Sequence[str | Activation | None] = ("relu", None),
        seed: int | np.random.Generator | None = 0,
        dtype: npt.DTypeLike = np.float64,
    ) -> nNet:
        """Return a net with random weights and zero biases.

        Weights that feed relu and its like are drawn as He et al. propose, all others as Glorot and Bengio do.

        Parameters
        ----------
        sizes : sequence of int
            Components of the input, of each hidden layer, and of the output: ``[64, 32, 10]`` has two layers.
        activations : sequence of str, Activation or None, optional
            One a layer; or two, the first for all hidden layers and the second for the last.
        seed : int, numpy.random.Generator or None, optional
            Same seed, same weights. None draws fresh ones.
        dtype : float32 or float64, optional
            What the net computes in.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a size is no positive whole number, the activations don't match the layers, or the dtype is another.
        UnknownNameError, NameConflictError, PluginError
            If an activation can't be found or used.

        Examples
        --------
        >>> nNet.from_sizes([64, 32, 10], ["relu", "softmax"])
        nNet of 2 layers, 2410 parameters, float64
          1. 64 -> 32  relu     2080 parameters
          2. 32 -> 10  softmax   330 parameters
        """
        return cls(random_layers(sizes, activations, seed, dtype))

    @property
    def dtype(self) -> DType:
        """The dtype that all layers compute in."""
        return self.layersList[0].dtype

    @property
    def n_parameters(self) -> int:
        """The number of trained values."""
        return sum(layer.n_parameters for layer in self.layersList)

    @overload
    def forwardPass(self, v: Any, return_all_steps: Literal[True] = True) -> list[Array]: ...

    @overload
    def forwardPass(self, v: Any, return_all_steps: Literal[False]) -> Array: ...

    @overload
    def forwardPass(self, v: Any, return_all_steps: bool) -> list[Array] | Array: ...

    def forwardPass(self, v: Any, return_all_steps: bool = True) -> list[Array] | Array:
        """Return the input followed by each layer's output, or the last output alone.

        May be called from several threads at once.

        Parameters
        ----------
        v : array_like, shape (n_in, B)
            A column, or B columns.
        return_all_steps : bool, optional
            Whether to return all steps.

        Returns
        -------
        list of ndarray, or ndarray of shape (n_out, B)
            ``[v, output of layer 1, ..., output of layer k]``, or the last of them.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If v is something else.
        PluginError
            If an activation fails.
        """
        steps = [as_columns(v, self.layersList[0].n_in, "v")]
        for layer in self.layersList:
            steps.append(layer.forwardPass(steps[-1]))
        return steps if return_all_steps else steps[-1]

    def backprop(
        self,
        data: Any,
        loss: str | Loss,
        learning_rate: float,
        batch_size: int = 1,
        *,
        engine: str | Engine | None = None,
    ) -> float:
        """Train for one pass of stochastic gradient descent over the data, in the order given.

        After each batch, every weight w becomes ``w - learning_rate * dL/dw``, where L is the mean loss of the batch. A
        last, smaller batch is averaged over its own size.

        Parameters
        ----------
        data : sequence of (x, y)
            Pairs of column vectors, (n_in, 1) and (n_out, 1), or of matrices of columns; or `nnframe.pairs`.
        loss : str or Loss
            A registered name, such as ``"mse"`` or ``"cel"``, or the object itself.
        learning_rate : float
            The step size, 0 or more.
        batch_size : int, optional
            How many columns are averaged for an update.
        engine : str, Engine or None, optional
            What runs the epochs. None is the environment's ``NNFRAME_ENGINE``, or ``"numpy"``.

        Returns
        -------
        float
            The mean loss over the samples, each taken before the update that it led to.

        Raises
        ------
        ArgumentError, ArgumentTypeError, DataError, ShapeError
            If an argument can't be used. Nothing has changed then.
        UnknownNameError, NameConflictError
            If the loss or the engine can't be found. Nothing has changed then.
        EngineError
            If the engine can't do it. Nothing has changed then.
        PluginError
            If an activation, the loss or the engine fails. The net keeps the weights after the last batch that was
            whole, as it does after Ctrl-C.
        """
        return self.nEpochs(1, data, loss, learning_rate, batch_size, engine=engine).loss[0]

    def nEpochs(
        self,
        n: int,
        data: Any,
        loss: str | Loss,
        learning_rate: float,
        batch_size: int = 1,
        *,
        engine: str | Engine | None = None,
    ) -> History:
        """Train for n passes over the data; see `backprop`.

        Parameters
        ----------
        n : int
            The number of epochs, 0 or more.
        data, loss, learning_rate, batch_size, engine
            As in `backprop`. A list is stacked once for all epochs.

        Returns
        -------
        History
            With the mean loss of each epoch.

        Raises
        ------
        NNFrameError
            As `backprop`.
        """
        epochs = whole_number(n, "n", minimum=0)
        size = whole_number(batch_size, "batch_size")
        rate = _checked_learning_rate(learning_rate)
        self._check_layers()
        first, last = self.layersList[0], self.layersList[-1]
        task = TrainingTask(
            tuple(layer.for_engine() for layer in self.layersList),
            bind_objective(registry.resolve(Loss, loss), last.resolved_activation),
            as_pairs(data, first.n_in, last.n_out),
            rate,
            size,
        )
        chosen = engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE
        run_epoch = bind_engine(registry.resolve(Engine, chosen), task)
        return History([run_epoch() for _ in range(epochs)])

    def __repr__(self) -> str:
        rows = [
            (f"{i}. {layer.n_in} -> {layer.n_out}", _label(layer.activation), str(layer.n_parameters))
            for i, layer in enumerate(self.layersList, start=1)
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        plural = "" if len(rows) == 1 else "s"
        head = f"nNet of {len(rows)} layer{plural}, {self.n_parameters} parameters, {self.dtype}"
        return "\n".join(
            [head, *(f"  {s:<{widths[0]}}  {a:<{widths[1]}}  {n:>{widths[2]}} parameters" for s, a, n in rows)]
        )

    def _check_layers(self) -> None:
        """Raise unless the layers fit each other; the list is the user's to change, so this is asked again."""
        layers = self.layersList
        if not layers:
            raise ArgumentError("layersList is empty; wanted at least one denseLayer")
        for i, layer in enumerate(layers):
            if not isinstance(layer, denseLayer):
                raise ArgumentTypeError(
                    f"layersList[{i}] is of type {type(layer).__name__}; wanted a denseLayer: denseLayer(linear, bias, "
                    f"activation)"
                )
        for i, (before, layer) in enumerate(pairwise(layers), start=1):
            if layer.n_in != before.n_out:
                raise ShapeError(
                    f"layersList[{i}].linear has shape {layer.linear.shape}; wanted ({layer.n_out}, {before.n_out}): "
                    f"the layer before it gives columns of {before.n_out}"
                )
            if layer.dtype != before.dtype:
                raise ArgumentTypeError(
                    f"layersList[{i}] computes in {layer.dtype} and the layer before it in {before.dtype}; wanted one "
                    f"dtype: build both from arrays of it, as with linear.astype(np.float32)"
                )


def _checked_learning_rate(learning_rate: object) -> float:
    if isinstance(learning_rate, (bool, np.bool_)) or not isinstance(
        learning_rate, (int, float, np.integer, np.floating)
    ):
        raise ArgumentTypeError(f"learning_rate is {with_type(learning_rate)}; wanted a number such as 0.1")
    # A Python float takes the dtype of the array that it multiplies, a numpy one does not.
    rate = float(learning_rate)
    if not math.isfinite(rate) or rate < 0:
        raise ArgumentError(f"learning_rate is {rate}; wanted a finite number, 0 or more, such as 0.1")
    return rate


def _label(activation: str | Activation | None) -> str:
    return activation.spec if isinstance(activation, Activation) else activation or "linear"

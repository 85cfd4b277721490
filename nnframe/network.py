"""A feed-forward network: layers in a row, trained by stochastic gradient descent."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from nnframe import registry
from nnframe.arrays import Array, DType, as_columns, as_matrix
from nnframe.contracts.activation import Activation
from nnframe.data import as_pairs
from nnframe.errors import ArgumentTypeError, ShapeError, shown
from nnframe.initialization import random_layers
from nnframe.layer import check_chain, denseLayer
from nnframe.predictor import Predictor

if TYPE_CHECKING:
    import numpy.typing as npt

    from nnframe.contracts.engine import Engine
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.schedule import Schedule
    from nnframe.history import History
    from nnframe.training.sample_weights import ClassWeights


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
        check_chain(self.layersList)

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

    # Some BLAS kernels raise the flag for numbers that are in no result. A decorator does it in half of the time that a
    # with statement takes: one microsecond of ten, in a small net.
    @np.errstate(invalid="ignore")
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
        ArgumentError
            If there is no layer left in the list.
        PluginError
            If an activation fails.
        """
        layers = self.layersList
        if not layers:
            # Raises. Checking the layers at every call would take too long.
            check_chain(self.layersList)
        steps: list[Array] = [as_columns(v, layers[0].n_in, "v") if return_all_steps else v]
        for layer in layers:
            steps.append(layer.forward_within_errstate(steps[-1]))
        return steps if return_all_steps else steps[-1]

    def predict(self, X: Any) -> Array:
        """Return the outputs for inputs that are rows.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One row a sample, as in `nnframe.pairs`.

        Returns
        -------
        ndarray, shape (N, n_out)
            One row a sample.

        Raises
        ------
        ArgumentTypeError, ShapeError
            If X is something else.
        PluginError
            If an activation fails.

        Examples
        --------
        >>> nNet([denseLayer([[1.0, 2.0]])]).predict([[1, 1], [0, 3]]).tolist()
        [[3.0], [6.0]]
        """
        n_in = self.layersList[0].n_in
        rows = as_matrix(X, "X", f"(N, {n_in}), one row a sample")
        if rows.shape[1] != n_in:
            raise ShapeError(f"X has shape {rows.shape}; wanted (N, {n_in}), one row a sample")
        outputs: Array = self.forwardPass(rows.T, return_all_steps=False).T
        return outputs

    def predictor(self, engine: str | Engine | None = None) -> Predictor:
        """Return a fast forward pass: a function of columns that gives what `forwardPass` gives.

        It pays where a net answers many times. It reads the weights that the layers have at each call, so that training
        goes on beside it; after a change of `layersList` or of an activation, ask for a new one. Several threads may
        call it at once.

        Parameters
        ----------
        engine : str, Engine or None, optional
            What computes the answers. None is the environment's ``NNFRAME_ENGINE``, or ``"numpy"``. An engine that
            offers no predictor of its own leaves the work to `forwardPass`.

        Returns
        -------
        Predictor
            ``predictor(v)`` takes columns of shape (n_in, B), ``predictor.rows(X)`` rows of shape (N, n_in).

        Raises
        ------
        UnknownNameError, NameConflictError, PluginError
            If the engine can't be found or fails.
        EngineError
            If the engine can't do it.

        Examples
        --------
        >>> answer = nNet([denseLayer([[1.0, 2.0]])]).predictor()
        >>> answer([[1], [3]]).tolist(), answer.rows([[1, 1], [0, 3]]).tolist()
        ([[7.0]], [[3.0], [6.0]])
        """
        from nnframe.contracts.engine import Engine
        from nnframe.registry.binding import bind_predictor
        from nnframe.training.prepare import DEFAULT_ENGINE, ENGINE_VARIABLE

        check_chain(self.layersList)
        found = registry.resolve(Engine, engine or os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE)
        layers = tuple(layer.for_engine() for layer in self.layersList)
        answer = bind_predictor(found, layers)
        if answer is None:
            net = type(self)(self.layersList)
            answer = lambda rows: net.forwardPass(rows.T, return_all_steps=False).T  # noqa: E731
        return Predictor(answer, self.layersList[0].n_in, self.dtype)

    def backprop(
        self,
        data: Any,
        loss: str | Loss,
        learning_rate: float | None = None,
        batch_size: int = 1,
        **settings: Any,
    ) -> float:
        """Train for one pass over the data, in the order given.

        After each batch, every weight w becomes ``w - learning_rate * dL/dw``, where L is the mean loss of the batch. A
        last, smaller batch is averaged over its own size.

        Parameters
        ----------
        data : sequence of (x, y)
            Pairs of column vectors, (n_in, 1) and (n_out, 1), or of matrices of columns; or `nnframe.pairs`.
        loss : str or Loss
            A registered name, such as ``"mse"`` or ``"cel"``, or the object itself.
        learning_rate : float, optional
            The step size, 0 or more. Left out where an optimizer is given.
        batch_size : int, optional
            How many columns are averaged for an update.
        **settings
            As in `nEpochs`.

        Returns
        -------
        float
            The mean loss over the samples, each taken before the update that it led to.

        Raises
        ------
        ArgumentError, ArgumentTypeError, DataError, ShapeError
            If an argument can't be used. Nothing has changed then.
        UnknownNameError, NameConflictError
            If a name can't be found. Nothing has changed then.
        EngineError
            If the engine can't do it. Nothing has changed then.
        PluginError
            If a plugin fails. The net keeps the weights after the last batch that was whole, as it does after Ctrl-C.
        DivergenceError
            If the loss or a weight is not finite any more. The net then has the last weights that were.
        """
        history = self.nEpochs(1, data, loss, learning_rate, batch_size, **settings)
        # A callback may stop a run before its first epoch.
        return history.loss[-1] if history.loss else math.nan

    def nEpochs(
        self,
        n: int,
        data: Any,
        loss: str | Loss,
        learning_rate: float | None = None,
        batch_size: int = 1,
        *,
        engine: str | Engine | None = None,
        optimizer: str | Optimizer | None = None,
        schedule: str | Schedule | None = None,
        l1: float = 0,
        l2: float = 0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        dropout: float | Sequence[float] = 0,
        shuffle: bool = False,
        seed: int | None = None,
        sample_weights: Any = None,
        class_weights: ClassWeights | None = None,
        validation: Any = None,
        metrics: Sequence[str | Metric] = (),
        callbacks: Sequence[Any] = (),
    ) -> History:
        """Train for n passes over the data; see `backprop`.

        Parameters
        ----------
        n : int
            The number of epochs, 0 or more.
        data : sequence of (x, y)
            Pairs of column vectors, or `nnframe.pairs`, as in `backprop`. A list is stacked once for all epochs.
        loss : str or Loss
            Such as ``"mse"`` or ``"cel"``.
        learning_rate : float, optional
            The step size of plain stochastic gradient descent. Left out where an optimizer is given.
        batch_size : int, optional
            How many samples are averaged for an update.
        engine : str, Engine or None, optional
            What runs the epochs. None is the environment's ``NNFRAME_ENGINE``, or ``"numpy"``.
        optimizer : str, Optimizer or None, optional
            In place of a learning rate: ``"adam"``, ``"sgd(learning_rate=0.1, momentum=0.9)"``. Its state begins anew
            in every call.
        schedule : str, Schedule or None, optional
            What the learning rate is multiplied with in the course of the n epochs, such as ``"cosine"``.
        l1, l2 : float, optional
            ``l1 * sum(abs(w)) + l2 / 2 * sum(w ** 2)`` over all weights, not the biases, is added to the loss that is
            minimized. The losses that are reported stay without it.
        clip_value, clip_norm : float or None, optional
            The largest size of an element of the gradient; the largest Euclidean norm of the whole gradient.
        dropout : float or sequence of float, optional
            The share of each hidden layer's outputs that is set to 0 while training, others for every sample; a
            sequence has one for each hidden layer.
        shuffle : bool, optional
            Whether to visit the samples in another order in every epoch.
        seed : int or None, optional
            What orders, dropped outputs and held-out samples are drawn from. Same seed, same weights. None draws a
            fresh one, which `History.seed` has.
        sample_weights : array_like, shape (N,), optional
            What the loss of each sample is multiplied with; the mean over a batch still divides by its size.
        class_weights : dict of int to float, or "balanced", optional
            Likewise by class, the number of a target's largest component, or 0 and 1 where there is one component.
            "balanced" makes all classes count alike.
        validation : float or data, optional
            A share of the data, such as 0.2, that is held out at random; or pairs like `data`. The mean loss over them,
            after each epoch, goes into the history.
        metrics : sequence of str or Metric, optional
            Such as ``["accuracy", "top_k(k=3)"]``; taken after each epoch over the validation data where there is any,
            else over the data that is trained with.
        callbacks : sequence of str, Callback or object, optional
            Such as ``["progress", "early_stopping(patience=5)"]``; or objects with methods marked ``@nnframe.hookimpl``
            for the hooks of a run, as `nnframe.builtins.callbacks` has them.

        Returns
        -------
        History
            With the mean loss of each epoch, and what else was asked for.

        Raises
        ------
        DivergenceError
            If the loss or a weight is not finite any more. The net then has the last weights that were.
        PluginError
            Also if a callback or a metric fails.
        NNFrameError
            As `backprop`.
        """
        # Whoever only runs a net doesn't train it.
        from nnframe.training.loop import train
        from nnframe.training.prepare import prepared_run

        check_chain(self.layersList)
        run, followers = prepared_run(
            self,
            n,
            data,
            loss,
            learning_rate,
            batch_size,
            engine=engine,
            optimizer=optimizer,
            schedule=schedule,
            l1=l1,
            l2=l2,
            clip_value=clip_value,
            clip_norm=clip_norm,
            dropout=dropout,
            shuffle=shuffle,
            seed=seed,
            sample_weights=sample_weights,
            class_weights=class_weights,
            validation=validation,
            metrics=metrics,
            callbacks=callbacks,
        )
        return train(run, followers)

    def evaluate(
        self, data: Any, loss: str | Loss | None = None, metrics: Sequence[str | Metric] = ()
    ) -> dict[str, float]:
        """Return how good the net is on a data set.

        Parameters
        ----------
        data : sequence of (x, y)
            As in `backprop`.
        loss : str or Loss, optional
            The mean of which over the samples comes first, under ``"loss"``.
        metrics : sequence of str or Metric, optional

        Returns
        -------
        dict of str to float
            By the names as they were given.

        Raises
        ------
        NNFrameError
            If an argument can't be used, or a plugin fails.

        Examples
        --------
        >>> nNet([denseLayer([[2.0]])]).evaluate([([[1.0]], [[2.0]]), ([[2.0]], [[5.0]])], "mse", ["mae"])
        {'loss': 0.5, 'mae': 0.5}
        """
        from nnframe.contracts.loss import Loss
        from nnframe.registry.binding import bind_objective
        from nnframe.training.evaluation import checked_metrics, evaluate

        check_chain(self.layersList)
        first, last = self.layersList[0], self.layersList[-1]
        objective = None
        if loss is not None:
            objective = bind_objective(registry.resolve(Loss, loss), last.resolved_activation)
        pairs = as_pairs(data, first.n_in, last.n_out)
        layers = [layer.for_engine() for layer in self.layersList]
        mean_loss, values = evaluate(layers, objective, pairs, checked_metrics(metrics))
        return ({} if objective is None else {"loss": mean_loss}) | values

    def save(self, path: str | os.PathLike[str], notes: dict[str, Any] | None = None) -> None:
        """Write the net into a file that `nnframe.load` reads, in place of the one that may be there.

        The file has the weights, bit for bit, and each activation's name, parameters and provider. It is written whole
        or not at all: an error or a kill leaves the old file.

        Parameters
        ----------
        path : str or os.PathLike
            The file, such as ``"m.nnf"``. One whose name ends in ``.safetensors`` is written with the library of that
            name, an extra.
        notes : dict, optional
            What else to keep in the file: anything that JSON gives back as it is. `nnframe.saving.load_with_notes`
            returns it.

        Raises
        ------
        ModelFileError
            If the file can't be written.
        ArgumentError, ArgumentTypeError
            If an activation was never registered, or the notes are something else.
        MissingDependencyError
            If safetensors is needed and isn't installed.
        """
        # Whoever only trains a net doesn't save it.
        from nnframe.saving.files import save_model

        save_model(self, path, notes)

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


def _label(activation: str | Activation | None) -> str:
    return activation.spec if isinstance(activation, Activation) else activation or "linear"

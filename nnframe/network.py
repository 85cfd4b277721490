"""A feed-forward network: layers in a row, trained by stochastic gradient descent."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from nnframe.arrays import FORWARD_ERRORS, Array, DType
from nnframe.contracts.activation import Activation
from nnframe.engines.answers import Answers
from nnframe.engines.joint_memory import join_memory
from nnframe.errors import ArgumentError, ArgumentTypeError, shown
from nnframe.initialization import random_layers
from nnframe.inputs.checks import as_columns
from nnframe.inputs.overrides import refuse_overrides
from nnframe.layer import check_chain, denseLayer

if TYPE_CHECKING:
    import numpy.typing as npt

    from nnframe.contracts.engine import Engine
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.schedule import Schedule
    from nnframe.engines.predictor import Predictor
    from nnframe.history import History
    from nnframe.training.one_pair import KeptTrainer
    from nnframe.training.sample_weights import ClassWeights
    from nnframe.training.trainer import Trainer


class nNet(Answers):
    """A feed-forward network.

    Parameters
    ----------
    layersList : iterable of denseLayer
        From the input to the output. Each takes what the one before it returns, and all have one dtype.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If it is empty, holds something else than plain layers, or neighbours don't fit.

    Examples
    --------
    The line through (0, 1) and (1, 2), by least squares:

    >>> net = nNet([denseLayer([[0.0]])])
    >>> history = net.nEpochs(200, [([[0]], [[1]]), ([[1]], [[2]])], "mse", learning_rate=0.3)
    >>> bool(abs(net.layersList[0].linear.item() - 1) < 1e-6), bool(abs(net.layersList[0].bias.item() - 1) < 1e-6)
    (True, True)
    """

    _kept_trainer: KeptTrainer | None = None  # of calls of `backprop` with one pair

    def __init__(self, layersList: Iterable[denseLayer]) -> None:
        try:
            self.layersList = list(layersList)
        except TypeError:
            raise ArgumentTypeError(
                f"layersList is {shown(layersList)}; expected a list of denseLayer: put a single one in brackets"
            ) from None
        check_chain(self.layersList)
        join_memory(self.layersList)

    @classmethod
    def from_sizes(
        cls,
        sizes: Sequence[int],
        activations: Sequence[str | Activation | None] = ("relu", None),
        seed: int | np.random.Generator | None = 0,
        dtype: npt.DTypeLike = np.float64,
    ) -> nNet:
        """Return a net with random weights and zero biases.

        Weights that feed relu and the like are drawn as He et al. propose, all others as Glorot and Bengio do.

        Parameters
        ----------
        sizes : sequence of int
            The lengths of the input, of each hidden layer's output, and of the output: ``[64, 32, 10]``.
        activations : sequence of str, Activation or None, optional
            One per layer; or two, for all hidden layers and for the last.
        seed : int, numpy.random.Generator or None, optional
            Same seed, same weights. None draws new ones.
        dtype : float32 or float64, optional

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a size is not a positive whole number, or the activations don't match the layers.
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

    @np.errstate(**FORWARD_ERRORS)
    def forwardPass(self, v: Any, return_all_steps: bool = True) -> list[Array] | Array:
        """Return the input and each layer's output, or the last output alone.

        Several threads may call it at once.

        Parameters
        ----------
        v : array_like, shape (n_in, B)
            A column, or B columns.
        return_all_steps : bool, optional

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
        layers = self.layersList
        if not layers:
            # Raises. Checking all layers at every call would take too long.
            check_chain(layers)
        output: Array = as_columns(v, layers[0].n_in, "v") if return_all_steps else v
        steps = [output]
        for layer in layers:
            steps.append(output := layer.step_of_net(output))
        return steps if return_all_steps else output

    def predictor(self, engine: str | Engine | None = None) -> Predictor:
        """Return a fast forward pass, for a net that answers many times.

        It reads the live weights at each call, so the net may be trained in between; after a change of `layersList` or
        of an activation, ask for a new one. Several threads may call it at once.

        Parameters
        ----------
        engine : str, Engine or None, optional
            As in `nEpochs`. An engine without a predictor of its own leaves the work to the layers.

        Returns
        -------
        Predictor
            ``predictor(v)`` takes columns of shape (n_in, B), ``predictor.rows(X)`` rows of shape (N, n_in).

        Raises
        ------
        UnknownNameError, NameConflictError, PluginError, EngineError
            If the engine can't be found or used.

        Examples
        --------
        >>> answer = nNet([denseLayer([[1.0, 2.0]])]).predictor()
        >>> answer([[1], [3]]).tolist(), answer.rows([[1, 1], [0, 3]]).tolist()
        ([[7.0]], [[3.0], [6.0]])
        """
        from nnframe.engines.predictor import predictor_of
        from nnframe.training.settings import engine_or_default

        refuse_overrides(self, nNet, "forwardPass")
        check_chain(self.layersList)
        return predictor_of(self.layersList, engine_or_default(engine, "engine"))

    def backprop(
        self, data: Any, loss: str | Loss, learning_rate: float | None = None, batch_size: int = 1, **settings: Any
    ) -> float:
        """Train for one pass over the data, in the order given.

        After each batch, every weight w becomes ``w - learning_rate * dL/dw``, where L is the mean loss of the batch.
        The last batch may be smaller, and is averaged over its own size.

        Parameters
        ----------
        data, loss, learning_rate, batch_size, **settings
            As in `nEpochs`.

        Returns
        -------
        float
            The mean loss over the samples, each taken before the update it led to.

        Raises
        ------
        NNFrameError
            As in `nEpochs`.
        """
        is_single = type(data) is list and type(batch_size) is int and len(data) == batch_size == 1 and not settings
        if is_single and type(learning_rate) is float:
            # Learning one observation at a time must not pay for the preparation of a run in every call.
            kept = self._kept_trainer
            if kept is None or not kept.fits(self, loss):
                from nnframe.training.one_pair import KeptTrainer

                refuse_overrides(self, nNet, "forwardPass")
                kept = self._kept_trainer = KeptTrainer(self, loss, learning_rate)
            if (found := kept.train(data[0], learning_rate)) is not None:
                return found
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
        layer_rates: Sequence[Any] | None = None,
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
        """Train for n passes over the data; `backprop` says what one pass does.

        Parameters
        ----------
        n : int
            The number of epochs, 0 or more.
        data : sequence of (x, y)
            Pairs of columns of shapes (n_in, 1) and (n_out, 1), or of matrices of B such columns; or `nnframe.pairs`.
        loss : str or Loss
            Such as ``"mse"`` or ``"cel"``. One with k outputs for each target has n_out / k targets.
        learning_rate : float, optional
            The step size of plain stochastic gradient descent, 0 or more; an optimizer has its own.
        batch_size : int, optional
            The number of samples that are averaged for an update.
        engine : str, Engine or None, optional
            What runs the epochs. None: the environment's ``NNFRAME_ENGINE``, or ``"numpy"``.
        optimizer : str, Optimizer or None, optional
            In place of a learning rate: ``"adam"``, ``"sgd(learning_rate=0.1, momentum=0.9)"``. Each call starts with a
            new state. With ``"lbfgs"``, an epoch is an iteration over all rows, whatever ``batch_size`` is.
        schedule : str, Schedule or None, optional
            Multiplies the learning rate in the course of the n epochs: ``"cosine"``.
        layer_rates : sequence of float, pair or dict, optional
            For each layer, what its learning rate is multiplied by: a factor, a pair of factors for weights and bias,
            or a dict such as ``{"linear": 0.1, "bias": 1, "alpha": 0}``. 0 freezes: what has it keeps its bits.
        l1, l2 : float, optional
            Adds ``l1 * sum(abs(w)) + l2 / 2 * sum(w ** 2)`` over all weights, not biases, to what is minimized. The
            reported losses stay without it.
        clip_value, clip_norm : float or None, optional
            Limits the size of each element of the gradient; the Euclidean norm of the gradient of what isn't frozen.
        dropout : float or sequence of float, optional
            The share of each hidden layer's outputs that is set to 0 in training; a sequence has one for each of them.
        shuffle : bool, optional
            Whether each epoch visits the samples in a new random order.
        seed : int or None, optional
            Orders, dropped outputs and held-out samples are drawn from it: same seed, same weights. None draws a seed,
            which `History.seed` has.
        sample_weights : array_like, shape (N,), optional
            Factors of the samples' losses. The mean over a batch still divides by its size.
        class_weights : dict of int to float, or "balanced", optional
            Likewise by class: the number of a target's largest component, or 0 and 1 if there is one component.
            "balanced" makes all classes count the same.
        validation : float or data, optional
            A share of the data to hold out at random, such as 0.2; or other data. The history has the mean loss over it
            after each epoch.
        metrics : sequence of str or Metric, optional
            Such as ``["accuracy", "top_k(k=3)"]``; computed after each epoch over the validation data, or without any,
            over the training data.
        callbacks : sequence of str, Callback or object, optional
            Such as ``["progress", "early_stopping(patience=5)"]``, or objects as `nnframe.callbacks` has them.

        Returns
        -------
        History
            The mean loss of each epoch, and whatever else was asked for.

        Raises
        ------
        ArgumentError, ArgumentTypeError, DataError, ShapeError, UnknownNameError, NameConflictError, EngineError
            If an argument can't be used. Nothing has changed then.
        PluginError
            If a plugin fails, a callback too. The net keeps the weights after the last whole batch, as after Ctrl-C.
        DivergenceError
            If the loss or a weight stops being finite. The net then has the last weights that were.
        """
        # All but the net and the data are settings of the same name; a test holds the two lists together.
        arguments = dict(locals())
        del arguments["self"], arguments["data"]
        # A program that only runs a net doesn't import what trains it.
        from nnframe.training.loop import train
        from nnframe.training.prepare import prepare
        from nnframe.training.settings import Settings

        refuse_overrides(self, nNet, "forwardPass")
        check_chain(self.layersList)
        return train(prepare(self, data, Settings.of(**arguments)))

    def trainer(
        self,
        loss: str | Loss,
        learning_rate: float | None = None,
        *,
        engine: str | Engine | None = None,
        optimizer: str | Optimizer | None = None,
        schedule: str | Schedule | None = None,
        n: int | None = None,
        layer_rates: Sequence[Any] | None = None,
        l1: float = 0,
        l2: float = 0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        dropout: float | Sequence[float] = 0,
        seed: int | None = None,
        steps_per_epoch: int = 1000,
        check_every: int = 100,
    ) -> Trainer:
        """Return a trainer, which makes one update at a time and keeps the optimizer's state in between.

        Parameters
        ----------
        loss, learning_rate, engine, optimizer, schedule, layer_rates, l1, l2, clip_value, clip_norm, dropout, seed
            As in `nEpochs`.
        n : int, optional
            The number of epochs that a schedule spans; needed with a schedule.
        steps_per_epoch : int, optional
            The number of updates that count as an epoch, for the schedule, the history and callbacks.
        check_every : int, optional
            The number of updates between two checks that all weights are finite.

        Returns
        -------
        Trainer
            ``step(x, y)`` makes an update, ``run(iterator)`` one for each pair, ``save(path)`` keeps net and state.

        Raises
        ------
        NNFrameError
            As in `nEpochs`.

        Examples
        --------
        >>> net = nNet([denseLayer([[0.0]])])
        >>> trainer = net.trainer("mse", learning_rate=0.1)
        >>> trainer.step([[1.0]], [[2.0]]), trainer.step([[1.0]], [[2.0]])
        (4.0, 1.44)
        """
        arguments = dict(locals())
        for name in ("self", "n", "steps_per_epoch", "check_every"):
            del arguments[name]
        from nnframe.training.new_trainer import new_trainer
        from nnframe.training.settings import Settings

        refuse_overrides(self, nNet, "forwardPass")
        check_chain(self.layersList)
        if schedule is not None and n is None:
            raise ArgumentError("n is missing; expected the number of epochs that the schedule spans, such as n=10")
        return new_trainer(self, Settings.of(**arguments, n=1 if n is None else n), steps_per_epoch, check_every)

    def evaluate(
        self, data: Any, loss: str | Loss | None = None, metrics: Sequence[str | Metric] = ()
    ) -> dict[str, float]:
        """Return the mean loss of the net on a data set, and metrics.

        Parameters
        ----------
        data, loss, metrics
            As in `nEpochs`; without a loss, none is computed.

        Returns
        -------
        dict of str to float
            ``"loss"``, and the metrics by their names as given.

        Raises
        ------
        NNFrameError
            If an argument can't be used, or a plugin fails.

        Examples
        --------
        >>> nNet([denseLayer([[2.0]])]).evaluate([([[1.0]], [[2.0]]), ([[2.0]], [[5.0]])], "mse", ["mae"])
        {'loss': 0.5, 'mae': 0.5}
        """
        from nnframe.training.evaluation import evaluate_net

        refuse_overrides(self, nNet, "forwardPass")
        check_chain(self.layersList)
        return evaluate_net(self, data, loss, metrics)

    def save(self, path: str | os.PathLike[str], metadata: dict[str, Any] | None = None) -> None:
        """Write the net to a file that `nnframe.load` reads; an existing file is replaced.

        The file has the weights, bit for bit, and each activation's name, parameters and provider. It is written whole
        or not at all: an error or a kill leaves the old file.

        Parameters
        ----------
        path : str or os.PathLike
            The file, such as ``"m.nnf"``. Its suffix says in which format it is written; without one that is ``.nnf``.
        metadata : dict, optional
            What else to keep in the file: dicts, lists, str, numbers, bools, None and numpy arrays.
            `nnframe.load_with_metadata` returns it.

        Raises
        ------
        ModelFileError
            If the file can't be written.
        ArgumentError, ArgumentTypeError, NameConflictError, PluginError
            If an activation or `trained_for` was never registered, the metadata can't be stored, or no format has the
            suffix.
        """
        # A program that only trains doesn't pay for this import.
        from nnframe.saving.model_file import save_layers

        save_layers(self.layersList, path, metadata, self.trained_for)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_kept_trainer"}

    def __repr__(self) -> str:
        rows = [
            (f"{i}. {layer.n_in} -> {layer.n_out}", _label(layer.activation), str(layer.n_parameters))
            for i, layer in enumerate(self.layersList, start=1)
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        head = f"nNet of {len(rows)} layer{'s' if len(rows) > 1 else ''}, {self.n_parameters} parameters, {self.dtype}"
        return "\n".join(
            [head, *(f"  {s:<{widths[0]}}  {a:<{widths[1]}}  {n:>{widths[2]}} parameters" for s, a, n in rows)]
        )


def _label(activation: str | Activation | None) -> str:
    return activation.spec if isinstance(activation, Activation) else activation or "linear"

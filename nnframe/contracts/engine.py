"""The contract for engines, which run the epochs, and what they are given.

An engine may reorder arithmetic, so its results may differ from those of another by rounding. It may not change the
order of the samples or the meaning of an update: the gradient of each batch is taken at the weights that the batch
before it left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nnframe.arrays import Array
from nnframe.contracts.bound import BoundOptimizer, Linear, Objective
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.team import Team
from nnframe.data import Pairs


class OptimizerState(NamedTuple):
    """What an optimizer keeps between updates; an engine changes it in place, together with the weights.

    Attributes
    ----------
    arrays : tuple of ndarray, each of shape (n_parameters,)
        In the order of `Optimizer.state` and in the net's dtype. A vector has the values for all trained arrays, row by
        row, in the order of `nnframe.contracts.bound.trained_arrays`: for each layer its weights, its bias and its
        learned parameters, and at the end those of the loss. A layer that the net uses twice counts once.
    updates : ndarray of int64, shape ()
        The number of updates so far.
    """

    arrays: tuple[Array, ...]
    updates: Array


class UpdateRule(NamedTuple):
    """How the gradient of the mean loss turns into new weights, in this order.

    Attributes
    ----------
    l1, l2 : float
        ``l1 * sign(w) + l2 * w`` is added for weights and for learned parameters that are `Learned.penalized`, not for
        biases.
    clip_value : float or None
        Every element is clipped to between -clip_value and clip_value.
    clip_norm : float or None
        The whole gradient is multiplied by ``clip_norm / (its Euclidean norm + 1e-6)`` if that is below 1. Arrays with
        the factor 0 don't count.
    optimizer : BoundOptimizer or None
        Computes the new weights; None for ``w - learning_rate * gradient``.
    state : OptimizerState
    factors : tuple of float, or None
        For each of the `trained_arrays`, what its learning rate is multiplied by; None if that is 1 for all. With the
        factor 0, an array and its part of the optimizer's state stay as they are.
    """

    l1: float
    l2: float
    clip_value: float | None
    clip_norm: float | None
    optimizer: BoundOptimizer | None
    state: OptimizerState
    factors: tuple[float, ...] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the weights become ``w - learning_rate * gradient``, and nothing else happens."""
        return not (self.l1 or self.l2 or self.clip_value or self.clip_norm or self.optimizer or self.factors)


class BoundNet(NamedTuple):
    """What a net and the settings of its training determine before there is any data.

    Attributes
    ----------
    layers : tuple of Linear
        A layer may be in it twice.
    objective : Objective
    rule : UpdateRule
    dropout : tuple of float
        As `TrainingTask.dropout`.
    """

    layers: tuple[Linear, ...]
    objective: Objective
    rule: UpdateRule
    dropout: tuple[float, ...]


class TrainingTask(NamedTuple):
    """Everything an engine is given, already checked: shapes fit, there is data, all layers have one dtype.

    Attributes
    ----------
    layers : tuple of Linear
        A layer may be in it twice.
    objective : Objective
    data : Pairs
        Read-only, of any real dtype; `samples` converts.
    batch_size : int
        May be larger than the data.
    rule : UpdateRule
    sample_weights : ndarray, shape (N,), or None
        Factors of the samples' losses, in the layers' dtype; the mean over a batch still divides by its size.
    dropout : tuple of float
        For each layer, the share of its outputs that training sets to 0, from 0 to below 1; the others are divided by
        1 - share. 0 for the last layer. `nnframe.engines.dropout` determines which ones.
    combine : callable or None
        ``combine(gradient, loss_sum) -> loss_sum`` is called once for each batch, before penalties, clipping and the
        step: where several processes make an update together, it adds up what they have. It changes the gradient of the
        mean loss in place, one vector in the order of `OptimizerState.arrays`, and returns the sum of the losses, in
        float64, that the engine adds to its total. If it raises, the batch leaves the weights alone. Only engines that
        declare `Engine.combines` are given one.
    gradient : ndarray, shape (n_parameters,), or None
        Where an engine that writes the gradient there spares `combine` a copy. It may ignore it and pass a vector of
        its own.
    combine_is_sum : bool
        Whether `combine` adds up gradients, whatever they are multiplied by. Where the rule `is_plain`, an engine may
        then pass the gradient times the learning rate, which saves a pass over it.
    """

    layers: tuple[Linear, ...]
    objective: Objective
    data: Pairs
    batch_size: int
    rule: UpdateRule
    sample_weights: Array | None = None
    dropout: tuple[float, ...] = ()
    combine: Callable[[Array, float], float] | None = None
    gradient: Array | None = None
    combine_is_sum: bool = False

    def samples(self, epoch: Epoch, size: int | None = None) -> Iterator[Samples]:
        """Yield the samples of an epoch in its order, in the layers' dtype.

        Parameters
        ----------
        epoch : Epoch
        size : int, optional
            The number of samples at a time; the last may be fewer. By default a batch. An epoch with shares is always
            visited batch by batch, and a batch may have no samples.
        """
        if epoch.shares is not None:
            yield from self._samples_of_shares(epoch, epoch.shares)
            return
        dtype = self.layers[0].weights.dtype
        step = size or self.batch_size
        first = epoch.first_batch * self.batch_size
        n_visited = len(self.data if epoch.order is None else epoch.order)
        last = min(n_visited, first + len(epoch.learning_rates) * self.batch_size)
        for start in range(first, last, step):
            stop = min(start + step, last)
            rows = slice(start, stop) if epoch.order is None else epoch.order[start:stop]
            weights = None if self.sample_weights is None else self.sample_weights[rows]
            yield Samples(*self.data.rows(rows, dtype), weights, start)

    def batch_sizes(self, epoch: Epoch) -> list[int]:
        """Return for each batch to run the number of its samples, in all processes."""
        last = epoch.first_batch + len(epoch.learning_rates)
        if epoch.shares is not None:
            sizes: list[int] = epoch.shares.sizes[epoch.first_batch : last].tolist()
            return sizes
        n_visited = len(self.data if epoch.order is None else epoch.order)
        starts = range(epoch.first_batch * self.batch_size, last * self.batch_size, self.batch_size)
        return [min(self.batch_size, n_visited - start) for start in starts]

    def _samples_of_shares(self, epoch: Epoch, shares: BatchShares) -> Iterator[Samples]:
        dtype = self.layers[0].weights.dtype
        batches = slice(epoch.first_batch, epoch.first_batch + len(epoch.learning_rates))
        columns = (each[batches].tolist() for each in (shares.starts, shares.stops, shares.positions))
        for start, stop, position in zip(*columns, strict=True):
            rows = slice(start, stop) if epoch.order is None else epoch.order[start:stop]
            weights = None if self.sample_weights is None else self.sample_weights[rows]
            yield Samples(*self.data.rows(rows, dtype), weights, position)


class BatchShares(NamedTuple):
    """What one process takes of every batch of a pass, where several processes make an update together.

    Attributes
    ----------
    starts, stops : ndarray of int64, shape (n_batches,)
        The samples of `Epoch.order` that it takes of a batch, from start up to stop, exclusive; there may be none.
    positions : ndarray of int64, shape (n_batches,)
        Where the first of them is in the pass of all processes together. Dropout depends on it.
    sizes : ndarray of int64, shape (n_batches,)
        The number of samples of the batch in all processes, by which the sum of the gradients is divided.
    """

    starts: Array
    stops: Array
    positions: Array
    sizes: Array


class Epoch(NamedTuple):
    """One pass over the data, or a part of one.

    Attributes
    ----------
    learning_rates : ndarray of float64, shape (n_batches,)
        For each batch to run.
    order : ndarray of int64, shape (n_samples,), or None
        The rows that the whole pass visits, in this order; the last batch may be smaller. None for all rows in the
        order of the data.
    first_batch : int
        The first batch of the pass to run, counted from 0.
    dropout_key : int
        64 bits that decide which outputs are dropped.
    loss_sum : float
        The sum of the losses of the batches before the first, which the engine adds to.
    shares : BatchShares or None
        The part of each batch of the whole pass to compute; None for all of it. A batch with no samples has a gradient
        of 0. Only engines that declare `Engine.combines` are given shares.
    """

    learning_rates: Array
    order: Array | None
    first_batch: int = 0
    dropout_key: int = 0
    loss_sum: float = 0.0
    shares: BatchShares | None = None


class Samples(NamedTuple):
    """Some samples of an epoch.

    Attributes
    ----------
    x, y : ndarray, shapes (B, n_in) and (B, n_out)
        Inputs and targets, one row per sample; read-only.
    weights : ndarray, shape (B,), or None
    start : int
        The position of the first one in the whole pass.
    """

    x: Array
    y: Array
    weights: Array | None
    start: int

    def part(self, start: int, stop: int) -> Samples:
        """Return the samples from `start` up to `stop`, exclusive, counted from the first."""
        weights = None if self.weights is None else self.weights[start:stop]
        return Samples(self.x[start:stop], self.y[start:stop], weights, self.start + start)


@dataclass(frozen=True, repr=False)
class Engine(Plugin):
    """A way to run epochs of stochastic gradient descent.

    Parameters
    ----------
    name : str
        The name for users.
    prepare : callable
        ``prepare(task, **params) -> run_epoch`` allocates and compiles what is needed. ``run_epoch(epoch)`` then runs
        the batches of an `Epoch`. It returns `Epoch.loss_sum` plus the losses of the samples, the sum of each batch
        added in turn, so that the total is the same wherever an epoch is cut into parts. The loss of a sample is taken
        before the update it led to, times its sample weight, without penalties. The weights may have been changed
        between two calls. If ``run_epoch`` has an attribute ``close``, ``close(error)`` is called once when the run
        ends, with the exception that ended it or None; it must not raise.

        Errors of plugins are passed on unchanged. If an error or an interrupt ends an epoch early, layers and state
        must be those after some whole batch. `prepare` may refuse what the engine can't do by raising `EngineError`
        with a sentence that says why.
    predictor : callable, optional
        ``predictor(layers, **params) -> answer`` prepares forward passes alone, for a tuple of `Linear`;
        ``answer(rows)`` takes an array of shape (B, n_in) in the layers' dtype, in any memory order and perhaps
        read-only, and returns a new one of shape (B, n_out). It reads the live weights in every call, several threads
        may call it at once, and it raises `PluginError` if an activation fails. None if the engine has nothing
        faster than `nNet.forwardPass`.
    stepper : callable, optional
        ``stepper(net, **params) -> step`` prepares single updates of a `BoundNet`; ``step(samples, learning_rate,
        dropout_key)`` makes one for a batch of `Samples` in the layers' dtype, in any memory order and perhaps
        read-only, and returns what an epoch of that one batch returns. `Samples.start` is 0. It leaves weights and
        state as ``run_epoch`` does. None in place of the function or its result if the engine has nothing faster than
        an epoch of one batch. The function may have attributes that save a trainer time:

        - ``is_silent``: true if it never raises or warns of floating-point errors by itself. Otherwise they are
          ignored while it and the functions below are called, which takes some time to set.
        - ``pair_step``: a trainer that drops no outputs tries ``pair_step(x, y, learning_rate)`` first, with whatever
          its user passed. If x and y are columns of shapes (n_in, 1) and (n_targets, 1) in the layers' dtype, all
          finite, and the targets are within the loss's `y_domain`, it makes the update and returns the loss; otherwise,
          or if it can't tell quickly, it changes nothing and returns None.
        - ``if_finite``: takes the arguments of the function and does the same, for inputs that may not be finite. If
          one isn't, or if it can't tell quickly, it changes nothing and returns None.
    combines : bool, optional
        Whether ``prepare`` heeds `TrainingTask.combine`, and ``run_epoch`` heeds `Epoch.shares`.
    team : callable, optional
        ``team(**params) -> Team`` returns the processes that make a run together. None if a run has one process.
    params : mapping of str to parameter, optional
        Parameters and their defaults.
    doc : str, optional
        How it works and when to use it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.
    """

    prepare: Callable[..., Callable[[Epoch], float]]
    predictor: Callable[..., Callable[[Array], Array] | None] | None = field(default=None, kw_only=True)
    stepper: Callable[..., Callable[[Samples, float, int], float] | None] | None = field(default=None, kw_only=True)
    combines: bool = field(default=False, kw_only=True)
    team: Callable[..., Team] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("prepare", "predictor", "stepper", "team")

"""Runs of optimizers that see the whole data: an epoch is one iteration, and may take several passes over all rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import accumulate

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array, copy_all
from nnframe.backpropagation import loss_and_gradients
from nnframe.contracts.bound import parameters_of, trained_arrays
from nnframe.contracts.engine import Epoch
from nnframe.contracts.optimizer import Converged, Optimizer
from nnframe.engines.fast.whole_data import WholeData
from nnframe.engines.joint_memory import joint_vectors
from nnframe.errors import ArgumentError, DivergenceError
from nnframe.registry.binding import bind_minimizer
from nnframe.training.diagnosis import Finding, diagnosis, most_telling
from nnframe.training.run import TrainingRun
from nnframe.training.snapshot import is_finite
from nnframe.training.together import Rounds, gathered

# Engines whose passes these are.
PASSES_OF = ("numpy", "reference")
NOTHING = np.empty(0)


def bind_iterations(run: TrainingRun, optimizer: Optimizer) -> Callable[[Epoch, int, int, int, float], float]:
    """Return the function that makes one iteration, in place of an engine's epoch.

    It returns the sum of the losses after the iteration. It raises `Converged` if the optimizer is done without having
    changed anything.

    Several processes add up the losses and the gradients of their rows. The optimizer runs in all of them, and finds
    the same, since these sums have the same bits everywhere.

    Raises
    ------
    ArgumentError
        If an array has a learning rate of its own.
    """
    engine = run.settings.engine
    if set(run.task.rule.factors or ()) - {0.0, 1.0}:
        raise ArgumentError(
            f"a factor of the learning rate is neither 0 nor 1, and optimizer {optimizer.spec!r} can't follow it: "
            f"expected 0, which freezes an array, or 1"
        )
    if engine.team is None and engine.name not in PASSES_OF:
        warnings.warn(
            f"optimizer {optimizer.spec!r} takes the whole data, for which engine {engine.spec!r} has nothing of its "
            f"own: numpy computes the loss and the gradient",
            stacklevel=4,
        )
    return Iterations(run, optimizer).run_epoch


class Iterations:
    """Makes the iterations of a run."""

    def __init__(self, run: TrainingRun, optimizer: Optimizer) -> None:
        self._run, self._task, self._optimizer = run, run.task, optimizer
        self._minimize, self._rounds = bind_minimizer(optimizer), Rounds(run.team)
        arrays, factors = trained_arrays(run.task.layers, run.task.objective), run.task.rule.factors
        # The vector of all weights, in as few parts as possible if all are trained.
        self._live = [array.reshape(-1) for array in arrays] if factors else joint_vectors(arrays)
        self._has_frozen = factors is not None
        stops = list(accumulate(array.size for array in self._live))
        factors = factors or (1.0,) * len(stops)
        # What isn't frozen, and where the vector of all weights has it.
        self._trained = [array for array, factor in zip(self._live, factors, strict=True) if factor]
        self._places = [
            slice(stop - array.size, stop)
            for array, stop, factor in zip(self._live, stops, factors, strict=True)
            if factor
        ]
        self._state, self._updates = run.task.rule.state.arrays, run.task.rule.state.updates
        self._given_state = [*map(_read_only, self._state)]
        self._loss: Loss | None = None
        # What the weights are, if that is known, and loss and gradient are finite there.
        self._next: Array | None = None

    def run_epoch(self, epoch: Epoch, number: int, first: int, stop: int, loss_sum: float) -> float:
        """Make an iteration, and return the sum of the losses after it."""
        return self._rounds.run(lambda: self._run_epoch(epoch, number))

    def _run_epoch(self, epoch: Epoch, number: int) -> float:
        if self._loss is None:
            self._loss = Loss(self._data_of(epoch), self._run)
        learning_rate, threads = float(epoch.learning_rates[0]), self._loss.data.threads
        with np.errstate(**TRAINING_ERRORS):
            if not threads.matters:
                return self._iterate(self._loss, learning_rate, number)
            with threads.chosen():
                return self._iterate(self._loss, learning_rate, number)

    def _data_of(self, epoch: Epoch) -> WholeData:
        """Return the rows of this process."""
        team, order = self._run.team, epoch.order
        if team.size == 1 and epoch.shares is None:
            return WholeData(self._task, order)
        n_total = self._run.plan.n_samples
        if epoch.shares is not None:
            start, stop = int(epoch.shares.starts[0]), int(epoch.shares.stops[0])
        else:
            start, stop = n_total * team.rank // team.size, n_total * (team.rank + 1) // team.size
        order = np.arange(start, stop) if order is None else order[start:stop]
        return WholeData(self._task, order, n_total, self._rounds.add_up)

    def _iterate(self, evaluate: Loss, learning_rate: float, number: int) -> float:
        t = int(self._updates) + 1
        w = self._next
        if w is None:
            w = np.concatenate(self._live)
            w.setflags(write=False)
            penalized, gradient = evaluate(w)
            if not (math.isfinite(penalized) and is_finite(gradient)):
                self._diverge(evaluate.data, number)
        done = None
        try:
            new_w, *new_state = self._minimize(evaluate, w, *self._given_state, t=t, learning_rate=learning_rate)
        except Converged as error:
            if not error.results:
                raise
            done, (new_w, *new_state) = error, error.results
        penalized, gradient = evaluate(new_w)
        # With the gradient, which the next iteration begins with.
        all_finite = math.isfinite(penalized) and is_finite(new_w, gradient, *new_state)
        if not (all_finite or (math.isfinite(evaluate.last) and is_finite(new_w, *new_state))):
            raise DivergenceError(
                f"training stopped in epoch {number + 1}: the optimizer {self._optimizer.spec} returned weights or a "
                f"state with numbers that are not finite, or for which the loss is not; the net has the weights from "
                f"before it; scale the data, or use another optimizer",
                epoch=number,
            )
        arrays, sources = [self._updates, *self._trained], [np.array(t), *map(new_w.__getitem__, self._places)]
        for array, old, new in zip(self._state, self._given_state, new_state, strict=True):
            if new is old:
                continue
            if new.base is not None and any(np.may_share_memory(new, each) for each in self._state):
                # A part of the old state, which may be overwritten before it is copied.
                new = new.copy()
            # A vector replaces the oldest row of a matrix.
            arrays.append(array[(t - 1) % len(array)] if new.ndim < array.ndim else array)
            sources.append(new)
        # From here on, nothing can fail.
        self._rounds.agree()
        copy_all(arrays, sources)
        # Nobody else changes the weights of a run without callbacks.
        is_known = not (self._run.callbacks.named or self._has_frozen or new_w.flags.writeable)
        self._next = new_w if is_known and all_finite else None
        if done is not None:
            self._run.stop(str(done))
        return evaluate.last * evaluate.data.n_total

    def _diverge(self, data: WholeData, number: int) -> None:
        """Raise for a loss or a gradient that is not finite before anything has changed."""
        found = most_telling(self._run.team, gathered(self._run.team, lambda: _finding(data)))
        raise DivergenceError(
            f"training stopped in epoch {number + 1}: {found.sentence}; the net has the weights from before it; "
            f"{found.advice}",
            epoch=number,
            layer=found.layer,
        )


def _finding(data: WholeData) -> Finding:
    """Return the first chunk of this process's rows with a loss or a gradient that is not finite, and what is wrong."""
    task, chunk = data.task, -1
    for x, y, weights, _ in task.samples(data.epoch):
        chunk += 1
        losses, gradients, of_loss = loss_and_gradients(task.layers, task.objective, x.T, y.T, weights)
        if not all(np.isfinite(each).all() for each in (losses, *parameters_of(gradients), *of_loss)):
            break
    if chunk < 0:
        return Finding(None, None, "the loss or the gradient was not finite", is_certain=False)
    return diagnosis(task, data.epoch, chunk)


class Loss:
    """The loss over all rows, as an optimizer sees it: a `WholeLoss` that keeps the last answer.

    Attributes
    ----------
    data : WholeData
    last : float
        The mean loss without the penalty, for the weights that were evaluated last.
    """

    def __init__(self, data: WholeData, run: TrainingRun) -> None:
        self.data, self.last, self._run, self._dtype = data, math.nan, run, run.weights[0].dtype
        # The last weights that were evaluated, and what came out.
        self._given = self._w = self._gradient = NOTHING
        self._penalized = math.nan
        self._shape = (sum(array.size for array in run.weights),)

    def __call__(self, w: Array) -> tuple[float, Array]:
        """Return the loss with the penalty, and its gradient.

        Raises
        ------
        ValueError
            If w is not a vector of all weights. An optimizer's users see a `PluginError`.
        """
        # An array that can be written to, or a view of one, may have another content by now.
        if w is not self._given or w.flags.writeable or w.base is not None:
            w = self._vector(w)
            if not self._is_last(w):
                self._w = NOTHING
                self.last, self._penalized, self._gradient = self.data.evaluate(w)
                self._gradient.setflags(write=False)
                self._w = w.copy()
                self._run.evaluations += 1
            self._given = w
        return self._penalized, self._gradient

    def gauss_newton(self, w: Array) -> Array:
        """Return the Gauss-Newton matrix; see `WholeLoss.gauss_newton`."""
        return self.data.gauss_newton(self._vector(w))

    def _vector(self, w: Array) -> Array:
        if type(w) is not np.ndarray or w.dtype != self._dtype:
            w = np.asarray(w, self._dtype)
        if w.shape != self._shape:
            raise ValueError(f"evaluate got weights of shape {w.shape}; expected {self._shape}, a vector like w")
        return w

    def _is_last(self, w: Array) -> bool:
        """Whether these are the weights that were evaluated last."""
        last = self._w
        # One number of most others differs, and to compare all takes a hundredth of an iteration on a small net.
        return w.shape == last.shape and w.item(-1) == last.item(-1) and bool((w == last).all())


def _read_only(array: Array) -> Array:
    view: Array = array.view()
    view.flags.writeable = False
    return view

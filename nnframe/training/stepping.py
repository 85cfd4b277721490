"""Single updates of a net, with everything that lasts from one to the next.

Names are looked up, plugins bound and memory allocated once, when a `Stepping` is created; a step only computes.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.contracts.engine import Epoch, Samples
from nnframe.contracts.learned import learned_of
from nnframe.engines.error_state import in_error_state
from nnframe.errors import ArgumentError, ArgumentTypeError, DivergenceError, EngineError
from nnframe.history import History
from nnframe.inputs.checks import finite_number, whole_number
from nnframe.training.by_name import samples_for
from nnframe.training.diagnosis import ADVICE, diagnosis
from nnframe.training.factors import Factors
from nnframe.training.pair_checks import PairChecks, require_finite
from nnframe.training.plan import DROPOUT_STREAM, drawn_seed
from nnframe.training.prepare import bind_net, n_targets_of, remember
from nnframe.training.run import Net
from nnframe.training.settings import Settings
from nnframe.training.single_updates import Updates, bind_updates, one_batch_task
from nnframe.training.snapshot import Snapshot

_new = tuple.__new__


class Stepping:
    """Updates a net step by step; the base of `Trainer`.

    Parameters
    ----------
    net : nNet
    settings : Settings
        `n` is the number of epochs that a schedule spans.
    steps_per_epoch : int
        The number of updates that count as an epoch, for the schedule, the history and callbacks.
    check_every : int
        The number of updates between two checks that all weights are finite.

    Attributes
    ----------
    net : nNet
    settings : Settings
    bound : BoundNet
        What the engine was given.
    steps : int
        The number of updates made.
    seed : int
        Dropped outputs are drawn from it.
    history : History
        The mean loss of each epoch, and the seconds it took.
    loss_sum : float
        The sum of the losses in the current epoch.
    samples_in_epoch : int
        The number of their samples.
    """

    # Whether several processes make each update together.
    is_for_teams = False

    def __init__(self, net: Net, settings: Settings, steps_per_epoch: int = 1000, check_every: int = 100) -> None:
        if settings.optimizer is not None and settings.optimizer.takes_whole_data:
            raise ArgumentError(
                f"optimizer {settings.optimizer.spec!r} needs the whole data for each step, and a trainer sees a batch "
                f"at a time; use nEpochs, or an optimizer such as 'adam'"
            )
        if settings.engine.team is not None and not self.is_for_teams:
            raise EngineError(
                f"the engine {settings.engine.spec} trains in several processes; create the trainer with net.trainer"
            )
        self.net, self.settings = net, settings
        self._layers = _contents_of(net)
        self.steps_per_epoch = whole_number(steps_per_epoch, "steps_per_epoch")
        self.check_every = whole_number(check_every, "check_every")
        self.bound = bind_net(net, settings)
        updates = _ignoring_errors_in_pairs(bind_updates(settings.engine, self.bound))
        self._l2, self._by_l2 = settings.l2, {settings.l2: updates}
        self._use(updates)
        self._factors = (
            None if settings.schedule is None else Factors(settings.schedule, self.steps_per_epoch, settings.n)
        )
        self._drops = any(self.bound.dropout)
        first = net.layersList[0]
        self._checks = PairChecks(first.n_in, n_targets_of(net, settings.loss), first.dtype, settings.loss)
        # One change of numpy's error state for the check and the update; none for the update where it is silent. The
        # functions are not bound to this object, which would then only be freed by the garbage collector.
        self._step, self._step_if_plain = Stepping._update_once, Stepping._update_if_plain
        self._are_plain = self._checks.are_plain
        if updates.is_silent:
            self._are_plain = in_error_state(self._are_plain, TRAINING_ERRORS, is_ours=True)
        else:
            self._step = in_error_state(self._step, TRAINING_ERRORS, updates.is_ours)
            self._step_if_plain = in_error_state(self._step_if_plain, TRAINING_ERRORS, updates.is_ours)
        self._asks = bool(settings.loss.asks)
        self._snapshot = Snapshot(self.bound)
        self._learning_rate = settings.learning_rate
        self.seed = drawn_seed() if settings.seed is None else settings.seed
        self.history = History(seed=self.seed, loss_parameters={name: [] for name in self.loss_parameters})
        self.steps, self.loss_sum, self.samples_in_epoch, self._began = 0, 0.0, 0, time.perf_counter()
        # What is restored after a divergence, beside the weights.
        self._checked = 0, 0.0, 0
        self._snapshot.take()
        self._set_due()
        remember(net, settings.loss)

    @property
    def learning_rate(self) -> float:
        """The learning rate before the schedule. Another one can be assigned at any time.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            On assignment, if it is not a finite number of at least 0.
        """
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = finite_number(value, "learning_rate", "0.1")

    def change_l2(self, l2: float) -> None:
        """Penalize with another `l2` from the next update on.

        Each value that is used takes the memory of a batch.
        """
        if l2 not in self._by_l2:
            rule = self.bound.rule._replace(l2=finite_number(l2, "l2", "0.001"))
            updates = bind_updates(self.settings.engine, self.bound._replace(rule=rule))
            self._by_l2[l2] = _ignoring_errors_in_pairs(updates)
        self._l2 = l2
        self._use(self._by_l2[l2])

    def _use(self, updates: Updates) -> None:
        self._update, self._update_if_finite, self._pair_step = updates.make, updates.make_if_finite, updates.pair_step

    @property
    def weights(self) -> list[Array]:
        """The live arrays of all that is trained, layer by layer; a layer that the net uses twice counts once."""
        return self._snapshot.weights

    @property
    def loss_parameters(self) -> dict[str, Array]:
        """The live arrays of the loss's learned parameters by name, each of shape ()."""
        return dict(zip(learned_of(self.settings.loss), self.bound.objective.parameters, strict=True))

    def step(self, x: Any, y: Any, sample_weights: Any = None) -> float:
        """Make one update, and return the mean loss before it.

        Parameters
        ----------
        x : array_like, shape (n_in, 1) or (n_in, B)
            A column, or B columns whose gradients are averaged.
        y : array_like, shape (n_targets, 1) or (n_targets, B)
            The targets.
        sample_weights : array_like, shape (B,), optional
            Factors of the losses. The mean still divides by B.

        Returns
        -------
        float

        Raises
        ------
        ArgumentError, ArgumentTypeError, ShapeError, DataError
            If an argument can't be used, or has a number that is not finite. Nothing has changed then.
        PluginError
            If a plugin fails. The net keeps the weights from before the step.
        DivergenceError
            If the loss is not finite, or at a check, a weight. The net then has the weights of the last check, at most
            `check_every` updates ago.
        """
        if sample_weights is None:
            if self._pair_step is not None:
                # All of it here, for a call of Python takes a hundredth of a small update's time.
                factors = self._factors
                rate = self._learning_rate if factors is None else self._learning_rate * factors.at(self.steps)
                loss = self._pair_step(x, y, rate)
                if loss is not None:
                    self.steps += 1
                    if not math.isfinite(loss):
                        self._diverge(Samples(x.T, y.T, None, 0), rate)
                    self.loss_sum += loss
                    self.samples_in_epoch += 1
                    if self.steps >= self._due:
                        self._attend()
                    return loss
            loss = self._step_if_plain(self, x, y)
            if loss is not None:
                return loss
        is_x_checked_later = self._update_if_finite is not None
        columns = self._checks.checked(x, y, sample_weights, is_x_checked_later)
        return self._step(self, *columns, not is_x_checked_later)

    def step_checked(self, x: Array, y: Array, weights: Array | None) -> float:
        """Make one update as `step` does, with arrays that are known to be right: finite, and in the net's dtype."""
        return self._step(self, x, y, weights)

    def _update_if_plain(self, x: Any, y: Any) -> float | None:
        """Make one update and return the loss, or None if the arrays have to be checked thoroughly."""
        return self._update_once(x, y, None) if self._are_plain(x, y) else None

    def _update_once(self, x: Array, y: Array, weights: Array | None, is_x_finite: bool = True) -> float:
        rows, targets = x.T, y.T
        count = len(rows)
        rate = self._learning_rate if self._factors is None else self._learning_rate * self._factors.at(self.steps)
        # Samples' own constructor takes twice as long.
        samples = _new(Samples, (rows, targets, weights, 0))
        if self._asks:
            samples = samples_for(self.settings.loss, samples)
        key = self._dropout_key() if self._drops else 0
        total = None if is_x_finite or self._update_if_finite is None else self._update_if_finite(samples, rate, key)
        if total is None:
            if not is_x_finite:
                require_finite(x, "x")
            total = self._update(samples, rate, key)
        self.steps += 1
        if not math.isfinite(total):
            self._diverge(samples, rate)
        self.loss_sum += total
        self.samples_in_epoch += count
        if self.steps >= self._due:
            self._attend()
        return total / count

    def check(self) -> None:
        """Check that all weights are finite, and keep a copy of them to go back to.

        Raises
        ------
        ArgumentError
            If the net has other layers, activations or arrays of learned parameters than when this was created, which
            would not be trained.
        DivergenceError
            If one is not. The net then has the weights of the last check.
        """
        if _contents_of(self.net) != self._layers:
            raise ArgumentError(
                "the net's layers or activations have changed, or the shape of their learned parameters, since the "
                "trainer was created, which still trains the old ones; create another one with net.trainer(...)"
            )
        if not self._snapshot.take_if_finite():
            self._restore_and_raise("a weight is not finite", ADVICE)
        self._checked = self.steps, self.loss_sum, self.samples_in_epoch
        self._set_due()

    def continue_from(self, steps: int, seed: int, loss_sum: float, samples_in_epoch: int) -> None:
        """Set how many updates are made, the seed, and what the current epoch has added up so far."""
        self.steps, self.seed, self.history.seed = steps, seed, seed
        self.loss_sum, self.samples_in_epoch = loss_sum, samples_in_epoch
        self.check()

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A copy's functions would go on updating arrays that belong to no net.
        raise ArgumentTypeError(
            "a trainer can't be pickled or copied; save its state with trainer.save(path), or copy the net and create "
            "another trainer"
        )

    def _set_due(self) -> None:
        to_epoch_end = self.steps_per_epoch - self.steps % self.steps_per_epoch
        self._due = self.steps + min(self.check_every, to_epoch_end)

    def _attend(self) -> None:
        """Do what isn't done at every update."""
        # At the end of an epoch too: whatever is taken back later, a finished epoch stays finished.
        self.check()
        if self.steps % self.steps_per_epoch == 0:
            self._end_epoch()

    def _end_epoch(self) -> None:
        now = time.perf_counter()
        self.history.loss.append(self.loss_sum / self.samples_in_epoch)
        self.history.learning_rate.append(self._learning_rate)
        for name, array in self.loss_parameters.items():
            self.history.loss_parameters[name].append(float(array))
        self.history.seconds.append(now - self._began)
        self.loss_sum, self.samples_in_epoch, self._began = 0.0, 0, now
        self._checked = self.steps, 0.0, 0

    def _dropout_key(self) -> int:
        bits = np.random.SeedSequence([self.seed, self.steps, DROPOUT_STREAM]).generate_state(1, np.uint64)
        return int(bits[0])

    def _diverge(self, samples: Samples, learning_rate: float) -> None:
        self._snapshot.restore()
        found = diagnosis(one_batch_task(self.bound, samples), Epoch(np.array([learning_rate]), None), 0)
        sentence, advice = found.sentence, found.advice
        if not found.is_certain and self.steps > self._checked[0] + 1:
            # The batch was looked at with the weights of the last check, not with those that it met.
            sentence = "the loss is not finite; with the weights of the last check, the same samples give one that is"
            advice += "; if your program writes to the weights, check what it writes"
        self._restore_and_raise(sentence, advice)

    def _restore_and_raise(self, sentence: str, advice: str) -> None:
        self._snapshot.restore()
        step, (self.steps, self.loss_sum, self.samples_in_epoch) = self.steps, self._checked
        self._set_due()
        raise DivergenceError(
            f"update {step}: {sentence}; the net has the weights after update {self.steps}, which were checked; "
            f"{advice}"
        )


def _ignoring_errors_in_pairs(updates: Updates) -> Updates:
    """Return updates whose `pair_step` may be called without ignoring floating-point errors."""
    if updates.pair_step is None or updates.is_silent:
        return updates
    return updates._replace(pair_step=in_error_state(updates.pair_step, TRAINING_ERRORS, updates.is_ours))


def _contents_of(net: Net) -> list[Any]:
    """Return the layers of a net, their activations, and what tells the arrays of learned parameters from others."""
    contents: list[Any] = []
    for layer in net.layersList:
        contents += [layer, layer.resolved_activation, *map(id, layer._parameters.values())]
    return contents

"""From a net, data and settings to a run that can start: everything is checked before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.contracts.bound import Linear, Objective, trained_arrays
from nnframe.contracts.engine import BoundNet, OptimizerState, TrainingTask, UpdateRule
from nnframe.contracts.learned import learned_of
from nnframe.contracts.loss import Loss
from nnframe.contracts.team import Team
from nnframe.data import Pairs
from nnframe.engines.fast.memory import Memory
from nnframe.errors import ArgumentError, ShapeError
from nnframe.registry.binding import bind_objective, bind_optimizer
from nnframe.registry.domains import check_domains, check_targets
from nnframe.training.agreement import ShardLayout, agree, require_weight_somewhere, shards_of, total_class_counts
from nnframe.training.by_name import for_loss
from nnframe.training.callback_runner import CallbackRunner
from nnframe.training.layer_rates import factors_of, require_writable
from nnframe.training.plan import Plan, drawn_seed
from nnframe.training.run import Net, TrainingRun
from nnframe.training.sample_weights import checked_sample_weights
from nnframe.training.settings import Settings
from nnframe.training.stacking import as_pairs
from nnframe.training.together import at_work, everywhere, in_first, team_of

# Targets may be in a file that is larger than the memory.
TARGETS_AT_ONCE = 2**16


def bind_net(net: Net, settings: Settings) -> BoundNet:
    """Return the layers, the loss and the update rule, ready to be called.

    Raises
    ------
    ArgumentError
        If dropout doesn't fit the hidden layers, or an array of a layer is read-only.
    PluginError
        If a plugin can't be used.
    """
    layers = tuple(layer.for_engine() for layer in net.layersList)
    objective = bound_loss(net, settings.loss, learns=True)
    dropout = _share_per_layer(settings.dropout, len(layers) - 1)
    require_writable(layers)
    return BoundNet(layers, objective, update_rule(layers, objective, settings), dropout)


def prepare(net: Net, data: Any, settings: Settings) -> TrainingRun:
    """Return a run.

    Raises
    ------
    NNFrameError
        If the settings or the data don't fit the net.
    """
    team = team_of(settings.engine)
    with at_work(team):
        return _prepared(net, data, settings, team)


def _prepared(net: Net, data: Any, settings: Settings, team: Team) -> TrainingRun:
    bound = everywhere(team, lambda: bind_net(net, settings))
    samples, validation_data = everywhere(team, lambda: _checked_data(net, data, settings, team.has_shards))
    counts, shards = None, None
    if team.has_shards:
        shards = shards_of(team, samples)
        counts = None if settings.class_weights is None else total_class_counts(team, samples)
    given = settings.sample_weights, settings.class_weights
    weights = everywhere(
        team, lambda: checked_sample_weights(*given, samples, net.layersList[0].dtype, counts, team.has_shards)
    )
    if team.has_shards:
        require_weight_somewhere(team, weights)
    seed = in_first(team, lambda: drawn_seed() if settings.seed is None else settings.seed)
    plan = _plan(settings, len(samples), seed, bound, shards)
    if settings.n > 0:
        # Raises if there are too few samples to hold some out, or the schedule fails.
        everywhere(team, lambda: plan.learning_rates(0, settings.learning_rate))
    samples, weights = for_loss(settings.loss, samples, weights)
    task = TrainingTask(bound.layers, bound.objective, samples, plan.batch_size, bound.rule, weights, bound.dropout)
    callbacks = everywhere(team, lambda: CallbackRunner(settings.callbacks))
    run = TrainingRun(net, settings, task, plan, callbacks, validation_data, team)
    agree(run)
    remember(net, settings.loss)
    return run


def _checked_data(net: Net, data: Any, settings: Settings, may_be_empty: bool) -> tuple[Pairs, Pairs | None]:
    """Return the data and the validation data, which fit the net and the loss."""
    n_in, n_targets, loss = net.layersList[0].n_in, n_targets_of(net, settings.loss), settings.loss
    samples = as_pairs(data, n_in, n_targets, "data", may_be_empty, loss)
    check_all_targets(loss, samples, "data")
    if settings.validation is None or isinstance(settings.validation, float):
        return samples, None
    validation_data = as_pairs(settings.validation, n_in, n_targets, "validation", may_be_empty, loss)
    check_all_targets(loss, validation_data, "validation")
    return samples, validation_data


def _plan(settings: Settings, n_rows: int, seed: int, bound: BoundNet, shards: ShardLayout | None) -> Plan:
    share = settings.validation if isinstance(settings.validation, float) else None
    n_rows = n_rows if shards is None else sum(shards.lengths)
    batch_size, shuffles = settings.batch_size, settings.shuffle
    if settings.optimizer is not None and settings.optimizer.takes_whole_data:
        _refuse_limits(bound)
        batch_size, shuffles = n_rows, False
    common = (settings.n, batch_size, n_rows, shuffles, seed, settings.schedule, share, any(bound.dropout))
    if shards is None:
        return Plan(*common)
    # Only processes with shards of the data need it.
    from nnframe.training.shards import ShardedPlan

    return ShardedPlan(*common, *shards)


def _refuse_limits(bound: BoundNet) -> None:
    """Raise if there are learned parameters with limits, for optimizers that make whole steps.

    Raises
    ------
    ArgumentError
    """
    for plugin in (*(layer.activation.plugin for layer in bound.layers), bound.objective.plugin):
        names = [name for name in learned_of(plugin) if plugin is not None and name in plugin.limits]
        if names and plugin is not None:
            raise ArgumentError(
                f"an optimizer of the whole data, such as lbfgs, can't keep learned parameters within limits, which "
                f"{plugin.spec!r} has for {names[0]!r}; use another optimizer, such as 'adam'"
            )


def bound_loss(net: Net, loss: str | Loss, learns: bool = False) -> Objective:
    """Return a loss behind the last activation of a net, ready to be called.

    Parameters
    ----------
    net : nNet
    loss : str or Loss
    learns : bool, optional
        Whether its learned parameters are trained, and so become arrays.

    Raises
    ------
    UnknownNameError, NameConflictError, PluginError
        If the loss can't be found or used.
    ArgumentError
        If it doesn't take what the activation returns.
    ShapeError
        If the outputs are not as many as it wants for each target.
    """
    found, last = registry.resolve(Loss, loss), net.layersList[-1]
    if found.is_grouped:
        n_targets_of(net, found)
    check_domains(last.resolved_activation, found, last.n_out)
    names = learned_of(found) if learns else ()
    parameters = {name: np.array(found.settings[name], last.dtype) for name in names}
    return bind_objective(found, last.resolved_activation, last.for_engine().activation, parameters)


def n_targets_of(net: Net, loss: Loss) -> int:
    """Return the number of targets that a net has with a loss.

    Raises
    ------
    ShapeError
        If its outputs are not as many as the loss wants for each.
    """
    n_out, count = net.layersList[-1].n_out, loss.n_outputs
    if n_out % count:
        raise ShapeError(
            f"loss {loss.spec!r} wants {count} outputs for each target: the last layer has {n_out} output"
            f"{'s' if n_out > 1 else ''}, expected {count} for 1 target, {2 * count} for 2 targets"
        )
    return n_out // count


def remember(net: Net, loss: Loss) -> None:
    """Let a net know the loss that reads its predictions from the outputs; one without such a loss forgets others."""
    net.trained_for = None if loss.point is None else loss


def check_all_targets(loss: Loss, data: Pairs, name: str) -> None:
    """Raise if a loss doesn't take the targets of a data set.

    Raises
    ------
    ArgumentError
    """
    if loss.y_domain == "real":
        return
    for start in range(0, len(data), TARGETS_AT_ONCE):
        rows = data.Y[start : start + TARGETS_AT_ONCE]
        # Two numbers answer for all of most targets, in a tenth of the time; NaN is left to the full check.
        if not (loss.y_domain in ("probability", "distribution") and rows.min() >= 0 and rows.max() <= 1):
            check_targets(loss, rows.T, f"a target of {name}", start)


def update_rule(layers: Sequence[Linear], objective: Objective, settings: Settings) -> UpdateRule:
    """Return what turns gradients into new weights, with a new optimizer state."""
    optimizer = settings.optimizer
    count = sum(array.size for array in trained_arrays(layers, objective))
    memory = Memory()
    arrays = []
    if optimizer is not None:
        for key in optimizer.state:
            arrays.append(memory.empty(optimizer.state_shape(key, count), layers[0].weights.dtype))
            arrays[-1][...] = optimizer.initial_value(key)
    state = OptimizerState(tuple(arrays), np.zeros((), np.int64))
    bound = bind_optimizer(optimizer) if optimizer else None
    factors = factors_of(layers, objective, settings.layer_rates)
    return UpdateRule(settings.l1, settings.l2, settings.clip_value, settings.clip_norm, bound, state, factors)


def _share_per_layer(dropout: float | tuple[float, ...], n_hidden: int) -> tuple[float, ...]:
    shares = dropout if isinstance(dropout, tuple) else (dropout,) * n_hidden
    if len(shares) != n_hidden:
        raise ArgumentError(
            f"dropout has {len(shares)} shares for {n_hidden} hidden layers; expected one for each, or one number for "
            f"all"
        )
    return (*shares, 0.0)

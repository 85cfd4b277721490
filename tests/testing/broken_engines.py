"""Engines that each break their contract in one way, with the checks that must notice."""

from __future__ import annotations

import numpy as np

from nnframe import Engine, denseLayer, nNet
from nnframe.arrays import copy_all
from nnframe.contracts.engine import Samples
from nnframe.engines.fast.stepper import stepper as numpy_stepper
from nnframe.engines.reference import prepare


def changed_task(change):
    """Return an engine that does right what it wasn't asked to do."""
    return lambda task: prepare(change(task))


def changed_epoch(change):
    def broken(task):
        run = prepare(task)
        return lambda epoch: run(change(task, epoch))

    return broken


def changed_rule(**changes):
    return changed_task(lambda task: task._replace(rule=task.rule._replace(**changes)))


def dropping_by_part(task):
    """Count positions from where a part of an epoch begins."""
    shares = task.dropout

    def run(epoch):
        run_part = prepare(task)
        key = epoch.dropout_key + (epoch.first_batch if any(shares) else 0)
        return run_part(epoch._replace(dropout_key=key))

    return run


def forgetting(task):
    run = prepare(task)

    def run_epoch(epoch):
        total = run(epoch)
        if task.rule.optimizer:
            for array, start in zip(task.rule.state.arrays, task.rule.optimizer.plugin.state.values(), strict=True):
                array[...] = start
        return total

    return run_epoch


def with_noise(task):
    run = prepare(task)

    def run_epoch(epoch):
        total = run(epoch)
        if task.layers[0].weights.dtype == np.float32:
            task.layers[0].weights[0, 0] *= 1 + 1e-6 * np.random.default_rng().random()
        return total

    return run_epoch


def changing_the_data(task):
    run = prepare(task)

    def run_epoch(epoch):
        total, X = run(epoch), task.data.X.base
        if X.dtype == np.float32 and X.flags.writeable:
            X[0, 0] = np.nextafter(X[0, 0], np.float32(1))
        return total

    return run_epoch


def swallowing(task):
    run = prepare(task)

    def run_epoch(epoch):
        try:
            return run(epoch)
        except Exception:
            return 0.0

    return run_epoch


def heedless(task):
    run = prepare(task)

    def run_epoch(epoch):
        try:
            return run(epoch)
        except KeyboardInterrupt:
            raise RuntimeError("stopped") from None

    return run_epoch


def leaving_rubbish(task):
    run = prepare(task)

    def run_epoch(epoch):
        try:
            return run(epoch)
        except BaseException:
            task.layers[0].bias[...] += 1
            raise

    return run_epoch


def changed_shares(change):
    def changed(task, epoch):
        return epoch if epoch.shares is None else epoch._replace(shares=change(epoch.shares))

    return changed_epoch(changed)


def keeping_parameters(task):
    """Train weights and biases alone."""
    run = prepare(task)
    parameters = [*(array for layer in task.layers for array in layer.parameters), *task.objective.parameters]

    def run_epoch(epoch):
        kept = [array.copy() for array in parameters]
        total = run(epoch)
        copy_all(parameters, kept)
        return total

    return run_epoch


def failing(task):
    raise ZeroDivisionError


def with_stale_weights(layers):
    """Answer with the weights as they were when the predictor was made."""
    net = nNet([denseLayer(each.weights, each.bias, each.activation.plugin) for each in layers])
    return net.predict


def changed_stepper(is_careless):
    """Make updates with half the learning rate, or whatever the inputs are."""

    def make(net):
        step = numpy_stepper(net)

        def broken_step(samples, learning_rate, dropout_key):
            return step(samples, learning_rate if is_careless else learning_rate / 2, dropout_key)

        if is_careless:
            broken_step.if_finite = broken_step
            broken_step.pair_step = lambda x, y, rate: step(Samples(x.T, y.T, None, 0), rate, 0) / x.shape[1]
        return broken_step

    return make


# By what is wrong: what prepares the engine, and the checks that fail, no more and no fewer.
BROKEN_ENGINES = {
    "fails": (failing, {"it_trains"}),
    "no optimizer": (changed_rule(optimizer=None), {"optimizers_agree"}),
    "forgets the optimizer's state": (forgetting, {"optimizers_agree"}),
    "no l1": (changed_rule(l1=0.0), {"penalties_and_clipping_agree"}),
    "no clipping by value": (changed_rule(clip_value=None), {"penalties_and_clipping_agree"}),
    "no clipping by norm": (changed_rule(clip_norm=None), {"penalties_and_clipping_agree"}),
    "no learning rates of single arrays": (changed_rule(factors=None), {"layer_rates_agree"}),
    "no learned parameters": (keeping_parameters, {"learned_parameters_agree", "layer_rates_agree"}),
    "no order": (
        changed_epoch(lambda task, epoch: epoch._replace(order=None)),
        {"orders_agree"},
    ),
    "begins with the first batch": (
        changed_epoch(lambda task, epoch: epoch._replace(first_batch=0)),
        {"epochs_can_be_run_in_parts"},
    ),
    "no dropout": (changed_task(lambda task: task._replace(dropout=())), {"dropout_agrees"}),
    "drops others in parts": (dropping_by_part, {"dropout_agrees"}),
    "no weights of samples": (changed_task(lambda task: task._replace(sample_weights=None)), {"sample_weights_agree"}),
    "changes the data": (changing_the_data, {"all_data_will_do"}),
    "never the same": (with_noise, {"the_same_seed_gives_the_same_bits"}),
    "swallows errors": (swallowing, {"failures_of_plugins_leave_whole_batches"}),
    "no Ctrl-C": (heedless, {"interrupts_leave_whole_batches"}),
    "leaves half an update": (leaving_rubbish, {"failures_of_plugins_leave_whole_batches"}),
    "a predictor with stale weights": (prepare, {"its_predictor_agrees"}, with_stale_weights),
    "a stepper with other learning rates": (
        prepare, {"its_single_updates_agree"}, None, changed_stepper(is_careless=False)
    ),
    "a stepper for any numbers": (
        prepare, {"numbers_that_are_not_finite_change_nothing"}, None, changed_stepper(is_careless=True)
    ),
    "never combines": (changed_task(lambda task: task._replace(combine=None)), {"shares_are_combined"}),
    "the mean of means": (
        changed_shares(lambda shares: shares._replace(sizes=np.maximum(shares.stops - shares.starts, 1))),
        {"shares_are_combined"},
    ),
    "dropout by the position in the share": (
        changed_shares(lambda shares: shares._replace(positions=0 * shares.positions)), {"shares_are_combined"}
    ),
}  # fmt: skip
COMBINING = {"never combines", "the mean of means", "dropout by the position in the share"}


def broken_engine(fault):
    make, _, *others = BROKEN_ENGINES[fault]
    predictor, stepper, *_ = (*others, None, None)
    return Engine(
        "broken",
        make,
        predictor=predictor,
        stepper=stepper,
        combines=fault in COMBINING,
        doc="broken: a = tanh(z). Source: broken on purpose.",
    )

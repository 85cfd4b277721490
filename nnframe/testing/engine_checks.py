"""Checks of engines: each trains small nets with the engine and with ``reference``, and compares the two.

An engine that compiles takes seconds for every new kind of net, so there are few kinds of nets here, which differ in
more than one way at a time.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64
from nnframe.contracts.engine import BatchShares, Engine
from nnframe.data import pairs
from nnframe.errors import PluginError, one_line
from nnframe.layer import denseLayer
from nnframe.network import nNet
from nnframe.testing.engine_faults import PARTS, Ending, count_updates_until_interrupted, train_until
from nnframe.testing.engine_trial import (
    BY_NAME,
    ENDINGS,
    LEARNING,
    LEARNING_LOSS,
    N_SAMPLES,
    SEVERAL_OUTPUTS,
    TOLERANCES,
    Case,
    inputs_and_targets,
    make_net,
    require_same,
    trained,
    with_shares,
)
from nnframe.testing.outcome import CheckFailure, CheckSkipped, NothingToCheck, require_close

OPTIMIZERS = (
    "sgd(learning_rate=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)",
    "rmsprop(momentum=0.5)",
    "adagrad",
    "adam",
    "adamw(weight_decay=0.1)",
    "nadam",
)


def it_trains(engine: Engine) -> None:
    """A small net can be trained."""
    try:
        trained(engine, Case())
    except PluginError as error:
        raise NothingToCheck(
            f"{one_line(error)}; expected two epochs of {Case()}. Let prepare raise EngineError for what it can't do"
        ) from error


def weights_and_losses_agree(engine: Engine) -> None:
    """Weights and losses agree with the reference, for all activations and losses, batch sizes and dtypes."""
    for i, ending in enumerate(ENDINGS):
        # Each kind of net once, because an engine may need seconds to compile it, with varying dtypes and batches.
        dtype = (FLOAT32, FLOAT64, FLOAT64, FLOAT32)[i % 4]
        for batch_size in (4, N_SAMPLES, 1000) if i % 2 else (1,):
            require_same(engine, Case(ending, dtype, batch_size))


def optimizers_agree(engine: Engine) -> None:
    """All built-in optimizers agree with the reference, and keep their state from epoch to epoch."""
    for optimizer in OPTIMIZERS:
        require_same(engine, Case(learning_rate=None, settings={"optimizer": optimizer}))


def penalties_and_clipping_agree(engine: Engine) -> None:
    """Penalties apply to weights and not to biases; then clipping by value, then by norm."""
    penalties = {"l1": 0.01, "l2": 0.02}
    clipping = {"clip_value": 0.1, "clip_norm": 0.2, "schedule": "exponential(gamma=0.5)"}
    for settings in (penalties, {"clip_value": 0.05}, {"clip_norm": 0.1}, penalties | clipping):
        require_same(engine, Case(learning_rate=0.1, settings=settings))


def orders_agree(engine: Engine) -> None:
    """Samples are visited in the given order, which may leave some out."""
    require_same(engine, Case(settings={"shuffle": True}))
    require_same(engine, Case(settings={"shuffle": True, "validation": 0.3}))
    require_same(engine, Case(settings={"validation": 0.3}))


def epochs_can_be_run_in_parts(engine: Engine) -> None:
    """An epoch that is run in parts ends with the same bits as in one piece."""
    for settings in ({}, {"shuffle": True}):
        case = Case(settings=settings)
        require_same(engine, case, batches_per_part=2)
        whole, parts = trained(engine, case), trained(engine, case, batches_per_part=2)
        if not all(map(np.array_equal, whole.weights, parts.weights)):
            raise CheckFailure(
                "the weights differ between an epoch in one piece and in parts of 2 batches; expected the same bits. "
                "Begin with batch first_batch, and let nothing depend on where an epoch is cut"
            )
        if whole.losses != parts.losses:
            raise CheckFailure(
                f"the losses are {whole.losses} for epochs in one piece and {parts.losses} in parts of 2 batches; "
                f"expected the same bits. Start from epoch.loss_sum, and add the sum of each batch in turn"
            )


def dropout_agrees(engine: Engine) -> None:
    """Exactly the outputs that `nnframe.engines.dropout` selects are dropped, also in parts of epochs."""
    for settings in ({"dropout": (0.5, 0.25)}, {"dropout": (0.0, 0.5), "shuffle": True}):
        require_same(engine, Case(settings=settings), batches_per_part=2)


def sample_weights_agree(engine: Engine) -> None:
    """Losses and gradients are multiplied by the sample weights, in any order."""
    weights = np.random.default_rng(3).uniform(0, 2, size=N_SAMPLES)
    for settings in ({"sample_weights": weights}, {"sample_weights": weights, "shuffle": True}):
        require_same(engine, Case(settings=settings))


def losses_of_all_kinds_agree(engine: Engine) -> None:
    """A loss may have several outputs for each target, and take the inputs and the sample weights by name."""
    X, Y = inputs_and_targets(FLOAT64)
    weights = np.random.default_rng(3).uniform(0, 2, size=N_SAMPLES)
    require_same(engine, Case(SEVERAL_OUTPUTS, data=pairs(X, Y[:, :1])))
    settings = {"sample_weights": weights, "shuffle": True}
    require_same(engine, Case(BY_NAME, FLOAT32, 1, settings=settings))


def all_data_will_do(engine: Engine) -> None:
    """Data may have other dtypes, not be contiguous, or be a read-only memory map; it is never changed."""
    X, Y = inputs_and_targets(FLOAT32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.save(path, X)
        mapped = np.load(path, mmap_mode="r")
        for what, data in {
            "of integers": pairs((X * 10).astype(np.int8), np.eye(3, dtype=bool)[np.arange(N_SAMPLES) % 3]),
            "of another float type": pairs(X.astype(np.float64), Y.astype(np.float16)),
            "that is not contiguous": pairs(np.repeat(X, 2, axis=1)[:, ::2], np.asfortranarray(Y)),
            "in a read-only file": pairs(mapped, Y),
        }.items():
            kept = data.X.copy(), data.Y.copy()
            require_same(engine, Case(dtype=FLOAT32, data=data))
            if not np.array_equal(data.X, kept[0]) or not np.array_equal(data.Y, kept[1]):
                raise CheckFailure(f"data {what} was changed; expected it as it was. Copy before you write")
        # Windows can't remove a file that is mapped.
        del mapped, data


def shared_net() -> nNet:
    """Return a net with one layer twice."""
    shared = denseLayer(np.eye(4) + 0.1, 0.1, "tanh")
    return nNet([shared, shared, denseLayer(np.ones((3, 4)) / 4, 0, "softmax")])


def a_layer_used_twice_agrees(engine: Engine) -> None:
    """A layer that appears twice in a net gets the sum of both gradients."""
    require_same(engine, Case(make=shared_net))
    require_same(engine, Case(make=shared_net, learning_rate=None, settings={"optimizer": "adam", "l2": 0.1}))


def shares_are_combined(engine: Engine) -> None:
    """Gradients and losses of a share of each batch pass through `combine` before penalties, clipping and the step."""
    if not engine.combines:
        raise CheckSkipped("it doesn't combine gradients with those of other processes")
    # Three batches of 4, 4 and 3 samples: the middle of one, none of the next, all of the last.
    starts, stops = np.array([1, 4, 8]), np.array([3, 4, 11])
    shares = BatchShares(starts, stops, starts, np.array([4, 4, 3]))
    # Samples of others count as nothing, and twice the gradient is that of samples that count twice.
    weights = np.zeros(N_SAMPLES)
    weights[[1, 2, 8, 9, 10]] = 2
    for case in (
        Case(),
        Case(ENDINGS[2], FLOAT32, settings={"clip_norm": 0.1, "l2": 0.02, "dropout": (0.5, 0.25)}),
        Case(ENDINGS[4], learning_rate=None, settings={"optimizer": "adam", "l1": 0.01, "clip_value": 0.1}),
        Case(make=shared_net, learning_rate=None, settings={"optimizer": "sgd(momentum=0.9)"}),
        Case(LEARNING_LOSS, learning_rate=0.1),
        Case(LEARNING, learning_rate=0.1, settings={"layer_rates": [0, (0.5, 2), 1], "clip_norm": 0.1}),
    ):
        expected = case._replace(settings={**case.settings, "sample_weights": weights})
        for batches_per_part in (None, 2):
            require_same(with_shares(engine, shares, 2.0), case, batches_per_part, expected)
        require_same(with_shares(engine, shares, 2.0, is_sum=True), case, None, expected)


def learned_parameters_agree(engine: Engine) -> None:
    """Learned parameters of layers and of the loss are trained, penalized and kept within their limits."""
    for ending in (LEARNING, LEARNING_LOSS):
        require_same(engine, Case(ending, learning_rate=0.2, settings={"l1": 0.01, "l2": 0.02}))
        require_same(engine, Case(ending, FLOAT32, 1, None, {"optimizer": "adam(learning_rate=0.1)"}))


def layer_rates_agree(engine: Engine) -> None:
    """Learning rates of single arrays are followed, and what is frozen keeps its bits and counts for no norm."""
    for settings in ({"l2": 0.1, "clip_norm": 0.1}, {"optimizer": "adamw", "clip_norm": 0.1}):
        rate = None if "optimizer" in settings else 0.1
        for rates in ([0, (0.5, 2), {"bias": 0}], [1, 0, (0, 1)]):
            case = Case(LEARNING, learning_rate=rate, settings={"layer_rates": rates, **settings})
            require_same(engine, case)
            start, end = make_net(LEARNING.activations, FLOAT64), trained(engine, case).weights
            before = [array for layer in start.layersList for array in (layer.linear, layer.bias)]
            after = [array for array in end if array.shape != (1, 1)]
            for (old, new), k in zip(zip(before, after, strict=True), range(len(before)), strict=True):
                rate_of = rates[k // 2]
                is_frozen = rate_of == 0 or (isinstance(rate_of, tuple) and rate_of[k % 2] == 0)
                if is_frozen and old.tobytes() != new.tobytes():
                    raise CheckFailure(
                        f"layer_rates={rates} with {settings} changed an array whose factor is 0; expected the same "
                        f"bits. Leave it out of the update, with its part of the optimizer's state"
                    )


def the_same_seed_gives_the_same_bits(engine: Engine) -> None:
    """Two runs with the same seed end with the same bits."""
    for batch_size in (1, 4):
        case = Case(dtype=FLOAT32, batch_size=batch_size, settings={"shuffle": True, "seed": 5}, repeats=30)
        first, second = trained(engine, case), trained(engine, case)
        if first.losses != second.losses or not all(map(np.array_equal, first.weights, second.weights)):
            raise CheckFailure(
                f"two runs with the same seed and batches of {batch_size} differ; expected the same bits. Add in an "
                f"order that doesn't depend on time or threads"
            )


def its_predictor_agrees(engine: Engine) -> None:
    """A predictor agrees with `nNet.forwardPass`, in any memory order, and uses the live weights."""
    if engine.predictor is None:
        raise CheckSkipped("it has no predictor of its own")
    for i, ending in enumerate((*ENDINGS, LEARNING)):
        dtype = (FLOAT32, FLOAT64)[i % 2]
        net = make_net(ending.activations, dtype)
        with warnings.catch_warnings():
            # An engine may warn that it is slow with a plugin, which doesn't matter here.
            warnings.simplefilter("ignore")
            predictor = net.predictor(engine)
        for scale in (1, 2):
            net.layersList[0].linear *= scale
            for layer in net.layersList:
                for array in layer.parameters.values():
                    array *= scale
            for n_rows in (1, 2, N_SAMPLES):
                rows = inputs_and_targets(dtype)[0][:n_rows]
                rows.flags.writeable = False
                expected = net.predict(rows)
                for X in (rows, np.asfortranarray(rows), np.repeat(rows, 2, axis=1)[:, ::2]):
                    got = predictor.rows(X)
                    where = f"an answer for {n_rows} rows of {', '.join(map(str, ending.activations))}, {dtype}"
                    if got.dtype != dtype or got.shape != expected.shape:
                        raise CheckFailure(
                            f"{where} has dtype {got.dtype} and shape {got.shape}; expected {dtype}, {expected.shape}"
                        )
                    advice = "Expected is what net.predict returns; read the live weights in every call"
                    require_close(got, expected, where, advice, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


def failures_of_plugins_leave_whole_batches(engine: Engine) -> None:
    """If a plugin raises in the third batch, it is blamed, and the net keeps the weights of the second."""

    def divide_by_zero() -> None:
        raise ZeroDivisionError

    for part in PARTS:
        end = train_until(engine, part, divide_by_zero, n_batches=5)
        wanted = f"'flaky', {part}: raised ZeroDivisionError"
        if not isinstance(end.error, PluginError) or wanted not in str(end.error):
            raise CheckFailure(
                f"where {part} of a plugin raises, {end.seen}; expected a PluginError with {wanted}. Let it pass as it "
                f"is"
            )
        _require_second_batch(engine, part, end, "raises")


def interrupts_leave_whole_batches(engine: Engine) -> None:
    """Ctrl-C ends training soon, and the weights are those after a whole batch."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    for part in PARTS:
        end = train_until(engine, part, interrupt, n_batches=5)
        if not isinstance(end.error, KeyboardInterrupt):
            raise CheckFailure(
                f"where {part} of a plugin is interrupted, {end.seen}; expected KeyboardInterrupt. Let it pass as it is"
            )
        _require_second_batch(engine, part, end, "is interrupted")
    for milliseconds in (1, 2, 3, 5, 8, 13, 21):
        weight, bias = count_updates_until_interrupted(engine, milliseconds / 1000)
        if weight != bias:
            raise CheckFailure(
                f"after an interrupt, a weight has had {weight:.0f} updates and its bias {bias:.0f}; expected as many. "
                f"Make all arrays new without a moment in between at which Python looks for signals"
            )


def _require_second_batch(engine: Engine, part: str, end: Ending, what: str) -> None:
    expected = train_until(engine, part, lambda: None, n_batches=2)
    if not all(map(np.array_equal, end.weights, expected.weights)):
        raise CheckFailure(
            f"where {part} of a plugin {what} in the third batch, the weights are not those of the second; expected "
            f"them to the bit. Take all gradients of a batch before the first weight changes"
        )

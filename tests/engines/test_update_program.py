"""Recorded updates do what the optimizers' formulas do."""

import numpy as np
import pytest

from nnframe import Optimizer, denseLayer, nNet, pairs, registry
from nnframe.engines.fast.memory import Memory
from nnframe.engines.update_program import BLOCK, FLUSH_EVERY, UpdateProgram, recipe_of

RATE = {"learning_rate": 0.1}
BUILT_IN = [
    "sgd(momentum=0.9)",
    "sgd(momentum=0.9, nesterov=True, weight_decay=0.01)",
    "rmsprop",
    "rmsprop(momentum=0.5, weight_decay=0.1)",
    "adagrad",
    "adam",
    "adam(weight_decay=0.1)",
    "adamw",
    "nadam",
]


def lion(w, g, mean, t, learning_rate):
    step = np.sign(0.9 * mean + 0.1 * g)
    return w - learning_rate * step, 0.99 * mean + 0.01 * g


def choosing(w, g, last, t, learning_rate):
    return np.where((g > 0) & (last > 0), w - learning_rate * g, w * 0.5), np.maximum(g, last)


def changing_places(w, g, one, other, t, learning_rate):
    return w - learning_rate * g, other, one


def warming(w, g, t, learning_rate):
    return (w - (learning_rate if t > 2 else 0.0) * g,)


def same_twice(w, g, kept, t, learning_rate):
    new = w - learning_rate * g / t**0.5
    return new, new


STRANGERS = {
    "lion": Optimizer("lion", lion, state={"mean": 0.0}, params=RATE),
    "choosing": Optimizer("choosing", choosing, state={"last": 0.1}, params=RATE),
    "same_twice": Optimizer("same_twice", same_twice, state={"kept": 0.0}, params=RATE),
}
UNRECORDED = {
    "changing_places": Optimizer("changing_places", changing_places, state={"one": 1.0, "other": 2.0}, params=RATE),
    "warming": Optimizer("warming", warming, params=RATE),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 100, 2 * BLOCK + 3])
@pytest.mark.parametrize("chosen", [*BUILT_IN, *STRANGERS])
def test_recorded_updates_are_those_of_the_formula(chosen, size, dtype):
    optimizer = STRANGERS[chosen] if chosen in STRANGERS else registry.get("optimizer", chosen)
    rng, settings = np.random.default_rng(0), dict(optimizer.settings)
    rate = settings.pop("learning_rate")
    w, g = rng.normal(size=size).astype(dtype), np.empty(size, dtype)
    state = [np.full(size, value, dtype) for value in optimizer.state.values()]
    mine = [w.copy(), *(each.copy() for each in state)]
    recipe = recipe_of(optimizer)
    assert recipe is not None
    program = UpdateProgram(recipe, mine[:1], g, mine[1:], Memory())
    for t in range(1, 6):
        g[...] = rng.normal(size=size)
        w, *state = optimizer.update(w, g.copy(), *state, t=t, learning_rate=rate, **settings)
        assert program.set_numbers(t, rate)
        program.run()
        for ours, theirs in zip(mine, [w, *state], strict=True):
            assert theirs.dtype == dtype
            np.testing.assert_allclose(ours, theirs, rtol=3e-5 if dtype == "float32" else 1e-12, atol=1e-6)


def test_weights_may_lie_in_several_vectors():
    rng, recipe = np.random.default_rng(0), recipe_of(registry.get("optimizer", "adam"))
    sizes = [3, BLOCK + 5, 1, 2 * BLOCK]
    w, g = rng.normal(size=sum(sizes)), rng.normal(size=sum(sizes))
    parts = [part.copy() for part in np.split(w, np.cumsum(sizes)[:-1])]
    for weights in ([w], parts):
        program = UpdateProgram(recipe, weights, g, [np.zeros_like(w), np.zeros_like(w)], Memory())
        assert program.set_numbers(1, 0.1)
        program.run()
    assert np.array_equal(np.concatenate(parts), w)


@pytest.mark.parametrize("chosen", [{}, {"layer_rates": [0.0, 1.0]}, {"clip_norm": 0.5, "l2": 0.01}], ids=str)
def test_a_large_net_whose_arrays_lie_apart_trains_as_on_the_reference_engine(chosen):
    rng = np.random.default_rng(0)
    W, V = rng.normal(size=(300, 200)) / 14, rng.normal(size=(2, 300)) / 17
    data = pairs(rng.normal(size=(12, 200)), rng.normal(size=(12, 2)))
    layers = [[denseLayer(W, 0.1, "tanh"), denseLayer(V, 0.2)] for _ in range(2)]
    # Arrays that someone has seen are not moved into one vector.
    assert all(layer.linear.size for each in layers for layer in each)
    nets = [nNet(each) for each in layers]
    for net, engine in zip(nets, ("numpy", "reference"), strict=True):
        net.nEpochs(3, data, "mse", optimizer="adam", batch_size=5, engine=engine, **chosen)
    for mine, theirs in zip(*(net.layersList for net in nets), strict=True):
        np.testing.assert_allclose(mine.linear, theirs.linear, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(mine.bias, theirs.bias, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("chosen", ["adam", "sgd(momentum=0.9)", "rmsprop"])
def test_numbers_of_the_state_become_0_when_they_are_subnormal(chosen, dtype):
    recipe, tiny = recipe_of(registry.get("optimizer", chosen)), np.finfo(dtype).tiny
    w, g = np.ones(BLOCK + 3, dtype), np.zeros(BLOCK + 3, dtype)
    state = [np.full_like(w, tiny / 2) for _ in recipe.names[2:]]
    for each in state:
        # Still normal at the next update that looks for them, and so is a negative number.
        each[-1], each[-2], each[-3] = 1.0, -1e3 * tiny, 0
    program = UpdateProgram(recipe, [w], g, state, Memory())
    with np.errstate(all="ignore"):
        assert program.set_numbers(FLUSH_EVERY - 1, 0.1)
        program.run()
        assert all(each[0] != 0 for each in state[:1])
        assert program.set_numbers(FLUSH_EVERY, 0.1)
        program.run()
    for each in state:
        assert not each[:BLOCK].any()
        assert each[-3] == 0
    # A velocity of rmsprop with momentum 0 is g / scale, which is 0.
    assert state[0][-1] > 0.8
    assert state[0][-2] != 0


@pytest.mark.parametrize("optimizer", UNRECORDED.values(), ids=UNRECORDED)
def test_a_formula_that_cannot_be_recorded_trains_as_it_is(optimizer):
    assert recipe_of(optimizer) is None
    rng = np.random.default_rng(0)
    data = pairs(rng.normal(size=(12, 3)), rng.normal(size=(12, 2)))
    nets = [nNet.from_sizes([3, 2], seed=1) for _ in range(2)]
    for net, engine in zip(nets, ("numpy", "reference"), strict=True):
        net.nEpochs(2, data, "mse", optimizer=optimizer, engine=engine)
    np.testing.assert_allclose(nets[0].layersList[0].linear, nets[1].layersList[0].linear, rtol=1e-10)


@pytest.mark.parametrize("chosen", [*BUILT_IN, *STRANGERS])
def test_an_update_runs_no_python_in_which_an_interrupt_could_end_it(chosen):
    optimizer = STRANGERS[chosen] if chosen in STRANGERS else registry.get("optimizer", chosen)
    recipe = recipe_of(optimizer)
    state = [np.zeros(5) for _ in recipe.names[2:]]
    program = UpdateProgram(recipe, [np.ones(5)], np.ones(5), state, Memory())
    calls = [*program._calls, *program._flushing_calls]
    assert {type(call.func) for call in calls if call.func is not np.ndarray.__setitem__} == {np.ufunc}


def test_a_weight_decay_of_zero_costs_no_call():
    operations = [node.op for node in recipe_of(registry.get("optimizer", "adam")).vectors]
    assert len(operations) == 10
    assert operations.count("divide") == operations.count("sqrt") == 1


def test_numbers_on_both_sides_of_a_quotient_become_one():
    def update(w, g, square, t, learning_rate):
        square = square + g * g
        return w - learning_rate * g / (np.sqrt(square * (2.0 + t)) + 1e-8), square

    recipe = recipe_of(Optimizer("apart", update, state={"square": 0.0}, params=RATE))
    operations = [node.op for node in recipe.vectors]
    # One for g * g, and one for the quotient times learning_rate / sqrt(2 + t).
    assert operations.count("multiply") == 2


def test_a_root_of_a_negative_number_times_a_vector_is_left_to_the_formula():
    def update(w, g, t, learning_rate):
        # sqrt(4 - t) * sqrt(-g * g) would not be a number where sqrt((4 - t) * -g * g) is one.
        return (w - learning_rate * np.sqrt((4 - t) * g),)

    optimizer = Optimizer("root", update, params=RATE)
    recipe = recipe_of(optimizer)
    if recipe is not None:
        program = UpdateProgram(recipe, [np.ones(2)], np.full(2, -1.0), [], Memory())
        assert not program.set_numbers(5, 0.1)


def test_numbers_that_cannot_be_computed_are_left_to_the_formula():
    def update(w, g, t, learning_rate):
        return (w - learning_rate / (t - 5) * g,)

    recipe = recipe_of(Optimizer("fifth", update, params=RATE))
    program = UpdateProgram(recipe, [np.ones(2)], np.ones(2), [], Memory())
    assert program.set_numbers(4, 0.1)
    assert not program.set_numbers(5, 0.1)

"""Optimizers: what they compute by hand, their laws, what training asks of them, and who is blamed."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnframe import (
    ArgumentError,
    ArgumentTypeError,
    Optimizer,
    PluginError,
    UnknownNameError,
    denseLayer,
    nNet,
    pairs,
    registry,
)

BUILT_IN = sorted(row.name for row in registry.overview() if (row.kind, row.provider) == ("optimizer", "nnframe"))
NAMES = [name for name in BUILT_IN if not registry.get("optimizer", name).takes_whole_data]
ENGINES = ["reference", "numpy"]
N = 7

# Each example trains a net, or takes several updates.
few = settings(max_examples=25, deadline=None)
numbers = st.floats(-10, 10).map(lambda x: round(x, 3))
vectors = arrays(np.float64, 5, elements=numbers)


def first_state(optimizer, w):
    return [np.full_like(w, value) for value in optimizer.state.values()]


def step(spec, w, gradients, **settings):
    """Return the weights after a step for each of some gradients."""
    optimizer = registry.get("optimizer", spec)
    settings, state = {**optimizer.settings, **settings}, first_state(optimizer, w)
    for t, g in enumerate(gradients, start=1):
        w, *state = optimizer.update(w, g, *state, t=t, **settings)
    return w


# By hand


@pytest.mark.parametrize(
    ("spec", "after_one", "after_two"),
    [
        # w = 1, and the gradient is 2, then 4.
        ("sgd(learning_rate=0.1)", 0.8, 0.4),
        ("sgd(learning_rate=0.1, momentum=0.5)", 0.8, 0.3),
        ("sgd(learning_rate=0.1, momentum=0.5, nesterov=true)", 0.7, 0.05),
        ("sgd(learning_rate=0.1, weight_decay=1.0)", 0.7, 0.23),
        ("rmsprop(learning_rate=0.1, decay=0.75, epsilon=1e-300)", 0.8, 0.8 - 0.4 / np.sqrt(4.75)),
        ("adagrad(learning_rate=0.1, epsilon=1e-300)", 0.9, 0.9 - 0.4 / np.sqrt(20)),
        ("adam(learning_rate=0.1, beta1=0.5, beta2=0.75, epsilon=1e-300)", 0.9,
         0.9 - 0.1 * (2.5 / 0.75) / np.sqrt(4.75 / 0.4375)),
        ("adamw(learning_rate=0.1, beta1=0.5, beta2=0.75, epsilon=1e-300, weight_decay=1.0)", 0.8,
         0.72 - 0.1 * (2.5 / 0.75) / np.sqrt(4.75 / 0.4375)),
    ],
)  # fmt: skip
def test_two_steps_worked_by_hand(spec, after_one, after_two):
    w, gradients = np.ones(1), [np.array([2.0]), np.array([4.0])]
    np.testing.assert_allclose(step(spec, w, gradients[:1]), [after_one], rtol=1e-14)
    np.testing.assert_allclose(step(spec, w, gradients), [after_two], rtol=1e-14)


# Laws


@few
@given(w=vectors, g=vectors, rate=st.floats(0, 10))
def test_sgd_without_momentum_is_plain_descent(w, g, rate):
    np.testing.assert_array_equal(step("sgd", w, [g], learning_rate=rate), w - rate * g)


@few
@given(w=vectors, gradients=st.lists(vectors, min_size=1, max_size=4))
def test_nesterov_without_momentum_changes_nothing(w, gradients):
    np.testing.assert_array_equal(step("sgd(nesterov=true)", w, gradients), step("sgd", w, gradients))


@few
@given(w=vectors, gradients=st.lists(vectors, min_size=1, max_size=4))
def test_adamw_without_decay_is_adam(w, gradients):
    np.testing.assert_array_equal(step("adamw(weight_decay=0)", w, gradients), step("adam", w, gradients))


@few
@given(w=vectors, g=vectors.filter(lambda g: np.abs(g).min() > 0.01), rate=st.floats(1e-3, 1))
@pytest.mark.parametrize("name", ["adam", "adagrad"])
def test_the_first_step_has_the_size_of_the_learning_rate(name, w, g, rate):
    np.testing.assert_allclose(step(name, w, [g], learning_rate=rate), w - rate * np.sign(g), rtol=0, atol=2e-6)


@few
@given(w=vectors, gradients=st.lists(vectors, min_size=1, max_size=3), order=st.permutations(range(5)))
@pytest.mark.parametrize("name", NAMES)
def test_each_weight_goes_its_own_way(name, w, gradients, order):
    # What the contract allows engines to rely on: the order of weights in a vector does not matter.
    expected = step(name, w, gradients)[list(order)]
    np.testing.assert_array_equal(step(name, w[list(order)], [g[list(order)] for g in gradients]), expected)


@few
@given(w=vectors, g=vectors)
@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_left_as_they_are(name, w, g):
    optimizer = registry.get("optimizer", name)
    arguments = [w, g, *first_state(optimizer, w)]
    before = [array.copy() for array in arguments]
    for array in arguments:
        array.flags.writeable = False
    results = optimizer.update(*arguments, t=1, **optimizer.settings)
    for now, then in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert not any(np.shares_memory(result, array) for result in results for array in arguments)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_without_gradient_and_decay_stays(name):
    settings = {"weight_decay": 0.0} if "weight_decay" in registry.get("optimizer", name).params else {}
    np.testing.assert_array_equal(step(name, np.array([3.0, -2.0]), [np.zeros(2)] * 3, **settings), [3, -2])


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(name):
    optimizer = registry.get("optimizer", name)
    w = np.ones(3, np.float32)
    results = optimizer.update(w, w, *first_state(optimizer, w), t=1, **optimizer.settings)
    assert [result.dtype for result in results] == [np.float32] * (1 + len(optimizer.state))


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_formula_and_its_source(name):
    documentation = registry.get("optimizer", name).documentation
    assert documentation.startswith(f"{name}: ")
    assert "Source: " in documentation


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_copied_and_pickled(name):
    optimizer = registry.get("optimizer", f"{name}(learning_rate=0.5)")
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert twin.spec == f"{name}(learning_rate=0.5)"
        assert twin.update is optimizer.update


# Training with them


def make_task():
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([3, 4, 2], ["tanh", "softmax"], seed=1)
    return net, pairs(rng.normal(size=(N, 3)), np.eye(2)[rng.integers(0, 2, N)])


def train(n=2, **settings):
    """Return the weights after some epochs of batches of 2."""
    net, data = make_task()
    net.nEpochs(n, data, "cel", batch_size=2, **settings)
    return weights_of(net)


def weights_of(net):
    return np.concatenate([array.ravel() for layer in net.layersList for array in (layer.linear, layer.bias)])


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_give_the_same(name):
    one, other = (train(5, optimizer=f"{name}(learning_rate=0.05)", engine=engine) for engine in ENGINES)
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    assert not np.allclose(one, weights_of(make_task()[0]))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_learning_rate_means_plain_sgd(engine):
    plain = train(learning_rate=0.1, engine=engine)
    np.testing.assert_array_equal(train(optimizer="sgd(learning_rate=0.1)", engine=engine), plain)
    # Not the built-in one by name, and so on the way that all other optimizers take.
    mine = Optimizer("mine", lambda w, g, t, learning_rate: (w - learning_rate * g,), params={"learning_rate": 0.1})
    np.testing.assert_allclose(train(optimizer=mine, engine=engine), plain, rtol=1e-13)


@few
@given(decay=st.floats(0, 2), rate=st.floats(0.01, 0.5))
def test_for_sgd_the_penalty_l2_is_weight_decay(decay, rate):
    # Of the weights: the biases are 0, where decay has nothing to take from them, and so it is for one batch alone.
    (one, data), (other, _) = make_task(), make_task()
    one.nEpochs(1, data, "cel", rate, N, l2=decay)
    other.nEpochs(1, data, "cel", batch_size=N, optimizer=f"sgd(learning_rate={rate!r}, weight_decay={decay!r})")
    np.testing.assert_allclose(weights_of(one), weights_of(other), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
@few
@given(limit=st.floats(1e-3, 1))
def test_no_step_is_longer_than_the_largest_norm(engine, limit):
    net, data = make_task()
    before = weights_of(net)
    net.nEpochs(1, data, "mse", 1.0, N, clip_norm=limit, engine=engine)
    plain, _ = make_task()
    plain.nEpochs(1, data, "mse", 1.0, N, engine=engine)
    whole = np.linalg.norm(weights_of(plain) - before)
    assert np.linalg.norm(weights_of(net) - before) == pytest.approx(min(limit, whole), rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
@few
@given(limit=st.floats(1e-3, 0.1))
def test_no_weight_goes_further_than_the_largest_value(engine, limit):
    net, data = make_task()
    before = weights_of(net)
    net.nEpochs(1, data, "mse", 1.0, N, clip_value=limit, engine=engine)
    plain, _ = make_task()
    plain.nEpochs(1, data, "mse", 1.0, N, engine=engine)
    expected = before + np.clip(weights_of(plain) - before, -limit, limit)
    np.testing.assert_allclose(weights_of(net), expected, rtol=1e-12, atol=1e-13)


def test_the_losses_are_reported_without_penalties():
    net, data = make_task()
    twin = copy.deepcopy(net)
    [with_penalties] = net.nEpochs(1, data, "cel", 0.1, N, l1=5.0, l2=5.0).loss
    assert [with_penalties] == twin.nEpochs(1, data, "cel", 0.1, N).loss


def test_biases_are_not_penalized():
    net = nNet([denseLayer([[0.0]], bias=3.0)])
    net.nEpochs(1, [([[0.0]], [[3.0]])], "mse", 0.1, l1=1.0, l2=1.0)
    assert net.layersList[0].bias.item() == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_the_state_begins_anew_in_every_call(engine):
    settings = {"optimizer": "adam(learning_rate=0.1)", "engine": engine}
    net, data = make_task()
    for _ in range(2):
        net.nEpochs(1, data, "cel", batch_size=N, **settings)
    first, _ = make_task()
    first.nEpochs(1, data, "cel", batch_size=N, **settings)
    weights = weights_of(first)
    second = nNet([denseLayer(layer.linear, layer.bias, layer.activation) for layer in first.layersList])
    second.nEpochs(1, data, "cel", batch_size=N, **settings)
    np.testing.assert_array_equal(weights_of(net), weights_of(second))
    assert np.abs(weights_of(second) - weights).max() == pytest.approx(0.1, rel=1e-6)


def test_an_optimizer_can_be_an_object_or_a_registered_name():
    mine = Optimizer("mine", registry.get("optimizer", "adam").update, state={"mean": 0, "square": 0.0},
                     params=registry.get("optimizer", "adam").params)  # fmt: skip
    expected = train(optimizer="Adam(learning_rate=0.05)")
    np.testing.assert_array_equal(train(optimizer=mine.with_params(learning_rate=0.05)), expected)
    with registry.temporarily(mine):
        np.testing.assert_array_equal(train(optimizer="mine(learning_rate=0.05)"), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_update_gets_its_state_its_number_and_its_parameters(engine):
    seen = []

    def update(w, g, count, t, learning_rate, size):
        seen.append((count.tolist() == [10.0 + t - 1] * len(w), t, learning_rate, size))
        return w, count + 1

    mine = Optimizer("mine", update, state={"count": 10}, params={"learning_rate": 0.5, "size": 2})
    train(n=2, optimizer=mine, engine=engine)
    assert seen == [(True, t, 0.5, 2) for t in range(1, 9)]


def test_a_layer_that_is_used_twice_is_updated_once():
    shared = denseLayer([[1.0]])
    nNet([shared, shared]).nEpochs(1, [([[1.0]], [[0.0]])], "mse", optimizer="adagrad(learning_rate=0.25)")
    assert shared.linear.item() == pytest.approx(0.75)


# What is refused, and blame


RATE = {"learning_rate": 0.1}


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({}, ArgumentError, "learning_rate is missing; expected a number such as 0.1, or .* optimizer='adam'"),
        ({"learning_rate": 0.1, "optimizer": "adam"}, ArgumentError,
         r"learning_rate is 0.1 and optimizer is 'adam'; expected one of the two: 'adam\(learning_rate=0.1\)'"),
        ({"optimizer": "adamm"}, UnknownNameError, "no optimizer 'adamm'.*did you mean.*'adam'"),
        ({"optimizer": "adam(beta=0.9)"}, ArgumentError, "adam has no parameter 'beta'; it has learning_rate, beta1"),
        ({"optimizer": "adam(beta1=true)"}, ArgumentTypeError, "adam: parameter beta1 is True"),
        ({"optimizer": "adam(learning_rate=-1)"}, ArgumentError, "learning_rate is -1.0; expected at least 0"),
        ({"optimizer": 3}, ArgumentTypeError, "optimizer.* 3"),
        ({"optimizer": registry.get("loss", "mse")}, ArgumentTypeError, "optimizer"),
        ({**RATE, "l1": -1}, ArgumentError, "l1 is -1.0; expected a finite number, 0 or more"),
        ({**RATE, "l2": "0.1"}, ArgumentTypeError, "l2 is '0.1', of type str"),
        ({**RATE, "clip_norm": 0}, ArgumentError, "clip_norm is 0; expected a number above 0, or None"),
        ({**RATE, "clip_value": float("inf")}, ArgumentError, "clip_value is inf; expected a finite number"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_named_and_nothing_is_trained(settings, error, sentence):
    net, data = make_task()
    with pytest.raises(error, match=sentence):
        net.nEpochs(1, data, "cel", **settings)
    np.testing.assert_array_equal(weights_of(net), weights_of(make_task()[0]))


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"update": 3, "params": RATE}, ArgumentTypeError, "update of optimizer 'mine' is 3; expected a function"),
        ({"update": max}, ArgumentError, "params of optimizer 'mine' are {}; expected a float learning_rate"),
        ({"update": max, "params": {"learning_rate": 1}}, ArgumentError, "expected a float learning_rate among them"),
        ({"update": max, "params": RATE, "state": {"v": "0"}}, ArgumentTypeError,
         "state 'v' of optimizer 'mine' begins with '0'; expected a number"),
    ],
)  # fmt: skip
def test_an_optimizer_that_breaks_the_contract_can_not_be_made(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        Optimizer("mine", **arguments)


WRONG_RESULTS = {
    "raised ZeroDivisionError": lambda w, g: 1 / 0,
    "raised SystemExit": lambda w, g: exit(),
    r"returned None; expected a tuple \(new w, new v\)": lambda w, g: None,
    r"returned \[1.0, .*; expected a tuple \(new w, new v\)": lambda w, g: [1.0, 2.0, 3.0],
    r"returned an array of shape \(1,\) for an argument of shape \(26,\)": lambda w, g: (w[:1], w),
    r"returned an array of shape \(\)": lambda w, g: (w, 0.0),
    "returned 'text', of dtype": lambda w, g: (w, "text"),
    "returned .* of dtype complex128; expected real numbers": lambda w, g: (w + 1j, w),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sentence", WRONG_RESULTS)
def test_an_optimizer_that_fails_is_blamed_and_leaves_the_last_whole_batch(engine, sentence):
    def update(w, g, v, t, learning_rate):
        return (w - learning_rate * g, v + 1) if t < 3 else WRONG_RESULTS[sentence](w, g)

    mine = Optimizer("mine", update, state={"v": 0.0}, params=RATE)
    net, data = make_task()
    with registry.temporarily(mine, name="somewhere"), pytest.raises(PluginError, match=sentence) as caught:
        net.nEpochs(1, data, "cel", batch_size=2, optimizer="mine", engine=engine)
    assert str(caught.value).startswith("optimizer 'mine' of somewhere (registered in code), update: ")
    assert (caught.value.provider, caught.value.hook) == ("somewhere", "update")
    expected, _ = make_task()
    expected.nEpochs(1, data[:4], "cel", 0.1, 2, engine=engine)
    np.testing.assert_allclose(weights_of(net), weights_of(expected), rtol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_formula_that_widens_float32_is_narrowed_again(engine):
    mine = Optimizer("mine", lambda w, g, t, learning_rate: (w - np.float64(learning_rate) * g,), params=RATE)
    net = nNet([denseLayer(np.ones((1, 1), np.float32))])
    net.nEpochs(1, [([[1.0]], [[0.0]])], "mse", optimizer=mine, engine=engine)
    assert net.layersList[0].linear.dtype == np.float32
    assert net.layersList[0].linear.item() == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("adam(beta1=1)", "adam: parameter beta1 is 1.0; expected at least 0 and below 1"),
        ("nadam(beta2=-0.1)", "nadam: parameter beta2 is -0.1; expected at least 0 and below 1"),
        ("sgd(momentum=5)", "sgd: parameter momentum is 5.0; expected at least 0 and below 1"),
        ("adagrad(epsilon=-1)", "adagrad: parameter epsilon is -1.0; expected above 0"),
        ("rmsprop(learning_rate=-1)", "rmsprop: parameter learning_rate is -1.0; expected at least 0"),
    ],
)
def test_parameters_beyond_their_limits_are_refused(optimizer, message):
    with pytest.raises(ArgumentError, match=message):
        registry.get("optimizer", optimizer)


def test_a_limit_of_no_parameter_is_refused():
    with pytest.raises(ArgumentError, match="limits of odd has 'beta', which is not one of its params"):
        Optimizer("odd", lambda w, g, t, learning_rate: (w,), params={"learning_rate": 0.1}, limits={"beta": (0, 1)})

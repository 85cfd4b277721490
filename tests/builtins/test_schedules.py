"""Schedules: their values by hand, their laws, where they act, and who is blamed."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnframe import (
    ArgumentError,
    ArgumentTypeError,
    Optimizer,
    PluginError,
    Schedule,
    UnknownNameError,
    denseLayer,
    nNet,
    registry,
)

NAMES = sorted(row.name for row in registry.overview() if (row.kind, row.provider) == ("schedule", "nnframe"))
ENGINES = ["reference", "numpy"]

few = settings(max_examples=40, deadline=None)
lengths = {"steps_per_epoch": st.integers(1, 7), "n_epochs": st.integers(1, 12)}


def factors(spec, steps_per_epoch, n_epochs):
    schedule = registry.get("schedule", spec)
    return schedule.factor(np.arange(steps_per_epoch * n_epochs), steps_per_epoch, n_epochs, **schedule.settings)


# By hand


@pytest.mark.parametrize(
    ("spec", "n_epochs", "expected"),
    [
        # Two updates an epoch.
        ("constant", 2, [1, 1, 1, 1]),
        ("step(every=2, gamma=0.5)", 5, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]),
        ("exponential(gamma=0.5)", 3, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ("cosine", 2, [1, 1, 0.5, 0.5]),
        ("cosine(minimum=0.2)", 2, [1, 1, 0.6, 0.6]),
        ("warm_up(epochs=2, start=0.2)", 3, [0.2, 0.4, 0.6, 0.8, 1, 1]),
        ("warm_up(epochs=0)", 2, [1, 1, 1, 1]),
        ("warm_up(epochs=0.5, start=0)", 1, [0, 1]),
        ("one_cycle(rise=0.5, divisor=4, final_divisor=10)", 3,
         [1 / 4, 5 / 8, 1, 1 / 40 + 39 / 40 * 0.75, 1 / 40 + 39 / 40 / 4, 1 / 40]),
    ],
)  # fmt: skip
def test_factors_worked_by_hand(spec, n_epochs, expected):
    np.testing.assert_allclose(factors(spec, 2, n_epochs), expected, rtol=1e-12, atol=1e-15)


# Laws


@few
@given(**lengths)
@pytest.mark.parametrize("name", NAMES)
def test_each_step_has_its_factor_whichever_are_asked_for_together(name, steps_per_epoch, n_epochs):
    # What lets a run be stopped and go on.
    schedule = registry.get("schedule", name)
    whole = factors(name, steps_per_epoch, n_epochs)
    alone = [schedule.factor(np.array([k]), steps_per_epoch, n_epochs, **schedule.settings) for k in range(len(whole))]
    np.testing.assert_array_equal(np.concatenate(alone), whole)


@few
@given(**lengths)
@pytest.mark.parametrize("name", NAMES)
def test_no_factor_is_negative_or_above_one(name, steps_per_epoch, n_epochs):
    values = factors(name, steps_per_epoch, n_epochs)
    assert values.shape == (steps_per_epoch * n_epochs,)
    assert values.min() >= 0
    assert values.max() <= 1


@few
@given(**lengths, name=st.sampled_from(["step(every=2)", "exponential", "cosine"]))
def test_those_that_go_by_epochs_fall_and_keep_their_factor_within_one(name, steps_per_epoch, n_epochs):
    by_epoch = factors(name, steps_per_epoch, n_epochs).reshape(n_epochs, steps_per_epoch)
    assert (by_epoch == by_epoch[:, :1]).all()
    assert (np.diff(by_epoch[:, 0]) <= 0).all()
    assert by_epoch[0, 0] == 1


@few
@given(**lengths, epochs=st.floats(0, 20), start=st.floats(0, 1))
def test_warm_up_rises_and_stays(steps_per_epoch, n_epochs, epochs, start):
    values = factors(f"warm_up(epochs={epochs!r}, start={start!r})", steps_per_epoch, n_epochs)
    assert (np.diff(values) >= 0).all()
    assert (values[np.arange(len(values)) >= epochs * steps_per_epoch] == 1).all()


@few
@given(**lengths, rise=st.floats(0, 1), divisor=st.floats(1, 100), final_divisor=st.floats(1, 1e6))
def test_one_cycle_rises_once_and_falls_once(steps_per_epoch, n_epochs, rise, divisor, final_divisor):
    spec = f"one_cycle(rise={rise!r}, divisor={divisor!r}, final_divisor={final_divisor!r})"
    values = factors(spec, steps_per_epoch, n_epochs)
    top = values.argmax()
    assert (np.diff(values[: top + 1]) >= 0).all()
    assert (np.diff(values[top:]) <= 0).all()
    assert values.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_formula_or_words_for_it(name):
    assert registry.get("schedule", name).documentation.startswith(f"{name}: ")


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_copied_and_pickled(name):
    schedule = registry.get("schedule", name)
    assert copy.deepcopy(schedule).factor is schedule.factor
    assert pickle.loads(pickle.dumps(schedule)).spec == name


# In training

DATA = [([[1.0]], [[0.0]])] * 6


def net_of_one_weight():
    return nNet([denseLayer([[1.0]])])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_learning_rate_of_each_update_is_the_factors_share(engine, shuffle):
    # Each update appends a digit to the weight: ten times its learning rate.
    mine = Optimizer(
        "mine", lambda w, g, t, learning_rate: (10 * w + 10 * learning_rate,), params={"learning_rate": 0.4}
    )
    net = nNet([denseLayer([[0.0]])])
    # Batches of 4 and of 2: two updates an epoch.
    net.nEpochs(
        3, DATA, "mse", batch_size=4, optimizer=mine, schedule="exponential(gamma=0.5)", engine=engine, shuffle=shuffle
    )
    assert net.layersList[0].linear.item() == pytest.approx(442211, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_schedule_goes_with_a_plain_learning_rate(engine):
    net = net_of_one_weight()
    once = Schedule("once", lambda step, steps_per_epoch, n_epochs: np.where(step == 0, 1.0, 0.0))
    # dL/dw = dL/db = 2 a = 2 at first; afterwards nothing moves.
    net.nEpochs(2, DATA, "mse", 0.25, schedule=once, engine=engine)
    assert (net.layersList[0].linear.item(), net.layersList[0].bias.item()) == (0.5, -0.5)


def test_the_constant_schedule_changes_nothing():
    nets = net_of_one_weight(), net_of_one_weight()
    nets[0].nEpochs(3, DATA, "mse", 0.1, schedule="constant")
    nets[1].nEpochs(3, DATA, "mse", 0.1)
    assert nets[0].layersList[0].linear.item() == nets[1].layersList[0].linear.item()


def test_a_schedule_can_be_a_registered_name():
    half = Schedule("half", lambda step, steps_per_epoch, n_epochs: np.full(step.shape, 0.5))
    nets = net_of_one_weight(), net_of_one_weight()
    with registry.temporarily(half):
        nets[0].nEpochs(3, DATA, "mse", 0.1, schedule="half")
    nets[1].nEpochs(3, DATA, "mse", 0.05)
    assert nets[0].layersList[0].linear.item() == nets[1].layersList[0].linear.item()


@pytest.mark.parametrize(
    ("schedule", "error", "sentence"),
    [
        ("cosin", UnknownNameError, "no schedule 'cosin'.*'cosine'"),
        ("cosine(minimun=0.1)", ArgumentError, "cosine has no parameter 'minimun'; it has minimum"),
        ("step(every=2.5)", ArgumentTypeError, "step: parameter every is 2.5"),
        (0.5, ArgumentTypeError, "schedule.* 0.5"),
        ("step(every=0)", ArgumentError, "^step: parameter every is 0; expected at least 1$"),
        ("step(gamma=-0.1)", ArgumentError, "step: parameter gamma is -0.1; expected at least 0"),
        ("exponential(gamma=-0.1)", ArgumentError, "exponential: parameter gamma is -0.1; expected at least 0"),
        ("cosine(minimum=-0.1)", ArgumentError, "cosine: parameter minimum is -0.1; expected at least 0"),
        ("warm_up(epochs=-1)", ArgumentError, "warm_up: parameter epochs is -1.0; expected at least 0"),
        ("warm_up(start=-1)", ArgumentError, "warm_up: parameter start is -1.0; expected at least 0"),
        ("one_cycle(divisor=0)", ArgumentError, "^one_cycle: parameter divisor is 0.0; expected above 0$"),
        ("one_cycle(final_divisor=-1)", ArgumentError, "parameter final_divisor is -1.0; expected above 0"),
        ("one_cycle(rise=1.5)", ArgumentError, "parameter rise is 1.5; expected at least 0 and at most 1"),
    ],
)
def test_what_can_not_be_used_is_named(schedule, error, sentence):
    net = net_of_one_weight()
    with pytest.raises(error, match=sentence):
        net.nEpochs(1, DATA, "mse", 0.1, schedule=schedule)
    assert net.layersList[0].linear.item() == 1


def test_a_factor_that_is_no_function_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"factor of schedule 'mine' is 0\.5; expected a function"):
        Schedule("mine", 0.5)


@pytest.mark.parametrize(
    ("factor", "sentence"),
    [
        (lambda step, *_: 1 / 0, "ZeroDivisionError"),
        (lambda step, *_: exit(), "SystemExit"),
        (lambda step, *_: 1.0, r"returned array\(1.\); expected finite numbers, an array of shape \(3,\)"),
        (
            lambda step, *_: np.ones(2),
            r"returned array\(\[1., 1.\]\); expected finite numbers, an array of shape \(3,\)",
        ),
        (lambda step, *_: np.full(3, np.nan), r"returned array\(\[nan, nan, nan\]\); expected finite numbers"),
        (lambda step, *_: "fast", "could not convert string to float: 'fast'"),
        (lambda step, *_: None, r"returned array\(nan\); expected finite numbers"),
    ],
)
def test_a_schedule_that_returns_nonsense_is_blamed_and_nothing_is_trained(factor, sentence):
    mine, net = Schedule("mine", factor), net_of_one_weight()
    with registry.temporarily(mine, name="somewhere"), pytest.raises(PluginError, match=sentence) as caught:
        net.nEpochs(1, DATA, "mse", 0.1, 2, schedule="mine")
    assert str(caught.value).startswith("schedule 'mine' of somewhere (registered in code), factor: ")
    assert (caught.value.provider, caught.value.hook) == ("somewhere", "factor")
    assert net.layersList[0].linear.item() == 1

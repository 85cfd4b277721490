"""The kit catches what it should, and nothing else."""

import re
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nnframe.testing
from nnframe import Activation, Engine, Optimizer, UnknownNameError, registry

sys.path.insert(0, str(Path(__file__).parent))
from broken_engines import BROKEN_ENGINES, broken_engine
from broken_plugins import BROKEN, DOC, WARNED

from nnframe.testing import engine_faults
from nnframe.testing.outcome import CheckFailure, require_close

# What a function did, and what it was given.
CAME = r"\b(is|are|gave|gives|returned|raised|changed|would be|was set to|encountered)\b"
INPUT = (
    r"(\b(z|a|y|w|g|k|s|velocity|step) = |(arguments|weights|outputs|step|a) of shape \(|float32 arguments"
    r"|the gradient \S+ in|from \S+ to \S+ at \[|the steps \d+ to \d+|steps_per_epoch=1, n_epochs=1\)|after 100 updates"
    r"|set to \[|outputs with errors|make\(\)|sample inputs|epochs|runs|state_dict)"
)
BUILT_INS = ["relu", "sigmoid", "tanh", "softmax", "mse", "cel"]


@cache
def results_of(fault):
    return nnframe.testing.run_checks(BROKEN[fault][0])


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_fails_exactly_the_checks_that_should_notice(fault):
    assert {result.name for result in results_of(fault) if result.outcome == "failed"} == BROKEN[fault][1]


@pytest.mark.parametrize("fault", WARNED)
def test_a_plugin_that_could_be_better_is_warned_by_exactly_the_checks_that_should_notice(fault):
    plugin, expected = WARNED[fault]
    results = nnframe.testing.run_checks(plugin)
    assert {result.name for result in results if result.outcome in ("warned", "failed")} == expected
    assert all("\n" not in result.message for result in results)


def note_on_overrides(plugin):
    return {result.name: result.message for result in nnframe.testing.run_checks(plugin)}["overrides_pay"]


def test_the_kit_says_that_an_override_may_be_left_out():
    plugin = Activation("mine", np.tanh, lambda z: 1 - np.tanh(z) ** 2, doc=DOC)
    assert re.fullmatch(
        r"derivative\(z\) takes \d\.\d\d times as long as .*, and may be left out", note_on_overrides(plugin)
    )


def test_the_kit_says_by_how_much_an_override_is_faster():
    plugin = Activation(
        "mine",
        lambda z: np.log(np.cosh(np.clip(z, -30, 30))),
        lambda z: np.tanh(np.clip(z, -30, 30)) * (np.abs(z) < 30),
        doc=DOC,
    )
    assert re.fullmatch(r".* is worth keeping: the derived one takes \d+\.\d times as long", note_on_overrides(plugin))


def test_the_kit_says_that_an_override_is_more_stable():
    plugin = Activation("mine", lambda z: np.log(np.exp(z) + 1), lambda z: 0.5 * (1 + np.tanh(z / 2)), doc=DOC)
    assert "is worth keeping: finite in float64 where the derived one is not" in note_on_overrides(plugin)


@pytest.mark.parametrize("fault", BROKEN)
def test_a_failure_says_what_was_expected_what_came_and_for_which_input_on_one_line(fault):
    for result in results_of(fault):
        if result.outcome == "failed":
            assert result.message.startswith("broken")
            assert " expected " in result.message
            assert re.search(CAME, result.message), result.message
            assert re.search(INPUT, result.message), result.message
            assert "\n" not in result.message


@pytest.mark.parametrize("values", [np.zeros((2, 3)), np.zeros(3), np.zeros(())])
def test_a_difference_is_told_with_its_input_whatever_the_shape_of_the_result(values):
    inputs = {"a": np.full((4, 3), 7.0)}
    with pytest.raises(nnframe.testing.CheckFailure, match=r"f is 1 for a .*; expected 0\. Do something"):
        require_close(values + 1, values, "f", "Do something.", 0, 0, inputs)


@pytest.mark.parametrize("fault", BROKEN_ENGINES)
def test_a_broken_engine_fails_exactly_the_checks_that_should_notice(fault):
    failed = [result for result in nnframe.testing.run_checks(broken_engine(fault)) if result.outcome == "failed"]
    assert {result.name for result in failed} == BROKEN_ENGINES[fault][1]
    assert all("expected" in result.message and "\n" not in result.message for result in failed)


@nnframe.testing.parametrize_plugin_checks(*BUILT_INS)
def test_the_built_ins_pass(check):
    check()


@nnframe.testing.parametrize_plugin_checks("nnframe")
def test_a_distributions_name_means_all_that_it_provides(check):
    check()


def test_every_check_is_a_test_of_its_own_with_the_plugins_name():
    mark = nnframe.testing.parametrize_plugin_checks("tanh")
    ids = [each.id for each in mark.args[1]]
    assert "tanh-derivative_matches_differences" in ids
    assert len(ids) == len(set(ids)) == len(nnframe.testing.run_checks(registry.get("activation", "tanh")))


def test_an_unknown_name_is_an_error():
    with pytest.raises(UnknownNameError):
        nnframe.testing.parametrize_plugin_checks("nowhere-to-be-found")


def test_check_activation_raises_the_first_failure():
    nnframe.testing.check_activation("tanh")
    with pytest.raises(nnframe.testing.CheckFailure, match=r"broken: derivative\(z\) is .* for z = "):
        nnframe.testing.check_activation(BROKEN["wrong sign"][0])
    with pytest.raises(AssertionError):
        nnframe.testing.check_activation(BROKEN["wrong sign"][0])


def test_check_loss_raises_the_first_failure():
    nnframe.testing.check_loss("mse")
    with pytest.raises(nnframe.testing.CheckFailure, match=r"broken: gradient\(a, y\) is .* for a = .*, y = "):
        nnframe.testing.check_loss(BROKEN["a gradient off by a factor"][0])


def test_check_engine_raises_the_first_failure():
    nnframe.testing.check_engine("reference")
    with pytest.raises(nnframe.testing.CheckFailure, match=r"broken: .*expected"):
        nnframe.testing.check_engine(broken_engine("no clipping by norm"))


@pytest.mark.parametrize("slope_at_0", [0.0, 0.5, 1.0])
def test_any_slope_between_both_sides_will_do_at_a_kink(slope_at_0):
    def derivative(z):
        return np.where(z > 0, 1, np.where(z < 0, 0, slope_at_0)).astype(z.dtype)

    nnframe.testing.check_activation(Activation("ramp", lambda z: np.maximum(z, 0), derivative))


def test_a_slope_outside_of_both_sides_is_an_error_at_a_kink():
    def derivative(z):
        return np.where(z > 0, 1, np.where(z < 0, 0, 1.5)).astype(z.dtype)

    with pytest.raises(nnframe.testing.CheckFailure, match=r"ramp: derivative\(z\) is 1\.5 for z = "):
        nnframe.testing.check_activation(Activation("ramp", lambda z: np.maximum(z, 0), derivative))


def test_a_plugin_without_formula_or_source_is_warned():
    plugin = Activation("silent", lambda z: np.nan_to_num(np.tanh(z)), lambda z: 1 - np.tanh(z) ** 2)
    [warned] = [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "warned"]
    assert warned.name == "it_is_documented"
    assert "a formula" in warned.message
    assert "a source" in warned.message


def test_a_formula_that_can_be_recorded_need_not_be_documented():
    doc = "silent: as the heading says. Source: my own."
    plugin = Activation("silent", np.tanh, lambda z: 1 - np.tanh(z) ** 2, doc=doc)
    assert [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "warned"] == []


def test_a_registered_plugin_whose_hook_makes_new_functions_each_time_is_still_copied_by_name():
    plugin = Activation("mine", lambda z: np.tanh(z), lambda z: 1 - np.tanh(z) ** 2, doc=DOC)
    outcome = {result.name: result.outcome for result in nnframe.testing.run_checks(plugin)}
    assert outcome["it_pickles_and_copies"] == "skipped"
    with registry.temporarily(plugin):
        outcome = {result.name: result.outcome for result in nnframe.testing.run_checks(plugin)}
    assert outcome["it_pickles_and_copies"] == "passed"


def test_the_kit_needs_neither_hypothesis_nor_pytest():
    code = (
        "import sys; sys.modules['hypothesis'] = sys.modules['pytest'] = None; import nnframe.testing; "
        "nnframe.testing.check_activation('relu')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_documentation_that_still_has_the_template_s_words_is_warned():
    doc = "mine: say in a line what it is for. a = tanh(z). Source: name the paper or book, or say that it is your own."
    plugin = Activation("mine", np.tanh, lambda z: 1 - np.tanh(z) ** 2, doc=doc)
    [warned] = [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "warned"]
    assert "it still has the words that stood there for you to replace" in warned.message


def every_second(w, g, total, t, learning_rate, momentum):
    total = total + g
    # A float and not a bool, for single numbers too.
    acts = 1.0 * (t % 2 == 0)
    return w - acts * learning_rate * (1 - momentum) * total, (1 - acts) * total


def test_an_optimizer_that_acts_in_every_second_update_passes():
    plugin = Optimizer(
        "lazy", every_second, state={"total": 0.0}, params={"learning_rate": 0.1, "momentum": 0.5}, doc=DOC
    )
    assert [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "failed"] == []


def test_a_plugin_is_registered_for_one_test(register_plugin):
    register_plugin(Activation("for_one_test", np.tanh))
    assert registry.get("activation", "for_one_test").forward is np.tanh


def test_a_plugin_of_the_last_test_is_gone():
    with pytest.raises(UnknownNameError):
        registry.get("activation", "for_one_test")


def test_plugins_check_exits_with_1_when_a_check_fails(command):
    with registry.temporarily(BROKEN["wrong sign"][0], name="mine"):
        status, out, _ = command("plugins", "check", "mine")
        assert status == 1
        assert "mine/broken: derivative_matches_differences failed" in out
        assert command("plugins", "check", "relu")[0] == 0
        assert command("plugins", "check", "broken", "--json")[0] == 1


def test_an_engine_that_goes_on_after_every_ctrl_c_fails_and_ends(monkeypatch):
    engine, n_ignored = registry.get("engine", "numpy"), 0

    def prepare(task):
        run = engine.prepare(task)

        def run_epoch(epoch):
            nonlocal n_ignored
            try:
                return run(epoch)
            except KeyboardInterrupt:
                n_ignored += 1
                return 0.0

        return run_epoch

    monkeypatch.setattr(engine_faults, "PATIENCE", 0.3)
    with pytest.raises(CheckFailure, match="a Ctrl-C, 3 times"):
        engine_faults.count_updates_until_interrupted(Engine("heedless", prepare), 0.05)
    assert n_ignored > 0


def test_a_ctrl_c_that_a_destructor_loses_is_sent_again(monkeypatch):
    class Losing:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    engine, lost = registry.get("engine", "numpy"), []

    def prepare(task):
        run = engine.prepare(task)

        def run_epoch(epoch):
            if len(epoch.learning_rates) > 1 and not lost:
                lost.append(Losing())
                lost[0] = None
            return run(epoch)

        return run_epoch

    timers, Timer = [], threading.Timer

    def timer(seconds, function):
        # The first Ctrl-C is the one that is lost.
        timers.append(Timer(seconds, function if timers else int))
        return timers[-1]

    monkeypatch.setattr(engine_faults.threading, "Timer", timer)
    weight, bias = engine_faults.count_updates_until_interrupted(Engine("losing", prepare), 0.05)
    assert lost == [None]
    assert weight == bias > 0

"""``nnframe plugins``, as a user meets it."""

import json
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from nnframe import Activation, Loss, PluginError, registry
from nnframe.cli.curves import curves_of
from nnframe.cli.terminal_plot import HEIGHT, draw
from nnframe.registry.kinds import KINDS
from nnframe.registry.overview_rows import Row


@pytest.fixture
def steep():
    plugin = Activation(
        "steep", lambda z, k: np.tanh(k * z), params={"k": 2.0}, doc="steep: tanh(k z).\n\nSource: mine."
    )
    with registry.temporarily(plugin, name="my_module"):
        yield plugin


def test_the_list_has_a_line_for_each_plugin_with_its_distribution_and_state(command, steep):
    status, out, err = command("plugins")
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["kind", "name", "distribution", "version", "state"]
    assert ["activation", "steep", "my_module", "ok"] in lines
    assert ["loss", "mse", "nnframe", registry.BUILTIN_PROVIDER.version, "ok"] in lines


def test_the_list_can_be_json(command):
    rows = json.loads(command("plugins", "--json")[1])
    relu = next(row for row in rows if row["name"] == "relu")
    assert relu == {
        "kind": "activation", "name": "relu", "provider": "nnframe", "version": registry.BUILTIN_PROVIDER.version,
        "state": "ok", "detail": "",
    }  # fmt: skip


def test_show_has_the_documentation_the_parameters_the_origin_and_a_plot(command, steep):
    status, out, _ = command("plugins", "show", "steep(k=3)")
    assert status == 0
    assert out.startswith("activation steep, from my_module\n")
    assert "steep: tanh(k z).\n\nSource: mine." in out
    assert "parameter k = 3.0 (default 2.0)" in out
    assert "* f(z)   . f'(z)" in out


def test_show_can_be_json(command, steep):
    [shown] = json.loads(command("plugins", "show", "steep", "--json")[1])
    assert shown == {
        "kind": "activation", "name": "steep", "provider": "my_module", "version": None,
        "parameters": {"k": 2.0}, "documentation": "steep: tanh(k z).\n\nSource: mine.",
    }  # fmt: skip


def test_an_activation_and_a_loss_of_one_name_are_both_shown(command, steep):
    loss = Loss("steep", lambda a, y: np.abs(a - y).sum(axis=0), lambda a, y: np.sign(a - y))
    with registry.temporarily(loss):
        out = command("plugins", "show", "steep")[1]
    assert "activation steep" in out
    assert "loss steep" in out


def test_an_unknown_name_is_wrong_input(command, steep):
    status, out, err = command("plugins", "show", "steap")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "There is no plugin 'steap'; did you mean the activation 'steep' or the schedule 'step'?" in err


@pytest.fixture
def broken(monkeypatch):
    row = Row(None, "unimportable", "faulty-import", "1.1", "broken", "ImportError: no such library")
    monkeypatch.setattr(registry, "overview", lambda: [row])
    return row


def test_check_of_a_distribution_that_does_not_load_exits_with_1_and_says_why(command, broken):
    status, out, err = command("plugins", "check", "Faulty_Import")
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "faulty-import/unimportable: it_loads failed",
        "  ImportError: no such library",
        "1 plugin, 1 check: 0 passed, 0 skipped, 0 warned, 1 failed",
    ]


def test_check_of_a_plugin_that_does_not_load_exits_with_1_and_says_why(command, broken, monkeypatch):
    def get_all_kinds(name):
        raise PluginError("broken it is")

    monkeypatch.setattr(registry, "get_all_kinds", get_all_kinds)
    status, out, _ = command("plugins", "check", "unimportable", "--json")
    assert status == 1
    assert json.loads(out) == [
        {"plugin": "unimportable", "name": "it_loads", "outcome": "failed", "message": "broken it is"}
    ]


def test_check_of_an_unknown_name_is_wrong_input(command):
    status, out, err = command("plugins", "check", "nowhere")
    assert (status, out) == (2, "")
    assert "There is no plugin 'nowhere'." in err
    assert err.count("\n") == 1


@pytest.fixture
def talkative():
    def forward(z):
        print("look at me")
        return np.tanh(z)

    with registry.temporarily(Activation("talkative", forward, lambda z: 1 - np.tanh(z) ** 2), name="mine"):
        yield


@pytest.mark.parametrize("arguments", [["check", "talkative"], ["show", "talkative"]])
def test_what_a_plugin_prints_goes_to_stderr(command, talkative, arguments):
    _, out, err = command("plugins", *arguments)
    assert "look at me" in err
    assert "look at me" not in out


def test_json_stays_json_whatever_a_plugin_prints(command, talkative, monkeypatch):
    overview = registry.overview

    def printing_overview():
        print("imported")
        return overview()

    monkeypatch.setattr(registry, "overview", printing_overview)
    for arguments in ([], ["check", "mine"]):
        _, out, err = command("plugins", *arguments, "--json")
        assert isinstance(json.loads(out), list)
        assert "imported" in err


@pytest.mark.parametrize(
    ("before", "after"),
    [([], ["--json"]), (["--json"], []), (["--json", "list"], []), (["list"], ["--json"])],
)
def test_json_is_understood_before_and_after_the_action(command, before, after):
    rows = json.loads(command("plugins", *before, *after)[1])
    assert "relu" in {row["name"] for row in rows}
    assert json.loads(command("plugins", "--json", "show", "relu")[1])[0]["name"] == "relu"


def test_list_is_the_default_action(command):
    assert command("plugins", "list") == command("plugins")


def test_a_kind_chooses_between_plugins_of_one_name(command, steep):
    loss = Loss("steep", lambda a, y: np.abs(a - y).sum(axis=0), lambda a, y: np.sign(a - y))
    with registry.temporarily(loss):
        [shown] = json.loads(command("plugins", "show", "steep", "--kind", "loss", "--json")[1])
        checked = json.loads(command("plugins", "check", "steep", "--kind", "activation", "--json")[1])
    assert shown["kind"] == "loss"
    assert "derivative_matches_differences" in {result["name"] for result in checked}
    assert "gradient_matches_differences" not in {result["name"] for result in checked}


def test_json_stays_json_when_a_plugin_writes_past_sys_stdout(tmp_path):
    script = textwrap.dedent("""
        import os, subprocess, sys
        import numpy as np
        from nnframe import Activation, registry
        from nnframe.cli import main

        def forward(z):
            os.write(1, b"past sys.stdout ")
            return np.tanh(z)

        registry.register(Activation("loud", forward, lambda z: 1 - np.tanh(z) ** 2), name="mine")
        sys.exit(main(["plugins", "check", "loud", "--json"]))
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert {result["plugin"] for result in json.loads(done.stdout)} == {"loud"}
    assert "past sys.stdout" in done.stderr


def test_a_check_that_takes_long_is_named(command, monkeypatch):
    monkeypatch.setattr("nnframe.cli.running.PATIENCE", 0.05)

    def forward(z):
        time.sleep(0.3)
        return np.tanh(z)

    monkeypatch.setattr("nnframe.testing.kit.CHECKS", {Activation: (it_is_called,)})
    with registry.temporarily(Activation("sleepy", forward, lambda z: 1 - np.tanh(z) ** 2), name="mine"):
        status, _, err = command("plugins", "check", "sleepy")
    assert status == 0
    assert "nnframe: still busy with sleepy: it_is_called, after 0.05 seconds; Ctrl-C ends it\n" in err


def test_checks_that_end_soon_are_not_reported_as_slow(command):
    assert command("plugins", "check", "tanh")[2] == ""


def it_is_called(activation):
    activation.forward(np.zeros((1, 1)))


def test_the_terminal_plot_draws_relu_as_a_flat_line_and_a_slope():
    lines = draw(curves_of(registry.get("activation", "relu"))).splitlines()
    assert len(lines) == HEIGHT + 3
    bottom, top = lines[HEIGHT], lines[1]
    assert bottom.startswith("0 |*****")
    assert top.startswith("4 |")
    assert top.endswith("*")


def test_the_curves_are_the_function_and_its_slope():
    curves = curves_of(registry.get("activation", "tanh"))
    np.testing.assert_allclose(curves.lines["f(z)"], np.tanh(curves.x))
    np.testing.assert_allclose(curves.lines["f'(z)"], 1 - np.tanh(curves.x) ** 2)


def test_softmax_is_drawn_by_its_first_component():
    curves = curves_of(registry.get("activation", "softmax"))
    a = np.exp(curves.x) / (np.exp(curves.x) + 2)
    np.testing.assert_allclose(curves.lines["f1(z)"], a)
    np.testing.assert_allclose(curves.lines["df1/dz1"], a * (1 - a))


def test_a_loss_of_probabilities_is_drawn_over_probabilities():
    curves = curves_of(registry.get("loss", "cel"))
    assert curves.x[0] > 0
    assert curves.x[-1] == 1
    np.testing.assert_allclose(curves.lines["L(a)"], -np.log(curves.x), atol=1e-15)
    np.testing.assert_allclose(curves.lines["dL/da"], -1 / curves.x)


def test_a_schedule_is_drawn_over_a_run_and_has_no_slope():
    curves = curves_of(registry.get("schedule", "step"))
    [(label, factors)] = curves.lines.items()
    assert label == "factor"
    np.testing.assert_allclose(factors, np.repeat([1, 0.1, 0.01], len(curves.x) // 3))
    assert "epoch" in curves.variable
    assert "* factor\n" in draw(curves)


@pytest.mark.parametrize("kind", KINDS)
def test_show_works_for_every_kind(command, kind):
    for name in registry.names(kind):
        status, out, err = command("plugins", "show", name)
        assert (status, err) == (0, "")
        assert f"{kind} {name}, from nnframe" in out
        shown = next(each for each in json.loads(command("plugins", "show", name, "--json")[1]) if each["kind"] == kind)
        assert shown["parameters"] == registry.get(kind, name).params


def test_show_of_an_optimizer_has_the_parameters_and_no_plot(command):
    out = command("plugins", "show", "sgd")[1]
    assert out.endswith("parameter nesterov = False\nparameter weight_decay = 0.0\n")


def test_a_loss_to_which_one_component_makes_no_difference_is_drawn_by_the_first_of_two():
    def value(a, y):
        return 1 - (a * y).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (y * y).sum(axis=0) + 1e-16)

    curves = curves_of(Loss("angle", value, lambda a, y: 0 * a))
    np.testing.assert_allclose(curves.lines["L(a)"], 1 - curves.x / np.hypot(curves.x, 1))
    assert "a2 = 1" in curves.variable


def test_a_plugin_without_finite_values_is_reported():
    nowhere = Activation("nowhere", lambda z: z * np.nan, lambda z: z * np.nan)
    assert draw(curves_of(nowhere)) == "no finite values to draw"


def test_without_nnframe_plot_the_error_says_what_to_install(command, monkeypatch):
    monkeypatch.setattr("nnframe.cli.missing._is_installed", lambda distribution: False)
    monkeypatch.setattr(registry, "is_claimed", lambda kind, name: False)
    for arguments in (["plot", "relu", "-o", "c.png"], ["train", "digits", "--plot", "c.png"]):
        status, out, err = command(*arguments)
        assert (status, out) == (2, "")
        assert "comes with nnframe-plot: pip install nnframe-plot" in err

"""Plugins as pip installs them: good ones, faulty ones, and ones in conflict."""

import json

import pytest
from distributions import DISTRIBUTIONS

pytestmark = pytest.mark.install

BROKEN = [name for name in DISTRIBUTIONS if name.startswith("faulty-") and name != "faulty-midway"]


def test_both_plugins_train_by_name_on_real_data(environment):
    out = environment.script("""
        train, test = nnframe.datasets.load_digits()
        net = nNet.from_sizes([64, 32, 10], ["swish", "softmax"])
        net.nEpochs(30, train, "huber", 4.0, 32)
        print(np.mean(net.forwardPass(test.X.T, False).argmax(0) == test.Y.argmax(1)) > 0.95)
        print(type(net.layersList[0].resolved_activation).__name__, "site-packages" in nnframe.__file__)
    """)
    assert out.splitlines() == ["True", "Activation True"]


@pytest.mark.parametrize("command", [["nnframe"], ["python", "-m", "nnframe"]], ids=" ".join)
def test_both_plugins_train_from_the_command_line(environment, command):
    done = environment.run(
        environment.scripts / command[0], *command[1:],
        "train", "digits", "--activation", "Swish(beta=2)", "--loss", "huber(delta=0.5)", "--epochs", "1",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "swish(beta=2.0)" in done.stdout
    assert "huber(delta=0.5)" in done.stdout


@pytest.mark.parametrize("name", ["swish", "SWISH", "nnframe-swish/swish", "NNFrame_Swish/Swish"])
def test_a_plugin_is_found_however_it_is_written(environment, name):
    assert environment.script(f"print(registry.get('activation', {name!r}).name)") == "swish\n"


def test_a_net_is_pickled_in_one_process_and_used_in_another(environment, tmp_path):
    file = tmp_path / "net.pickle"
    first = environment.script(f"""
        import pickle
        net = train("swish(beta=2)", "huber")
        with open({str(file)!r}, "wb") as opened:
            pickle.dump(net, opened)
        print(net.forwardPass(data[0][0], False).item())
    """)
    second = environment.script(f"""
        import pickle
        with open({str(file)!r}, "rb") as opened:
            net = pickle.load(opened)
        print(net.forwardPass(data[0][0], False).item())
    """)
    assert first == second


@pytest.mark.parametrize("distribution", BROKEN)
def test_a_broken_plugin_is_blamed_when_its_name_is_used(environment, distribution):
    version, [name], _ = DISTRIBUTIONS[distribution]
    out = environment.script(f"""
        error = error_of(train, {name!r})
        print(type(error).__name__, error.provider, error.version)
        print(error)
        print(error.__cause__)
    """)
    kind, message, cause = out.strip().split("\n", 2)
    assert kind == f"PluginError {distribution} {version}"
    assert f"{distribution} {version}" in message
    assert f"NNFRAME_DISABLE_PLUGINS={distribution}" in message
    expected = {
        "faulty-import": "no such library",
        "faulty-exit": "good bye",
        "faulty-raise": "division by zero",
        "faulty-lines": "first line\nsecond line",
    }
    # pluggy itself refuses an unknown hook.
    if distribution == "faulty-hook":
        assert cause.startswith("unknown hook 'nnframe_activation' in plugin")
    else:
        assert cause == expected.get(distribution, "None")


def test_broken_plugins_disturb_nobody_else(environment):
    environment.script("""
        train()
        train("swish", "huber")
        registry.get("activation", "only_listed")
        train("relu")
    """)


def test_listing_all_names_passes_over_the_broken_ones(environment):
    out = environment.script("print(registry.names('activation'))")
    assert "'swish'" in out
    assert "'unimportable'" not in out


@pytest.mark.parametrize(
    ("activation", "loss", "part"), [("flaky", "steady_loss", "derivative"), ("steady", "flaky_loss", "gradient")]
)
def test_a_plugin_that_raises_in_mid_epoch_leaves_the_last_good_weights(environment, activation, loss, part):
    out = environment.script(f"""
        expected = train("steady", "steady_loss", data[:2])
        net = nNet.from_sizes([2, 3, 1], [{activation!r}, "sigmoid"])
        error = error_of(net.backprop, data, {loss!r}, 0.1)
        print(error)
        print(repr(error.__cause__))
        for mine, theirs in zip(net.layersList, expected.layersList):
            assert np.isfinite(mine.linear).all() and np.isfinite(mine.bias).all()
            assert np.array_equal(mine.linear, theirs.linear) and np.array_equal(mine.bias, theirs.bias)
    """)
    message, cause = out.splitlines()
    assert f"of faulty-midway 1.9, {part}: raised ZeroDivisionError" in message
    assert "NNFRAME_DISABLE_PLUGINS=faulty-midway" in message
    assert cause == 'ZeroDivisionError("the author\'s own fault")'


def test_an_activation_of_the_wrong_shape_is_blamed(environment):
    out = environment.script("print(error_of(train, 'misshapen'))")
    assert "'misshapen' of faulty-midway 1.9, forward: returned an array of shape (1, 1)" in out
    assert "expected (3, 1)" in out


def test_a_loss_can_not_overwrite_the_callers_targets(environment):
    out = environment.script("""
        before = [y.copy() for _, y in data]
        print(error_of(train, "tanh", "overwriting_loss"))
        print(all(np.array_equal(y, kept) for (_, y), kept in zip(data, before)))
    """)
    message, unchanged = out.splitlines()
    assert "'overwriting_loss' of faulty-midway 1.9, value: raised ValueError" in message
    assert unchanged == "True"


def test_two_plugins_of_one_name_are_an_error_that_names_both(environment):
    out = environment.script("""
        error = error_of(train, "contested")
        print(type(error).__name__, error)
        print(registry.provider_of(registry.get("activation", "rival-one/contested")))
        print(registry.provider_of(registry.get("activation", "rival_two/Contested")))
        train("rival-two/contested")
        train()
    """)
    message, one, two = out.splitlines()
    assert message.startswith("NameConflictError several plugins provide the activation 'contested'")
    assert "rival-one 2.1, rival-two 2.2" in message
    assert (one, two) == ("rival-one 2.1", "rival-two 2.2")


@pytest.mark.parametrize(("name", "distribution"), [("relu", "claims-relu 3.1"), ("tanh", "claims-tanh 3.2")])
def test_a_built_in_name_can_not_be_taken_over(environment, name, distribution):
    provider = distribution.split()[0]
    out = environment.script(f"""
        print(registry.provider_of(registry.get("activation", {name!r})).name)
        print(registry.get("activation", "{provider}/{name}").forward is np.tanh)
        [row] = [row for row in registry.overview() if row.qualified_name == "{provider}/{name}"]
        print(row.provider, row.version, row.state, row.detail.split()[:2])
    """)
    assert out.splitlines() == ["nnframe", "True", f"{distribution} shadowed ['by', 'nnframe']"]


@pytest.mark.parametrize("value", ["rival-one", "Rival_One", "other, rival.one", "all"])
def test_a_disabled_plugin_is_as_good_as_not_there(environment, value):
    out = environment.script(
        """
        print(registry.provider_of(registry.get("activation", "relu")).name)
        print(error_of(registry.get, "activation", "rival-one/contested"))
        print("rival_one" in sys.modules)
        """,
        NNFRAME_DISABLE_PLUGINS=value,
    )
    built_in, message, imported = out.splitlines()
    assert built_in == "nnframe"
    assert "There is no activation 'contested' of 'rival-one'" in message
    assert "rival-one 2.1 has it, but NNFRAME_DISABLE_PLUGINS leaves that out" in message
    assert "rival-one 2.1" in message
    assert imported == "False"


def test_disabling_one_rival_ends_the_conflict(environment):
    out = environment.script(
        "print(registry.provider_of(registry.get('activation', 'contested')))", NNFRAME_DISABLE_PLUGINS="rival-one"
    )
    assert out == "rival-two 2.2\n"


def test_only_the_plugin_that_claims_the_name_is_imported(environment):
    out = environment.script(f"""
        train("lonely")
        print([name for name in sys.modules if name.replace("_", "-") in {list(DISTRIBUTIONS)}])
    """)
    assert out == "['lonely']\n"


@pytest.mark.parametrize("before", ["pass", "registry.names('activation')"])
def test_a_claim_goes_before_a_mere_listing_whatever_was_loaded_before(environment, before):
    out = environment.script(f"{before}\nprint(registry.provider_of(registry.get('activation', 'claimed')))")
    assert out == "claims-it 4.2\n"


def test_a_typing_error_lists_what_is_close_and_no_plugin_that_is_broken(environment):
    out = environment.script("print(error_of(registry.get, 'activation', 'swich'))")
    assert "did you mean 'swish'" in out
    assert not any(distribution in out for distribution in BROKEN)


def test_an_unknown_name_says_which_distributions_cannot_be_loaded(environment):
    out = environment.script("print(error_of(registry.get, 'activation', 'unheard_of'))")
    assert f"Plugins that can't be loaded may have it: {', '.join(sorted(BROKEN))}" in out


def test_training_with_built_ins_never_asks_which_plugins_are_installed(environment):
    out = environment.script("""
        from nnframe.registry import loader

        scans, scan = [], loader.scan_entry_points
        loader.scan_entry_points = lambda: scans.append(1) or scan()
        for activation in ("relu", "sigmoid", "tanh", "softmax", "nnframe/relu"):
            train(activation, "mse")
        registry.get("loss", "cel")
        print(scans)
        registry.get("activation", "swish")
        print(scans)
    """)
    assert out.splitlines() == ["[]", "[1]"]


def test_threads_that_ask_at_once_get_the_same_object(environment):
    out = environment.script("""
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        barrier = Barrier(8)

        def ask(_):
            barrier.wait()
            return registry.get("activation", "swish"), registry.get("activation", "only_listed")

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(8)))
        print(len({id(one) for one, _ in found}), len({id(other) for _, other in found}))
    """)
    assert out == "1 1\n"


def test_a_broken_plugin_on_the_command_line_is_one_line_and_exit_status_2(environment):
    done = environment.run(environment.scripts / "nnframe", "train", "digits", "--activation", "unimportable")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "faulty-import 1.1" in done.stderr


def test_the_list_of_plugins_never_fails_and_has_the_broken_last(environment):
    done = environment.run(environment.scripts / "nnframe", "plugins")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[2] for line in lines[-len(BROKEN) :]] == sorted(
        BROKEN, key=lambda name: DISTRIBUTIONS[name][1]
    )
    contested = [line for line in lines if "contested" in line]
    assert "conflict  with rival-two 2.2" in contested[0]
    assert "conflict  with rival-one 2.1" in contested[1]


def test_a_distribution_that_does_not_load_fails_its_check_and_says_why(environment):
    done = environment.run(environment.scripts / "nnframe", "plugins", "check", "faulty-import", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    [finding] = json.loads(done.stdout)
    assert finding == {
        "plugin": "faulty-import/unimportable", "name": "it_loads", "outcome": "failed",
        "message": "ImportError: no such library",
    }  # fmt: skip

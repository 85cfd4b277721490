"""What a user of one plugin, or of none, notices of all the others that are installed."""

import pytest
from distributions import UNCONTAINED, write_distribution

pytestmark = pytest.mark.install


@pytest.mark.parametrize("distribution", UNCONTAINED)
def test_a_plugin_that_fails_in_an_unusual_way_is_blamed_and_hurts_nobody_else(environment, distribution, tmp_path):
    version, [name], _ = UNCONTAINED[distribution]
    folder = tmp_path / "beside"
    environment.install_beside(write_distribution(tmp_path, distribution), folder)
    out = environment.script(
        f"""
        train()
        registry.get("activation", "only_listed")
        assert {name!r} not in registry.names("activation")
        error = error_of(registry.get, "activation", {name!r})
        print(type(error).__name__, error.provider, error.version)
        """,
        PYTHONPATH=str(folder),
    )
    assert out == f"PluginError {distribution} {version}\n"


@pytest.mark.parametrize(
    ("name", "cause"),
    [("unimportable", "ImportError"), ("exiting", "SystemExit"), ("hook_raises", "ZeroDivisionError")],
)
def test_the_original_exception_is_kept_as_the_cause(environment, name, cause):
    out = environment.script(f"print(type(error_of(registry.get, 'activation', {name!r}).__cause__).__name__)")
    assert out == f"{cause}\n"


def test_a_built_in_name_imports_nobody_who_claims_it(environment):
    out = environment.script("""
        train("relu")
        print("claims_relu" in sys.modules)
        registry.get("activation", "claims-relu/relu")
        print("claims_relu" in sys.modules)
    """)
    assert out.splitlines() == ["False", "True"]


def test_a_name_that_no_entry_point_has_is_still_found(environment):
    out = environment.script("print(registry.provider_of(registry.get('activation', 'only_listed')))")
    assert out == "lists-it 4.1\n"


def test_a_net_is_unpickled_by_the_name_of_its_plugin(environment, tmp_path):
    # The derivative of lonely is a lambda, which pickles by no other way.
    file = str(tmp_path / "net.pickle")
    environment.script(f"""
        import pickle
        with open({file!r}, "wb") as opened:
            pickle.dump(train("lonely"), opened)
    """)
    out = environment.script(f"""
        import pickle
        assert "lonely" not in sys.modules
        with open({file!r}, "rb") as opened:
            net = pickle.load(opened)
        print(net.layersList[0].resolved_activation is registry.get("activation", "lonely"))
        net.backprop(data, "mse", 0.1)
    """)
    assert out == "True\n"


@pytest.mark.parametrize("value", ["nnframe-swish", "NNFrame.Swish", "other;nnframe_swish", "all"])
def test_the_plain_name_of_a_disabled_plugin_is_unknown(environment, value):
    out = environment.script(
        """
        from importlib.metadata import version

        error = error_of(train, "swish")
        train("relu", "mse")
        print(type(error).__name__, "nnframe_swish" in sys.modules)
        print(version("nnframe-swish"))
        print(error)
        """,
        NNFRAME_DISABLE_PLUGINS=value,
    )
    kind, version, message = out.splitlines()
    assert kind == "UnknownNameError False"
    assert "There is no activation 'swish'" in message
    assert f"nnframe-swish {version} has it, but NNFRAME_DISABLE_PLUGINS leaves that out" in message


def test_the_command_line_with_built_ins_never_asks_which_plugins_are_installed(environment):
    out = environment.script("""
        from nnframe.cli import main
        from nnframe.registry import loader

        loader.scan_entry_points = None
        assert main(["train", "digits", "--epochs", "1"]) == 0
        print("importlib.metadata" in sys.modules)
    """)
    assert out.splitlines()[-1] == "False"


def test_threads_that_ask_for_a_broken_plugin_at_once_are_all_told_so(environment):
    out = environment.script("""
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier

        barrier = Barrier(8)

        def ask(_):
            barrier.wait()
            error = error_of(registry.get, "activation", "unimportable")
            return type(error).__name__, error.provider, error.version

        with ThreadPoolExecutor(8) as pool:
            print(set(pool.map(ask, range(8))))
    """)
    assert out == "{('PluginError', 'faulty-import', '1.1')}\n"


@pytest.mark.parametrize(
    ("option", "name", "blamed"),
    [
        ("--activation", "returns_strings", "faulty-strings 1.4"),
        ("--activation", "many_lines", "faulty-lines 1.10"),
        ("--activation", "contested", "rival-one 2.1, rival-two 2.2"),
        ("--activation", "flaky", "faulty-midway 1.9"),
        ("--loss", "flaky_loss", "faulty-midway 1.9"),
    ],
)
def test_whatever_fails_on_the_command_line_is_one_line_and_exit_status_2(environment, option, name, blamed):
    done = environment.run(environment.scripts / "nnframe", "train", "digits", option, name)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert blamed in line
    assert "Traceback" not in done.stdout

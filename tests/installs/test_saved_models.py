"""Saved nets that use installed plugins, from one process to another."""

import json

import pytest

pytestmark = pytest.mark.install


@pytest.fixture(scope="module")
def saved(environment, tmp_path_factory):
    """Return a saved net's path and the output it gives."""
    path = tmp_path_factory.mktemp("saved") / "m.nnf"
    out = environment.script(f"""
        net = train("swish(beta=2)", "huber")
        net.save({str(path)!r})
        print(net.forwardPass(data[0][0], False).item())
    """)
    return path, out


def test_another_process_loads_what_one_saved(environment, saved):
    path, out = saved
    loaded = environment.script(f"""
        net = nnframe.load({str(path)!r})
        print(net.forwardPass(data[0][0], False).item())
        print(net.layersList[0].activation, registry.provider_of(net.layersList[0].resolved_activation).name)
    """)
    assert loaded == out + "swish(beta=2.0) nnframe-swish\n"


def test_info_shows_the_distribution_and_imports_no_plugin(environment, saved):
    path, _ = saved
    out = environment.script(f"""
        from nnframe.cli import main
        main(["info", {str(path)!r}, "--json"])
        assert "nnframe_swish" not in sys.modules and "importlib.metadata" not in sys.modules
    """)
    activation = json.loads(out)["layers"][0]["activation"]
    assert (activation["name"], activation["provider"]) == ("swish", "nnframe-swish")
    assert activation["parameters"] == {"beta": 2.0}


def test_a_plugin_that_is_left_out_is_said_with_the_variable_that_leaves_it_out(environment, saved):
    path, _ = saved
    out = environment.script(f"print(error_of(nnframe.load, {str(path)!r}))", NNFRAME_DISABLE_PLUGINS="nnframe-swish")
    assert "it needs the activation 'swish' of nnframe-swish 0.1.0, but nnframe-swish 0.1.0 doesn't provide it" in out
    assert "change NNFRAME_DISABLE_PLUGINS, which is 'nnframe-swish'" in out


def test_what_one_of_two_rivals_gave_is_found_again(environment, tmp_path):
    path = tmp_path / "m.nnf"
    environment.script(f"net_of('rival-two/contested').save({str(path)!r})")
    out = environment.script(f"""
        layer = nnframe.load({str(path)!r}).layersList[0]
        print(layer.activation, registry.provider_of(layer.resolved_activation))
    """)
    assert out == "rival-two/contested rival-two 2.2\n"


def test_a_plugin_that_has_broken_since_is_blamed_and_not_the_file(environment, tmp_path):
    path = tmp_path / "m.nnf"
    out = environment.script(f"""
        from nnframe.saving.files import read_file, write_file
        net_of("swish").save({str(path)!r})
        manifest, arrays = read_file({str(path)!r})
        manifest["model"]["activations"][0].update(
            name="unimportable", parameters={{}}, provider="faulty-import", version="1.1"
        )
        write_file({str(path)!r}, manifest, arrays)
        error = error_of(nnframe.load, {str(path)!r})
        print(type(error).__name__, error.provider, error.version)
    """)
    assert out == "PluginError faulty-import 1.1\n"

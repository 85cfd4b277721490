"""Names, parameters and registration in code; installed plugins are in tests/installs."""

import copy
import pickle
import threading
import types

import numpy as np
import pytest

from nnframe import (
    Activation,
    ArgumentError,
    ArgumentTypeError,
    Loss,
    NameConflictError,
    PluginError,
    RegistrationError,
    UnknownNameError,
    denseLayer,
    hookimpl,
    nNet,
    registry,
)
from nnframe.contracts.markers import hookimpl as marker
from nnframe.errors import ChangedFormulaWarning


def bump(z, height, width):
    return height * np.exp(-((z / width) ** 2))


def make_activation(name="bump"):
    return Activation(name, bump, params={"height": 1.0, "width": 2.0})


def make_plugin(*objects, name="some_module"):
    """Return a module whose hooks offer the objects."""
    plugin = types.ModuleType(name)
    activations = [each for each in objects if isinstance(each, Activation)]
    losses = [each for each in objects if isinstance(each, Loss)]
    plugin.nnframe_activations = marker(lambda: activations, specname="nnframe_activations")
    plugin.nnframe_losses = marker(lambda: losses, specname="nnframe_losses")
    return plugin


def test_the_built_in_names_are_there():
    assert {"relu", "sigmoid", "tanh", "softmax"} <= set(registry.names("activation"))
    assert {"mse", "cel"} <= set(registry.names("loss"))


@pytest.mark.parametrize("name", ["relu", " ReLU ", "nnframe/relu", "NNFrame/RELU", "relu()"])
def test_a_built_in_is_found_however_it_is_written(name):
    assert registry.get("activation", name) is registry.get("activation", "relu")


def test_an_object_is_returned_as_it_is():
    activation = make_activation()
    assert registry.get("activation", activation) is activation


@pytest.mark.parametrize("name", ["", "re lu", "relu(", "relu)", "relu(alpha)", "a/b/c", "relu(1)", "/relu", "relu/"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ArgumentError, match="expected"):
        registry.get("activation", name)


@pytest.mark.parametrize("name", [3, None, b"relu", ["relu"]])
def test_what_is_no_text_is_refused(name):
    with pytest.raises(
        ArgumentTypeError,
        match="expected a name such as 'relu', or a function or an object of nnframe",
    ):
        registry.get("activation", name)


def test_an_object_of_another_kind_is_refused():
    with pytest.raises(ArgumentTypeError, match="loss is <Activation"):
        registry.get("loss", make_activation())


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ArgumentError, match="'activation', 'loss'"):
        registry.get("layer", "dense")


def test_an_unknown_name_lists_what_is_close():
    with pytest.raises(UnknownNameError, match="did you mean 'sigmoid'"):
        registry.get("activation", "sigmiod")


@pytest.mark.parametrize(("name", "meant"), [("cross_entropy", "cel"), ("Mean-Squared-Error", "mse")])
def test_what_other_libraries_call_a_loss_is_known(name, meant):
    with pytest.raises(UnknownNameError, match=f"There is no loss '{name.lower()}'; nnframe calls it '{meant}'$"):
        registry.get("loss", name)


def test_a_name_that_no_kind_has_is_one_sentence_with_what_is_close_in_each():
    with pytest.raises(UnknownNameError, match=r"There is no plugin 'cosin'; did you mean .*the schedule 'cosine'\?"):
        registry.get_all_kinds("cosin")


def test_of_two_that_share_a_name_those_are_meant_that_have_the_parameter():
    loss = Loss("cosine", lambda a, y: a, lambda a, y: a, params={"eps": 1e-8})
    with registry.temporarily(loss):
        assert [kind for kind, _ in registry.get_all_kinds("cosine")] == ["loss", "schedule"]
        assert [kind for kind, _ in registry.get_all_kinds("cosine(eps=1)")] == ["loss"]
        with pytest.raises(ArgumentError, match="cosine has no parameter 'nope'"):
            registry.get_all_kinds("cosine(nope=1)")


def test_an_activations_name_is_no_loss():
    with pytest.raises(UnknownNameError, match="There is no loss 'relu'"):
        registry.get("loss", "relu")


def test_an_unknown_name_is_a_lookup_error():
    with pytest.raises(LookupError):
        registry.get("activation", "unheard-of")


# Registration in code


def test_a_registered_activation_is_found_by_name_and_gone_afterwards():
    activation = make_activation()
    registry.register(activation)
    assert registry.get("activation", "BUMP") is activation
    assert "bump" in registry.names("activation")
    registry.unregister(activation)
    with pytest.raises(UnknownNameError):
        registry.get("activation", "bump")


def test_a_temporary_plugin_is_gone_after_the_block_even_when_it_raises():
    with pytest.raises(ZeroDivisionError), registry.temporarily(make_activation()):
        raise ZeroDivisionError
    with pytest.raises(UnknownNameError):
        registry.get("activation", "bump")


def test_a_module_with_hooks_registers_all_that_it_offers():
    one, two = make_activation("one"), make_activation("two")
    loss = Loss("three", np.subtract, np.subtract)
    with registry.temporarily(make_plugin(one, two, loss)):
        assert registry.get("activation", "one") is one
        assert registry.get("activation", "some_module/two") is two
        assert registry.get("loss", "three") is loss


def test_an_object_with_hooks_can_be_registered_too():
    class Plugin:
        @hookimpl
        def nnframe_activations(self):
            return [make_activation()]

    with registry.temporarily(Plugin(), name="mine"):
        assert registry.get("activation", "mine/bump").name == "bump"


def test_a_net_keeps_a_plugin_that_is_taken_back():
    with registry.temporarily(make_activation()):
        layer = denseLayer([[1.0]], 0, "bump")
    assert layer.forwardPass([[0.0]]).item() == 1


def test_two_plugins_of_one_name_are_an_error_for_who_uses_it():
    one, two = make_activation("same"), make_activation("same")
    with registry.temporarily(make_plugin(one, name="first")), registry.temporarily(make_plugin(two, name="second")):
        assert registry.get("activation", "relu").name == "relu"
        assert "same" in registry.names("activation")
        assert registry.get("activation", "first/same") is one
        assert registry.get("activation", "second/same") is two
        with pytest.raises(NameConflictError, match=r"first \(registered in code\), second \(registered in code\)"):
            registry.get("activation", "same")


def test_the_same_object_from_two_plugins_is_no_conflict():
    shared = make_activation("same")
    with (
        registry.temporarily(make_plugin(shared, name="first")),
        registry.temporarily(make_plugin(shared, name="second")),
    ):
        assert registry.get("activation", "same") is shared


@pytest.mark.parametrize(
    ("plugin", "error", "sentence"),
    [
        (make_activation("relu"), RegistrationError, "'relu' is a built-in activation"),
        (make_plugin(make_activation("fine"), make_activation("tanh")), RegistrationError, "'tanh' is a built-in"),
        (make_plugin(make_activation("a"), make_activation("A")), PluginError, "two objects named 'a'"),
        (types.ModuleType("empty"), PluginError, "no function marked @nnframe.hookimpl"),
        (object(), PluginError, "no function marked"),
        (3, PluginError, "no function marked"),
    ],
)
def test_what_can_not_be_registered_leaves_no_trace(plugin, error, sentence):
    before = registry.names("activation")
    for _ in range(2):
        with pytest.raises(error, match=sentence):
            registry.register(plugin)
    assert registry.names("activation") == before


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "returned None; expected a list of Activation objects"),
        ("relu", "returned 'relu'"),
        ([np.tanh], "returned \\[<ufunc 'tanh'>\\]"),
        (make_activation(), "returned <Activation bump>"),
        ([Loss("l", np.subtract, np.subtract)], "expected a list of Activation"),
    ],
)
def test_a_hook_that_returns_something_else_is_blamed(returned, sentence):
    plugin = types.ModuleType("rubbish")
    plugin.nnframe_activations = marker(lambda: returned, specname="nnframe_activations")
    with pytest.raises(PluginError, match=sentence) as caught:
        registry.register(plugin)
    assert (caught.value.provider, caught.value.hook) == ("rubbish", "nnframe_activations")


def test_a_hook_that_raises_is_blamed_with_the_cause():
    plugin = types.ModuleType("raising")
    plugin.nnframe_losses = marker(lambda: 1 / 0, specname="nnframe_losses")
    with pytest.raises(PluginError, match=r"nnframe_losses.*ZeroDivisionError") as caught:
        registry.register(plugin)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_misspelt_hook_is_named_with_the_known_ones():
    plugin = types.ModuleType("misspelt")
    plugin.nnframe_activation = marker(lambda: [make_activation()], specname="nnframe_activation")
    with pytest.raises(PluginError, match=r"nnframe_activation.*the hooks are nnframe_activations, nnframe_losses"):
        registry.register(plugin)


def test_a_hook_of_a_later_version_may_be_marked_as_optional():
    plugin = make_plugin(make_activation())
    plugin.nnframe_dreams = marker(lambda: [3], specname="nnframe_dreams", optionalhook=True)
    with registry.temporarily(plugin):
        assert registry.get("activation", "bump").name == "bump"


def test_an_object_that_is_registered_twice_is_registered():
    with registry.temporarily(activation := make_activation()):
        registry.register(activation)
        with registry.temporarily(activation):
            pass
        assert registry.get("activation", "bump") is activation


def test_a_cell_that_is_run_again_replaces_what_it_registered():
    with registry.temporarily(make_activation()):
        registry.register(second := make_activation())
        assert registry.get("activation", "bump") is second
        registry.unregister(second)
    with pytest.raises(UnknownNameError):
        registry.get("activation", "bump")


def test_of_a_module_that_offers_more_the_rest_stays():
    one, two, other = make_activation("one"), make_activation("two"), make_activation("two")
    with registry.temporarily(make_plugin(one, two)), registry.temporarily(other, name="some_module"):
        assert registry.get("activation", "one") is one
        assert registry.get("activation", "two") is other


def test_unregistering_a_stranger_is_an_error():
    with pytest.raises(RegistrationError, match="not registered"):
        registry.unregister(make_activation())


def test_threads_may_register_and_ask_at_once():
    failures = []

    def work(i):
        try:
            for _ in range(50):
                with registry.temporarily(make_activation(f"bump{i}"), name=f"module{i}"):
                    assert registry.get("activation", f"bump{i}(height=2)").overrides == {"height": 2.0}
                    registry.names("activation")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# Parameters


def test_parameters_can_be_set_in_the_name():
    with registry.temporarily(make_activation()):
        found = registry.get("activation", "bump(height=3, width=-1.5e-1)")
    assert found.settings == {"height": 3.0, "width": -0.15}
    assert type(found.settings["height"]) is float


def test_parameters_in_the_name_reach_the_formula():
    with registry.temporarily(make_activation()):
        layer = denseLayer([[1.0]], 0, "Bump(height=3)")
    assert layer.activation == "bump(height=3.0)"
    assert layer.forwardPass([[0.0]]).item() == 3


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("bump(heigth=3)", ArgumentError, "no parameter 'heigth'; it has height, width"),
        ("relu(alpha=3)", ArgumentError, "relu has no parameter 'alpha'; it has none at all"),
        ("bump(height=high)", ArgumentTypeError, "height is 'high', of type str; expected a finite number"),
        ("bump(height=inf)", ArgumentError, "height is inf; expected a finite number, as its default 1.0"),
        ("bump(height=true)", ArgumentTypeError, "expected a finite number, as its default 1.0"),
        ("bump(height=1, height=2)", ArgumentError, "the parameter height is set twice"),
        ("bump(height=__import__)", ArgumentTypeError, "expected a finite number"),
        ("bump(height=1+1)", ArgumentError, "expected a number"),
    ],
)
def test_wrong_parameters_are_named(name, error, sentence):
    with registry.temporarily(make_activation()), pytest.raises(error, match=sentence):
        registry.get("activation", name)


def test_whole_numbers_and_booleans_keep_their_type():
    plugin = Activation("typed", lambda z, n, on: z, params={"n": 2, "on": False})
    assert plugin.with_params(n=3, on=True).spec == "typed(n=3, on=True)"
    with registry.temporarily(plugin):
        assert registry.get("activation", plugin.with_params(n=3, on=True).spec).settings == {"n": 3, "on": True}
        with pytest.raises(ArgumentTypeError, match="expected a whole number, as its default 2"):
            registry.get("activation", "typed(n=2.5)")


def test_a_parameter_set_to_its_default_changes_nothing():
    activation = make_activation()
    assert activation.with_params(height=1) == activation
    assert activation.with_params(height=1).spec == "bump"


def test_numpy_numbers_become_pythons_so_that_float32_stays():
    plugin = make_activation().with_params(height=np.float64(0.5), width=np.int64(3))
    assert [type(value) for value in plugin.settings.values()] == [float, float]
    assert denseLayer(np.ones((1, 1), np.float32), 0, plugin).forwardPass([[1]]).dtype == np.float32


def test_parameters_can_not_be_changed_in_place():
    with pytest.raises(TypeError):
        make_activation().params["height"] = 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "two words"}, ArgumentError),
        ({"name": ""}, ArgumentError),
        ({"name": 3}, ArgumentError),
        ({"forward": 3}, ArgumentTypeError),
        ({"derivative": 3}, ArgumentTypeError),
        ({"derivative": np.tanh, "backward": np.tanh}, ArgumentError),
        ({"forward_inplace": np.tanh}, ArgumentError),
        ({"params": {"a b": 1}}, ArgumentError),
        ({"params": {"a": {}}}, ArgumentTypeError),
        ({"params": {"a": None}}, ArgumentError),
        ({"params": {"a": "x"}, "limits": {"a": "between 0 and 1"}}, ArgumentError),
        ({"params": {"a": 1.0}, "limits": {"a": (0.0, 1.0)}}, ArgumentError),
        ({"params": {"a": 1.0}, "limits": {"a": "[0, 1)"}}, ArgumentError),
        ({"params": {"a": 1.0}, "limits": {"b": "[0, 1)"}}, ArgumentError),
        ({"params": {"a": 1.0}, "limits": 3}, ArgumentTypeError),
        ({"params": {"a": float("nan")}}, ArgumentError),
        ({"fused": {"cel": np.tanh}}, ArgumentTypeError),
        ({"fused": [1]}, ArgumentTypeError),
        ({"init": "zero"}, ArgumentError),
    ],
)
def test_an_activation_that_makes_no_sense_is_refused_when_it_is_written(arguments, error):
    with pytest.raises(error):
        Activation(**{"name": "fine", "forward": np.tanh} | arguments)


# Pickling


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda plugin: pickle.loads(pickle.dumps(plugin))])
def test_a_registered_object_is_copied_by_name_and_parameters(copied):
    plugin = Activation("unpicklable", lambda z, k: z * k, lambda z, k: k + 0 * z, params={"k": 1.0})
    with registry.temporarily(plugin):
        assert copied(plugin) is plugin
        assert copied(plugin.with_params(k=2)) == plugin.with_params(k=2)


def test_a_pickle_names_the_provider(monkeypatch):
    monkeypatch.setattr("nnframe.registry.pickling.PICKLERS_BY_VALUE", ())
    with registry.temporarily(plugin := Activation("bump", lambda z: z), name="somewhere"):
        data = pickle.dumps(plugin)
    with pytest.raises(UnknownNameError, match="'bump' of 'somewhere'"):
        pickle.loads(data)


def test_a_pickle_of_functions_that_can_be_imported_needs_no_registration():
    with registry.temporarily(plugin := make_activation(), name="somewhere"):
        data = pickle.dumps(plugin.with_params(height=2))
    assert pickle.loads(data) == plugin.with_params(height=2)


def test_a_pickle_finds_what_another_module_has_registered_under_the_name():
    with registry.temporarily(plugin := Activation("bump", lambda z: z), name="__main__"):
        data = pickle.dumps(plugin)
    with registry.temporarily(again := Activation("bump", lambda z: z), name="__mp_main__"):
        assert pickle.loads(data) is again


def test_an_unregistered_object_pickles_as_its_functions_do():
    plugin = make_activation().with_params(height=2)
    assert pickle.loads(pickle.dumps(plugin)) == plugin
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(Activation("unpicklable", lambda z: z))


def test_a_net_with_plugins_pickles():
    with registry.temporarily(Activation("unpicklable", lambda z, k: z * k, params={"k": 1.0})):
        net = nNet.from_sizes([2, 3, 1], ["unpicklable(k=2)", None])
        again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.forwardPass([[1], [2]], False), net.forwardPass([[1], [2]], False))


def test_a_pickle_tells_that_a_formula_has_changed_and_keeps_the_parameters():
    with registry.temporarily(Activation("mine", lambda z, k: k * z, params={"k": 1.0}), "some_module"):
        pickled = pickle.dumps(nNet([denseLayer([[1.0]], 0, "mine")]))
    with registry.temporarily(Activation("mine", lambda z, k: k * z, params={"k": 2.0}), "some_module"):
        assert pickle.loads(pickled).predict([[3.0]]).tolist() == [[3.0]]
    with (
        registry.temporarily(Activation("mine", lambda z, k: k * z + 1, params={"k": 1.0}), "some_module"),
        pytest.warns(ChangedFormulaWarning, match="'some_module/mine' computes something else.*returned -8 for -8.*-7"),
    ):
        assert pickle.loads(pickled).predict([[3.0]]).tolist() == [[4.0]]


def test_a_pickle_with_a_parameter_that_is_gone_is_refused():
    with registry.temporarily(Activation("mine", lambda z, k: k * z, params={"k": 1.0}), "some_module"):
        pickled = pickle.dumps(registry.get("activation", "mine"))
    with (
        registry.temporarily(Activation("mine", lambda z: z), "some_module"),
        pytest.raises(ArgumentError, match="mine has no parameter 'k'"),
    ):
        pickle.loads(pickled)

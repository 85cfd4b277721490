"""Nets in files: what comes back, what is refused, and what is said when a plugin is missing."""

import copy
import math
import pickle
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nnframe
from nnframe import (
    Activation,
    ArgumentError,
    ArgumentTypeError,
    ModelFileError,
    PluginError,
    ShapeError,
    denseLayer,
    hookimpl,
    load_with_metadata,
    nNet,
    pairs,
    registry,
)
from nnframe.callbacks import Checkpoint
from nnframe.errors import ChangedFormulaWarning
from nnframe.saving.activations import POINTS
from nnframe.saving.files import read_file, read_manifest, write_file
from nnframe.saving.model import describe, rebuild
from nnframe.saving.model_file import require_savable


def weights_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def same_bits(one, other):
    return [(a.dtype, a.shape, a.tobytes()) for a in one] == [(a.dtype, a.shape, a.tobytes()) for a in other]


def net_with(activation):
    return nNet([denseLayer([[1.0, 2.0]], 0.5, activation), denseLayer([[3.0]])])


# The law: what was saved is what is loaded.


def swirl(z, turns, bend, flip):
    return np.sin(z * turns) * bend * (-1 if flip else 1)


def swirl_slope(z, turns, bend, flip):
    return np.cos(z * turns) * turns * bend * (-1 if flip else 1)


swirl_activation = Activation("swirl", swirl, swirl_slope, params={"turns": 1, "bend": 0.5, "flip": False})
line_activation = Activation("line", lambda z, bend: bend * z, lambda z, bend: bend + 0 * z, params={"bend": 1.5})


@pytest.fixture(scope="module", autouse=True)
def _plugins():
    """Register activations with parameters of every type, under a distribution's and under a module's name."""
    with registry.temporarily(swirl_activation), registry.temporarily(line_activation, name="some-name"):
        yield


@st.composite
def activations(draw):
    finite = st.floats(allow_nan=False, allow_infinity=False)
    choice = draw(st.sampled_from([None, "relu", "Tanh", "nnframe/softmax", "swirl", "line", "Some_Name/line"]))
    if choice == "swirl":
        return f"swirl(turns={draw(st.integers(-(2**63), 2**63))}, bend={draw(finite)!r}, flip={draw(st.booleans())})"
    if choice in ("line", "Some_Name/line"):
        return f"{choice}(bend={draw(finite)!r})"
    return choice


@st.composite
def nets(draw):
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    layers = []
    for n_in, n_out in pairwise(sizes):
        layer = denseLayer(draw(arrays(dtype, (n_out, n_in))), draw(arrays(dtype, (n_out, 1))), draw(activations()))
        layers += [layer] * (draw(st.integers(1, 3)) if n_in == n_out else 1)
    return nNet(layers)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # any weights overflow somewhere
@settings(deadline=None)
@given(net=nets(), suffix=st.sampled_from([".nnf", ".safetensors"]))
def test_a_loaded_net_is_the_saved_one_bit_for_bit(tmp_path_factory, net, suffix):
    path = tmp_path_factory.getbasetemp() / f"law{suffix}"
    net.save(path)
    loaded = nnframe.load(path)
    assert same_bits(weights_of(loaded), weights_of(net))
    assert [layer.activation for layer in loaded.layersList] == [layer.activation for layer in net.layersList]
    resolved = [[layer.resolved_activation for layer in each.layersList] for each in (loaded, net)]
    assert resolved[0] == resolved[1]
    v = np.linspace(-2, 2, 3 * net.layersList[0].n_in, dtype=net.dtype).reshape(-1, 3)
    assert same_bits(loaded.forwardPass(v), net.forwardPass(v))
    assert describe(loaded.layersList)[0] == describe(net.layersList)[0]


def test_a_loaded_net_trains_as_the_saved_one_would_have(path):
    data = [([[0.5], [1.0]], [[1.0]]), ([[1.5], [-1.0]], [[0.0]])]
    net = net_with("tanh")
    net.save(path)
    loaded = nnframe.load(path)
    assert loaded.nEpochs(3, data, "mse", 0.1).loss == net.nEpochs(3, data, "mse", 0.1).loss
    assert same_bits(weights_of(loaded), weights_of(net))


def test_layers_of_one_activation_share_what_is_saved_of_it(path):
    nNet([denseLayer([[1.0]], 0, name) for name in ("tanh", "nnframe/tanh", None, "tanh", "relu")]).save(path)
    model = read_manifest(path)["model"]
    assert [activation["name"] for activation in model["activations"]] == ["tanh", "nnframe/tanh", "relu"]
    assert [layer["activation"] for layer in model["layers"]] == [0, 1, None, 0, 2]


def test_two_activations_of_one_name_are_told_apart(path):
    ours, theirs = Activation("twice", lambda z: 2 * z), Activation("twice", lambda z: 3 * z)
    with registry.temporarily(ours, name="one"):
        first = denseLayer([[1.0]], 0, "twice")
    with registry.temporarily(theirs, name="two"):
        second = denseLayer([[1.0]], 0, "twice")
    with registry.temporarily(ours, name="one"), registry.temporarily(theirs, name="two"):
        nNet([first, second]).save(path)
        assert nnframe.load(path).forwardPass([[1.0]], return_all_steps=False).item() == 6


def test_a_layer_that_is_there_twice_is_one_layer_again(path):
    inner = denseLayer([[0.5]], 0, "tanh")
    nNet([inner, denseLayer([[2.0]]), inner]).save(path)
    first, second, third = nnframe.load(path).layersList
    assert first is third
    assert first is not second


def test_saving_leaves_the_net_alone_and_shares_nothing_with_it(path):
    net = net_with("relu")
    before = copy.deepcopy(net)
    net.save(path)
    loaded = nnframe.load(path)
    loaded.layersList[0].linear[...] = 9
    assert same_bits(weights_of(net), weights_of(before))


def test_the_weights_of_a_net_that_diverged_are_kept(path):
    net = net_with(None)
    net.layersList[0].linear = [[np.nan, -np.inf]]
    net.save(path)
    np.testing.assert_array_equal(nnframe.load(path).layersList[0].linear, [[np.nan, -np.inf]])


def test_metadata_come_back_as_they_were(path):
    metadata = {"columns": ["age", "größe"], "scale": [0.1, 1e-300], "missing": None, "deep": {"a": [[], {}]}}
    net_with("relu").save(path, metadata)
    assert load_with_metadata(path)[1] == metadata


def test_without_metadata_there_is_an_empty_dict(path):
    net_with("relu").save(path)
    assert load_with_metadata(path)[1] == {}


def test_the_manifest_tells_format_dtype_layers_and_where_each_activation_comes_from(tmp_path):
    net_with("swirl(turns=3)").save(tmp_path / "m.nnf", metadata={"a": 1})
    manifest = read_manifest(tmp_path / "m.nnf")
    assert manifest["format_version"] == 1
    assert manifest["metadata"] == {"a": 1}
    assert manifest["model"] == {
        "dtype": "float64",
        "activations": [
            {
                "name": "swirl", "parameters": {"turns": 3, "bend": 0.5, "flip": False},
                "provider": __name__, "version": None,
                "values": [float(f"{0.5 * math.sin(3 * z):.12g}") for z in POINTS],
            },
        ],
        "layers": [{"activation": 0}, {"activation": None}],
        "sequence": [0, 1],
    }  # fmt: skip


def test_a_file_may_hold_a_model_beside_other_things(tmp_path):
    net = net_with("relu")
    part, described = describe(net.layersList)
    write_file(tmp_path / "more.nnf", {"mine": part}, described | {"more": np.ones(3)})
    manifest, stored = read_file(tmp_path / "more.nnf")
    loaded = nNet(rebuild(manifest["mine"], stored))
    assert same_bits(weights_of(loaded), weights_of(net))


# Saving refuses.


def test_an_activation_that_was_never_registered_is_refused(path, new_bump):
    net = nNet([denseLayer([[1.0]]), denseLayer([[1.0]], 0, new_bump())])
    with pytest.raises(ArgumentError, match=r"layersList\[1\] has the activation 'bump', which is not registered"):
        net.save(path)
    assert not path.exists()


def test_a_provider_that_no_name_can_have_is_refused(path, new_bump):
    activation = new_bump()
    with registry.temporarily(activation, name="my stuff!"), pytest.raises(ArgumentError) as caught:
        nNet([denseLayer([[1.0]], 0, activation)]).save(path)
    assert "the activation of layersList[0] is of 'my stuff!', which is not a distribution or module; rename it" in str(
        caught.value
    )


def test_layers_that_do_not_fit_any_more_are_refused(path):
    net = net_with("relu")
    net.layersList.reverse()
    with pytest.raises(ShapeError):
        net.save(path)


@pytest.mark.parametrize("metadata", [[1], "text", 5])
def test_metadata_that_is_not_a_dict_is_refused(path, metadata):
    with pytest.raises(ArgumentTypeError, match=r"metadata is .*; expected a dict"):
        net_with("relu").save(path, metadata)


def test_metadata_that_json_would_not_give_back_is_refused_by_its_place(path):
    with pytest.raises(ArgumentTypeError, match=re.escape("metadata']['scale'] is (1, 2), of type tuple; expected")):
        net_with("relu").save(path, metadata={"scale": (1, 2)})
    assert not path.exists()


def test_arrays_in_metadata_come_back_bit_for_bit(path):
    scale, codes = np.array([0.1, np.nan, -0.0]), np.arange(6, dtype=np.uint8).reshape(2, 3)
    net_with("relu").save(path, metadata={"scale": scale, "deep": [{"codes": codes}], "text": "some"})
    metadata = load_with_metadata(path)[1]
    assert same_bits([metadata["scale"], metadata["deep"][0]["codes"]], [scale, codes])
    assert metadata["text"] == "some"


def test_the_key_that_stands_for_arrays_is_reserved_in_metadata(path):
    with pytest.raises(ArgumentError, match=re.escape("metadata has the key '$array', which is reserved")):
        net_with("relu").save(path, metadata={"deep": [{"$array": "layers/0/linear"}]})


def test_an_array_of_objects_in_metadata_is_refused(path):
    with pytest.raises(ArgumentTypeError, match=re.escape("arrays['metadata/0'] has dtype object")):
        net_with("relu").save(path, metadata={"x": np.array([None])})


def test_metadata_of_100_000_columns_or_long_texts_can_be_saved(path):
    columns = [{"kind": "category", "name": f"column {i}", "categories": ["a" * 50, "b" * 50]} for i in range(100_000)]
    net_with("relu").save(path, metadata={"columns": columns})
    assert load_with_metadata(path)[1] == {"columns": columns}


def test_a_net_of_more_than_10_000_layers_can_not_be_saved(path):
    with pytest.raises(ArgumentError, match="layersList has 10,001 layers; expected at most 10,000 in a file"):
        nNet([denseLayer([[1.0]])] * 10_001).save(path)


def test_what_can_not_be_saved_can_be_asked_before_training(tmp_path, new_bump):
    layers = net_with("relu").layersList
    require_savable(layers, tmp_path / "m.nnf", {"scale": np.ones(3)})
    with pytest.raises(ArgumentError, match=r"manifest as JSON has .* bytes, expected at most 67,108,864"):
        require_savable(layers, tmp_path / "m.nnf", {"text": "x" * 2**26})
    with pytest.raises(ArgumentError, match=r"manifest as JSON has .* values, expected at most 4,000,000"):
        require_savable(layers, tmp_path / "m.nnf", {"list": [0] * 4_000_001})
    with pytest.raises(ArgumentError, match=r"no installed format has the suffix '\.onxx'"):
        require_savable(layers, tmp_path / "m.onxx")
    with pytest.raises(ArgumentError, match="not registered"):
        require_savable([denseLayer([[1.0]], 0, new_bump())], tmp_path / "m.nnf")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_said_and_the_net_is_as_it_was(path):
    with pytest.raises(ModelFileError, match="can't be written: "):
        net_with("relu").save(path.parent / "missing" / path.name)


# Activations are found again.


@pytest.mark.parametrize(
    ("written", "parameters", "saved"),
    [
        ("many(mode=fast)", {"mode": "fast"}, "fast"),
        ("many(mode='None, (it) is = \"\"')", {"mode": 'None, (it) is = ""'}, 'None, (it) is = ""'),
        ("many(mode=slow, best=none)", {"best": None}, None),
        ("many(best='true')", {"best": "true"}, "true"),
        ("many(mode=slow, knots=(1, 2.5))", {"knots": (1.0, 2.5)}, [1.0, 2.5]),
        ("many(knots=(-inf, inf))", {"knots": (-math.inf, math.inf)}, [{"float": "-inf"}, {"float": "inf"}]),
        ("many(top=inf)", {"top": math.inf}, {"float": "inf"}),
        ("many(count=3)", {"count": 3}, 3),
    ],
)
def test_parameters_of_every_sort_come_back(path, written, parameters, saved):
    many = Activation(
        "many",
        lambda z, mode, best, knots, top, count: np.minimum(z, top) * count,
        params={"mode": "slow", "best": None, "knots": (0.0, math.inf), "top": 6.0, "count": 1},
        limits={"best": str, "top": "(0, inf]"},
    )
    with registry.temporarily(many):
        net_with(written).save(path)
        assert read_manifest(path)["model"]["activations"][0]["parameters"][next(iter(parameters))] == saved
        layer = nnframe.load(path).layersList[0]
        assert layer.resolved_activation == many.with_params(**parameters)
        assert registry.get("activation", layer.activation) == many.with_params(**parameters)


def test_a_parameter_that_is_a_plugin_comes_back_with_its_parameters_and_provider(path, new_bump):
    gated = Activation(
        "gated",
        lambda z, inner: z * inner.forward(z, **inner.settings),
        params={"inner": registry.get("activation", "sigmoid")},
        limits={"inner": Activation},
    )
    one, other = new_bump(), Activation("bump", np.tanh)
    with registry.temporarily(gated), registry.temporarily(one, name="one"), registry.temporarily(other, name="two"):
        net = net_with(gated.with_params(inner=one.with_params(width=3.0)))
        net.save(path)
        inner = nnframe.load(path).layersList[0].resolved_activation.settings["inner"]
        assert inner == one.with_params(width=3.0)
        assert registry.provider_of(inner).name == "one"
    with registry.temporarily(gated):
        assert "it needs the activation 'one/bump', which is not installed" in refused(path)


def test_an_object_comes_back_as_its_name(path, new_bump):
    activation = new_bump()
    with registry.temporarily(activation):
        net_with(activation.with_params(width=3.0)).save(path)
        assert nnframe.load(path).layersList[0].activation == "bump(width=3.0)"


def test_the_provider_decides_between_two_of_one_name(path, new_bump):
    one, other = new_bump(), Activation("bump", np.tanh, lambda z: 1 - np.tanh(z) ** 2)
    with registry.temporarily(one, name="rival-one"), registry.temporarily(other, name="rival-two"):
        net_with(other).save(path)
        layer = nnframe.load(path).layersList[0]
        assert registry.provider_of(layer.resolved_activation).name == "rival-two"
        assert layer.activation == "rival-two/bump"


def test_what_was_registered_in_code_may_have_moved(path, new_bump):
    with registry.temporarily(new_bump(), name="__main__"):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(new_bump(), name="nnframe-bump"):
        assert nnframe.load(path).layersList[0].activation == "bump(width=3.0)"


def test_parameters_stay_when_a_newer_version_has_other_defaults(path, new_bump):
    with registry.temporarily(new_bump()):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(new_bump(height=7.0, width=3.0)):
        loaded = nnframe.load(path).layersList[0].resolved_activation
    assert loaded.settings == {"height": 1.0, "width": 3.0}


def test_a_pickle_and_a_file_agree_when_a_newer_version_has_other_defaults(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net = net_with("bump(width=3)")
        net.save(path)
        pickled = pickle.dumps(net)
    with registry.temporarily(new_bump(height=7.0, width=3.0), name="some_module"):
        of_file, of_pickle = (
            each.layersList[0].resolved_activation.settings for each in (nnframe.load(path), pickle.loads(pickled))
        )
    assert of_file == of_pickle == {"height": 1.0, "width": 3.0}


def test_a_parameter_that_a_newer_version_adds_has_its_default(path):
    with registry.temporarily(Activation("grown", lambda z, a: a * z, params={"a": 1.0})):
        net_with("grown(a=2)").save(path)
    with registry.temporarily(Activation("grown", lambda z, a, b: a * z + b, params={"a": 1.0, "b": 0.0})):
        assert nnframe.load(path).layersList[0].resolved_activation.settings == {"a": 2.0, "b": 0.0}


def refused(path):
    with pytest.raises(ModelFileError) as caught:
        nnframe.load(path)
    assert str(caught.value).startswith(f"{path} can't be loaded: ")
    return str(caught.value)


def test_a_parameter_that_is_gone_is_said(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump(width=3)").save(path)
    with registry.temporarily(Activation("bump", np.tanh), name="some_module"):
        message = refused(path)
    assert "it was saved with 'bump(height=1.0, width=3.0)' of some_module (registered in code)" in message
    assert "bump has no parameter 'height'" in message
    assert message.endswith("register(...) with the one it was saved with, or import the module that does")


def test_what_was_registered_in_code_and_is_missing_is_to_be_registered(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump").save(path)
    message = refused(path)
    assert "it needs the activation 'bump', which some_module registered in code" in message
    assert message.endswith("register(...) with the one it was saved with, or import the module that does")


@pytest.mark.filterwarnings("ignore::nnframe.errors.ChangedFormulaWarning")
def test_a_broken_plugin_is_blamed_and_not_the_file(path, new_bump):
    with registry.temporarily(new_bump(), name="some_module"):
        net_with("bump").save(path)
    # No derivative can be derived from a condition on values.
    broken = Activation("bump", lambda z, height, width: z if z[0] > 0 else -z, params={"height": 1.0, "width": 2.0})
    with registry.temporarily(broken, name="some_module"), pytest.raises(PluginError, match="some_module"):
        nnframe.load(path)


def test_a_changed_formula_is_reported_with_the_values_before_and_after(path):
    with registry.temporarily(Activation("ramp", lambda z: 2 * z), name="some_module"):
        net_with("ramp").save(path)
    changed = Activation("ramp", lambda z: 3 * z)
    with registry.temporarily(changed, name="some_module"), pytest.warns(ChangedFormulaWarning) as caught:
        loaded = nnframe.load(path)
    message = str(caught[0].message)
    assert "the activation 'ramp' computes something else than when the net was saved" in message
    assert "it returned -16 for -8 with some_module (registered in code), and returns -24 with some_module" in message
    assert loaded.forwardPass([[1.0], [0.0]], return_all_steps=False).item() == 3 * (1.5 * 3)


@pytest.mark.parametrize("change", [lambda z: z * (1 + 1e-13), lambda z: z * 1.0])
def test_rounding_is_not_a_changed_formula(path, change):
    with registry.temporarily(Activation("line2", lambda z: z * 1.0), name="some_module"):
        net_with("line2").save(path)
    with registry.temporarily(Activation("line2", change), name="some_module"):
        nnframe.load(path)


@pytest.mark.filterwarnings("error")
def test_a_formula_that_overflows_or_raises_at_the_points_is_saved(path):
    with registry.temporarily(Activation("steep", lambda z: np.exp(z**4), lambda z: z), name="some_module"):
        net_with("steep").save(path)
        nnframe.load(path)
    picky = Activation("picky", lambda z: z + np.ones((1, 1)) if len(z) < 5 else 1 / 0, lambda z: 1 + 0 * z)
    with registry.temporarily(picky, name="some_module"):
        net_with("picky").save(path)
        assert nnframe.load(path).layersList[0].activation == "picky"


# Files that were changed by somebody who keeps the check sums right.


@pytest.fixture
def changed(tmp_path):
    """Return a function that saves a net, changes what its file says, and loads it."""

    def load_changed(change, net=None):
        path = tmp_path / "changed.nnf"
        (net or net_with("relu")).save(path)
        manifest, stored = read_file(path)
        change(manifest, stored)
        write_file(path, manifest, stored)
        return refused(path)

    return load_changed


def put(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(manifest, stored):
        place = manifest
        for key in keys:
            place = place[key]
        place[last] = value

    return change


def activation_with(**changes):
    return lambda manifest, stored: manifest["model"]["activations"][0].update(changes)


def put_array(name, array):
    return lambda manifest, stored: stored.__setitem__(name, array)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("more", 1), "it holds 'model', 'metadata', 'more', expected model and metadata"),
        (lambda manifest, stored: manifest.pop("model"), "it holds 'metadata', expected"),
        (lambda manifest, stored: manifest.clear(), "it holds nothing, expected"),
        (put("metadata", [1]), "its metadata is [1], expected a dict"),
        (put("model", [1]), "its model is [1], expected"),
        (put("model", "more", 1), "expected dtype, activations, layers and sequence"),
        (put("model", "dtype", "float16"), "its model computes in 'float16'"),
        (put("model", "dtype", "object"), "its model computes in 'object'"),
        (put("model", "dtype", ["float32"]), "its model computes in ['float32']"),
        (put("model", "dtype", "float32"), "'layers/0/linear' has dtype float64, but its model computes in float32"),
        (put("model", "layers", []), "its model has the layers [], expected a list of 1"),
        (put("model", "layers", {"0": None}), "expected a list of 1 to 10,000"),
        (put("model", "layers", 0, None), "layer 0 is None"),
        (put("model", "layers", 1, {"activation": None, "more": 1}), "layer 1 is {'activation': None, 'more': 1}"),
        (put("model", "sequence", []), "its model has a layer that isn't in its sequence"),
        (put("model", "sequence", [0]), "its model has a layer that isn't in its sequence"),
        (put("model", "sequence", [0, 1, 2]), "expected indices of its layers"),
        (put("model", "sequence", [0, -1]), "expected indices of its layers"),
        (put("model", "sequence", [False, True]), "expected indices of its layers"),
        (put("model", "sequence", [0, 1.0]), "expected indices of its layers"),
        (put("model", "sequence", "01"), "its model has the sequence '01', expected a list"),
        (put("model", "sequence", [0] * 10_001), "expected a list of at most 10,000"),
        (put("model", "sequence", [1, 0]), "layer 0 takes columns of 2, but layer 1 before it returns columns of 1"),
        (put_array("layers/0/linear", np.ones(2)), "array 'layers/0/linear' has shape (2,), expected (n_out, n_in)"),
        (put_array("layers/0/linear", np.ones((1, 0))), "array 'layers/0/linear' has shape (1, 0)"),
        (put_array("layers/0/linear", np.ones((2, 2))), "array 'layers/0/bias' has shape (1, 1), expected (2, 1)"),
        (put_array("layers/0/linear", np.ones((1, 2), int)), "has dtype int64"),
        (put_array("layers/0/bias", np.ones(1)), "array 'layers/0/bias' has shape (1,), expected (1, 1)"),
        (put_array("layers/0/bias", np.array(1.0)), "array 'layers/0/bias' has shape (), expected (1, 1)"),
        (put_array("layers/2/bias", np.ones((1, 1))), "it has 5 arrays, and its model and metadata need 4"),
        (lambda manifest, stored: stored.pop("layers/1/bias"), "array 'layers/1/bias' is missing"),
        (put("model", "layers", 0, "activation", "relu"), "layer 0 has the activation 'relu', expected None or"),
        *((put("model", "layers", 0, "activation", i), "expected None or an index") for i in (1, -1, 0.0, False)),
        (put("model", "layers", 0, "activation", None), "its model has an activation that no layer has"),
        (put("model", "activations", None), "its model has the activations None, expected a list"),
        (put("model", "activations", 0, "relu"), "activation 0 is 'relu', expected name, parameters"),
        (activation_with(more=1), "expected name, parameters, provider, version, values"),
        *(
            (activation_with(name=name), "activation 0 has the name")
            for name in (
                "", 5, None, "relu()", "os.system('ls')", "a/b", "/relu", "nnframe/", "nnframe//relu",
                "other/relu", "nnframe/a/b", "relu\n", "r" * 101, "r\u0435lu", ["relu"],
            )
        ),
        *(
            (activation_with(provider=provider), "which is not a distribution or module")
            for provider in ("", 5, None, "--index-url=x", "a b", "a;ls", "$(ls)", "../x", "a\nb", "n" * 101, "https://x.org/y")
        ),
        *(
            (activation_with(version=version), "activation 0 has the version")
            for version in ("", 5, True, "1; ls", "1 2", "-1", "1\n", "1" * 101)
        ),
        *(
            (activation_with(parameters=parameters), "activation 0 has the parameters")
            for parameters in (
                None, [], {"a": {"b": 1}}, {"a": [[1]]}, {"a": {"float": "1"}}, {"a": "x" * 10_001}, {"a-b": 1}, {"":
                1}, {"a" * 101: 1}, {"a": {"kind": "dream", "name": "x", "parameters": {}}}, {"a": {"kind": "loss",
                "name": "a b", "parameters": {}}},
            )
        ),
        (activation_with(parameters={"self": 1}), "relu has no parameter 'self'"),
        (activation_with(parameters={"alpha": 10**99}), "relu has no parameter 'alpha'"),
    ],
)  # fmt: skip
def test_a_file_that_tells_something_else_is_refused(changed, change, sentence):
    assert sentence in changed(change)


@pytest.mark.parametrize(("parameter", "value"), [("turns", 1.5), ("turns", True), ("bend", True), ("flip", 1)])
def test_a_parameter_of_another_type_is_refused(changed, parameter, value):
    def change(manifest, stored):
        manifest["model"]["activations"][0]["parameters"][parameter] = value

    assert f"swirl: parameter {parameter} is {value}, of type" in changed(change, net_with("swirl"))


def test_a_distribution_that_is_missing_is_to_be_installed(changed):
    message = changed(activation_with(name="swish", provider="nnframe-nowhere", version="1.2"))
    assert "it needs the activation 'swish' of nnframe-nowhere 1.2, which is not installed; " in message
    assert message.endswith("pip install nnframe-nowhere, if you trust the source of the file")


def test_a_distribution_that_does_not_give_it_any_more_is_to_be_had_in_its_version(changed, monkeypatch):
    change = activation_with(name="swish", provider="numpy", version="1.2")
    message = changed(change)
    assert f"it needs the activation 'swish' of numpy 1.2, but numpy {np.__version__} doesn't provide it; " in message
    install = "pip install numpy==1.2, if you trust the source of the file"
    assert message.endswith(f"{install}; or change NNFRAME_DISABLE_PLUGINS, which is 'all'")
    monkeypatch.delenv("NNFRAME_DISABLE_PLUGINS")
    assert changed(change).endswith(install)


def test_a_built_in_activation_of_the_future_asks_for_an_upgrade(changed):
    message = changed(activation_with(name="relu2", version="99.0"))
    assert "it needs the activation 'relu2' of nnframe 99.0, " in message
    assert message.endswith("pip install --upgrade nnframe")


def test_no_plugin_can_stand_in_for_a_built_in(tmp_path):
    class Plugin:
        @hookimpl
        def nnframe_activations(self):
            return [Activation("tanh", lambda z: z)]

    with pytest.raises(nnframe.RegistrationError):
        registry.register(Plugin(), name="nnframe")
    net_with("tanh").save(tmp_path / "m.nnf")
    assert nnframe.load(tmp_path / "m.nnf").layersList[0].resolved_activation is registry.get("activation", "tanh")


def test_a_file_from_another_version_of_a_plugin_is_loaded_without_a_word(tmp_path):
    path = tmp_path / "m.nnf"
    net_with("tanh").save(path)
    manifest, stored = read_file(path)
    activation_with(version="0.0.1")(manifest, stored)
    write_file(path, manifest, stored)
    assert nnframe.load(path).layersList[0].activation == "tanh"


def test_a_checkpoint_is_refused_with_what_goes_on_from_it(tmp_path):
    net = nNet.from_sizes([2, 1])
    net.nEpochs(1, pairs(np.eye(2), np.ones((2, 1))), "mse", 0.1, callbacks=[Checkpoint(tmp_path / "c")])
    wanted = r"it is a checkpoint of a training run; Checkpoint\(path\) in callbacks resumes it"
    with pytest.raises(ModelFileError, match=wanted):
        nnframe.load(tmp_path / "c")

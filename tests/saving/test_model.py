"""Nets in files: what is saved comes back, and what can not be saved is refused."""

import copy
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nnframe
from nnframe import (
    Activation,
    ArgumentError,
    ModelFileError,
    ShapeError,
    denseLayer,
    nNet,
    pairs,
    registry,
)
from nnframe.callbacks import Checkpoint
from nnframe.saving.activations import POINTS
from nnframe.saving.files import read_file, read_manifest, write_file
from nnframe.saving.model import describe, rebuild
from nnframe.saving.model_file import require_savable

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import net_with, same_bits, weights_of


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


def test_a_loaded_net_trains_like_the_saved_one(path):
    data = [([[0.5], [1.0]], [[1.0]]), ([[1.5], [-1.0]], [[0.0]])]
    net = net_with("tanh")
    net.save(path)
    loaded = nnframe.load(path)
    assert loaded.nEpochs(3, data, "mse", 0.1).loss == net.nEpochs(3, data, "mse", 0.1).loss
    assert same_bits(weights_of(loaded), weights_of(net))


def test_layers_with_the_same_activation_share_its_entry(path):
    nNet([denseLayer([[1.0]], 0, name) for name in ("tanh", "nnframe/tanh", None, "tanh", "relu")]).save(path)
    model = read_manifest(path)["model"]
    assert [activation["name"] for activation in model["activations"]] == ["tanh", "nnframe/tanh", "relu"]
    assert [layer["activation"] for layer in model["layers"]] == [0, 1, None, 0, 2]


def test_two_activations_of_one_name_are_kept_apart(path):
    ours, theirs = Activation("twice", lambda z: 2 * z), Activation("twice", lambda z: 3 * z)
    with registry.temporarily(ours, name="one"):
        first = denseLayer([[1.0]], 0, "twice")
    with registry.temporarily(theirs, name="two"):
        second = denseLayer([[1.0]], 0, "twice")
    with registry.temporarily(ours, name="one"), registry.temporarily(theirs, name="two"):
        nNet([first, second]).save(path)
        assert nnframe.load(path).forwardPass([[1.0]], return_all_steps=False).item() == 6


def test_a_layer_that_is_used_twice_is_still_one_layer(path):
    inner = denseLayer([[0.5]], 0, "tanh")
    nNet([inner, denseLayer([[2.0]]), inner]).save(path)
    first, second, third = nnframe.load(path).layersList
    assert first is third
    assert first is not second


def test_saving_does_not_change_the_net_and_loading_shares_no_memory(path):
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


def test_the_manifest_has_format_dtype_layers_and_the_origin_of_each_activation(tmp_path):
    net_with("swirl(turns=3)").save(tmp_path / "m.nnf", metadata={"a": 1})
    manifest = read_manifest(tmp_path / "m.nnf")
    assert manifest["format_version"] == 1
    assert manifest["metadata"] == {"a": 1}
    assert manifest["model"] == {
        "dtype": "float64",
        "activations": [
            {
                "name": "swirl", "parameters": {"turns": 3, "bend": 0.5, "flip": False},
                "provider": "saved_nets", "version": None,
                "values": [float(f"{0.5 * math.sin(3 * z):.12g}") for z in POINTS],
            },
        ],
        "layers": [{"activation": 0}, {"activation": None}],
        "sequence": [0, 1],
    }  # fmt: skip


def test_a_file_may_hold_a_model_and_more(tmp_path):
    net = net_with("relu")
    part, described = describe(net.layersList)
    write_file(tmp_path / "more.nnf", {"mine": part}, described | {"more": np.ones(3)})
    manifest, stored = read_file(tmp_path / "more.nnf")
    loaded = nNet(rebuild(manifest["mine"], stored))
    assert same_bits(weights_of(loaded), weights_of(net))


def test_an_activation_that_was_never_registered_is_refused(path, new_bump):
    net = nNet([denseLayer([[1.0]]), denseLayer([[1.0]], 0, new_bump())])
    with pytest.raises(ArgumentError, match=r"layersList\[1\] has the activation 'bump', which is not registered"):
        net.save(path)
    assert not path.exists()


def test_a_provider_name_that_a_file_can_not_hold_is_refused(path, new_bump):
    activation = new_bump()
    with registry.temporarily(activation, name="my stuff!"), pytest.raises(ArgumentError) as caught:
        nNet([denseLayer([[1.0]], 0, activation)]).save(path)
    assert "the activation of layersList[0] is of 'my stuff!', which is not a distribution or module; rename it" in str(
        caught.value
    )


def test_layers_that_no_longer_fit_are_refused(path):
    net = net_with("relu")
    net.layersList.reverse()
    with pytest.raises(ShapeError):
        net.save(path)


def test_a_net_of_more_than_10_000_layers_can_not_be_saved(path):
    with pytest.raises(ArgumentError, match="layersList has 10,001 layers; expected at most 10,000 in a file"):
        nNet([denseLayer([[1.0]])] * 10_001).save(path)


def test_whether_a_net_can_be_saved_is_known_before_training(tmp_path, new_bump):
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


def test_a_missing_folder_is_reported_by_save(path):
    with pytest.raises(ModelFileError, match="can't be written: "):
        net_with("relu").save(path.parent / "missing" / path.name)


def test_a_checkpoint_is_refused_with_how_to_resume_it(tmp_path):
    net = nNet.from_sizes([2, 1])
    net.nEpochs(1, pairs(np.eye(2), np.ones((2, 1))), "mse", 0.1, callbacks=[Checkpoint(tmp_path / "c")])
    wanted = r"it is a checkpoint of a training run; Checkpoint\(path\) in callbacks resumes it"
    with pytest.raises(ModelFileError, match=wanted):
        nnframe.load(tmp_path / "c")

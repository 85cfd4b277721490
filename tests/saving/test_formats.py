"""File formats as plugins: a stranger's format in place of ours, chosen by the suffix."""

import json

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, Format, ModelFileError, NameConflictError, PluginError, nNet, registry
from nnframe.registry import known
from nnframe.saving.files import read_manifest
from nnframe.testing import parametrize_plugin_checks, run_checks


def write_npz(path, manifest, arrays):
    text = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez(file, manifest=text, **{f"array:{name}": array for name, array in arrays.items()})


def read_npz(path):
    # np.load leaves a damaged file open that it opened itself.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name.removeprefix("array:"): file[name] for name in file.files if name != "manifest"}
        return json.loads(file["manifest"].tobytes()), arrays


def npz_format(name="zipped", suffixes=(".zipped", ".zip2"), **changes):
    functions = {"write": write_npz, "read": read_npz, "read_manifest": lambda path: read_npz(path)[0]} | changes
    return Format(name, **functions, suffixes=suffixes, doc="numpy's .npz. Source: numpy.savez")


def a_net():
    return nNet.from_sizes([2, 3, 1], ["tanh", "sigmoid"])


@parametrize_plugin_checks("nnframe/nnf", "nnframe/safetensors", npz_format())
def test_it_keeps_its_contract(check):
    check()


@pytest.mark.parametrize("name", ["m.zipped", "m.ZIP2"])
def test_a_format_is_chosen_by_its_suffix(tmp_path, name):
    with registry.temporarily(npz_format()):
        a_net().save(tmp_path / name, metadata={"a": np.ones(3)})
        loaded, metadata = nnframe.load_with_metadata(tmp_path / name)
        assert read_manifest(tmp_path / name)["model"]["sequence"] == [0, 1]
    assert (tmp_path / name).read_bytes()[:2] == b"PK"
    np.testing.assert_array_equal(loaded.layersList[0].linear, a_net().layersList[0].linear)
    np.testing.assert_array_equal(metadata["a"], np.ones(3))


def test_a_path_without_a_suffix_is_written_as_nnf(tmp_path):
    a_net().save(tmp_path / "m")
    (tmp_path / "m").rename(tmp_path / "m.nnf")
    assert nnframe.load(tmp_path / "m.nnf").n_parameters == 13


@pytest.mark.parametrize("name", ["m.onxx", "m.v2", "m.a b", "m.é"])
def test_a_suffix_that_no_format_has_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(ArgumentError, match=r"no installed format has the suffix .*; end the name in \.nnf or"):
        a_net().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_a_suffix_that_no_format_has_is_read_as_ours(tmp_path):
    a_net().save(tmp_path / "m.nnf")
    (tmp_path / "m.nnf").rename(tmp_path / "m.nnf.bak")
    assert nnframe.load(tmp_path / "m.nnf.bak").n_parameters == 13


def test_a_suffix_that_is_known_but_not_installed_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(known.PROVIDED, "nnframe-exchange", {"format": (".onnx",)})
    with pytest.raises(ArgumentError, match="nnframe-exchange has it: pip install nnframe-exchange"):
        a_net().save(tmp_path / "m.onnx")
    with pytest.raises(ModelFileError, match="there is no such file"):
        nnframe.load(tmp_path / "m.onnx")
    (tmp_path / "m.onnx").write_bytes(b"some")
    with pytest.raises(ModelFileError, match="nnframe-exchange has it: pip install nnframe-exchange"):
        nnframe.load(tmp_path / "m.onnx")


def test_two_formats_of_one_suffix_are_a_conflict(tmp_path):
    one, two = npz_format(), npz_format("other")
    with (
        registry.temporarily(one, name="one"),
        registry.temporarily(two, name="two"),
        pytest.raises(NameConflictError, match="several plugins provide the format"),
    ):
        a_net().save(tmp_path / "m.zip2")


def test_nobody_can_take_the_suffix_of_a_built_in_format(tmp_path):
    with registry.temporarily(npz_format("mine", (".nnf",))):
        a_net().save(tmp_path / "m.nnf")
    assert (tmp_path / "m.nnf").read_bytes()[:2] != b"PK"


def test_a_format_that_fails_to_write_is_blamed_and_leaves_the_old_file(tmp_path):
    (tmp_path / "m.zipped").write_bytes(b"old")
    broken = npz_format(write=lambda path, manifest, arrays: 1 / 0)
    sentence = r"format 'zipped' of some_module .*, write: raised ZeroDivisionError"
    with registry.temporarily(broken, name="some_module"), pytest.raises(PluginError, match=sentence):
        a_net().save(tmp_path / "m.zipped")
    assert [each.name for each in tmp_path.iterdir()] == ["m.zipped"]
    assert (tmp_path / "m.zipped").read_bytes() == b"old"


def test_any_exception_of_a_format_for_a_damaged_file_becomes_a_model_file_error(tmp_path):
    (tmp_path / "m.zipped").write_bytes(b"PK damaged")
    with registry.temporarily(npz_format(), name="some_module"), pytest.raises(ModelFileError) as caught:
        nnframe.load(tmp_path / "m.zipped")
    assert "the format zipped of some_module (registered in code) can't read it (" in str(caught.value)


class Odd:
    """Something that is neither JSON nor an array."""


@pytest.mark.parametrize(
    "read",
    [
        lambda path: None,
        lambda path: ({}, {}, {}),
        lambda path: ([], {}),
        lambda path: ({}, []),
        lambda path: ({}, {"x": [1.0]}),
        lambda path: ({**read_npz(path)[0], "more": Odd()}, read_npz(path)[1]),
        lambda path: ({**read_npz(path)[0], "more": {1: 2}}, read_npz(path)[1]),
        lambda path: ({**read_npz(path)[0], "more": float("nan")}, read_npz(path)[1]),
        lambda path: (read_npz(path)[0], read_npz(path)[1] | {"x": np.array([None])}),
    ],
)
def test_whatever_a_format_reads_is_checked(tmp_path, read):
    with registry.temporarily(npz_format(read=read)):
        a_net().save(tmp_path / "m.zipped")
        with pytest.raises(ModelFileError):
            nnframe.load(tmp_path / "m.zipped")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"read": lambda path: ({}, {})}, "its manifest doesn't say that its format is 'nnframe'"),
        ({"read": lambda path: (read_npz(path)[0], {})}, "its arrays are not those that its manifest lists"),
        ({"read": lambda path: 1 / 0}, "ZeroDivisionError"),
        ({"read_manifest": lambda path: {}}, "read_manifest returned {}"),
        ({"write": lambda path, manifest, arrays: None}, "is refused"),
    ],
)
def test_the_kit_finds_what_is_wrong_with_a_format(change, sentence):
    failures = [result.message for result in run_checks(npz_format(**change)) if result.outcome == "failed"]
    assert any(sentence in message for message in failures), failures


@pytest.mark.parametrize("suffixes", [(), ("onnx",), (".ONNX",), [".onnx"], ".onnx", (".a.b",), (1,)])
def test_malformed_suffixes_are_refused(suffixes):
    with pytest.raises(ArgumentError, match="suffixes of format 'zipped' is"):
        npz_format(suffixes=suffixes)

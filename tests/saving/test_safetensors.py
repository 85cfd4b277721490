"""Files of safetensors: what other libraries make of them, and what is refused."""

import json
import struct
import sys

import numpy as np
import pytest

import nnframe
from nnframe import MissingDependencyError, ModelFileError, denseLayer, nNet

safetensors = pytest.importorskip("safetensors.numpy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.safetensors"


@pytest.fixture
def saved(path):
    nNet([denseLayer([[1.0, 2.0]], 0.5, "relu")]).save(path, notes={"a": 1})
    return path


def taken_apart(path):
    """Return the header and the numbers of a file, as the format's description has them."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def put_together(path, header, numbers):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)


def refused(path):
    with pytest.raises(ModelFileError) as caught:
        nnframe.load(path)
    assert str(caught.value).startswith(f"{path} can't be loaded: ")
    return str(caught.value)


def test_safetensors_itself_reads_the_arrays(saved):
    read = safetensors.load_file(saved)
    assert sorted(read) == ["layers/0/bias", "layers/0/linear"]
    np.testing.assert_array_equal(read["layers/0/linear"], [[1.0, 2.0]])


def test_the_manifest_stands_in_the_metadata(saved):
    header, _ = taken_apart(saved)
    manifest = json.loads(header["__metadata__"]["nnframe"])
    assert manifest["model"]["layers"][0]["activation"]["name"] == "relu"
    assert manifest["notes"] == {"a": 1}


def test_a_name_in_capitals_means_the_same(tmp_path):
    nNet([denseLayer([[1.0]])]).save(tmp_path / "M.SAFETENSORS")
    assert taken_apart(tmp_path / "M.SAFETENSORS")[0]["layers/0/bias"]["shape"] == [1, 1]


def test_a_file_of_safetensors_that_another_program_wrote_is_refused(path):
    safetensors.save_file({"x": np.ones(3)}, path)
    assert "its metadata has no manifest of nnframe; wanted a file that nnframe saved" in refused(path)
    safetensors.save_file({"x": np.ones(3)}, path, {"format": "pt"})
    assert "its metadata has no manifest of nnframe" in refused(path)


def test_an_archive_of_that_name_is_refused(tmp_path, path):
    nNet([denseLayer([[1.0]])]).save(tmp_path / "m.nnf")
    (tmp_path / "m.nnf").rename(path)
    assert "it is no file of safetensors" in refused(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path, path):
    assert "there is no such file" in refused(path)
    (tmp_path / "folder.safetensors").mkdir()
    assert "it is a folder or a device" in refused(tmp_path / "folder.safetensors")


def test_every_truncation_is_refused(saved):
    content = saved.read_bytes()
    for length in range(len(content)):
        saved.write_bytes(content[:length])
        refused(saved)


def test_every_changed_bit_of_the_numbers_is_refused(saved):
    header, numbers = taken_apart(saved)
    for place in range(8 * len(numbers)):
        changed = bytearray(numbers)
        changed[place // 8] ^= 1 << place % 8
        put_together(saved, header, bytes(changed))
        assert "its check sum is wrong" in refused(saved)


def test_a_missing_check_sum_is_refused(saved):
    header, numbers = taken_apart(saved)
    del header["__metadata__"]["nnframe_crc32"]
    put_together(saved, header, numbers)
    assert "its check sum is wrong" in refused(saved)


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": NaN}', "[" * 10_000, "{}", '{"format": "nnframe", "format_version": 1}']
)
def test_a_manifest_of_another_form_is_refused(saved, text):
    header, numbers = taken_apart(saved)
    header["__metadata__"]["nnframe"] = text
    put_together(saved, header, numbers)
    assert "its manifest" in refused(saved) or "its nnframe_version" in refused(saved)


def changed(name, **changes):
    return lambda header: header[name].update(changes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda header: header.update(x=header.pop("layers/0/bias")), "its arrays are not those that its manifest"),
        (changed("layers/0/bias", dtype="I64"), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/bias", dtype="F16", shape=[4]), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/bias", dtype="BOOL", shape=[8]), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/bias", dtype="F8_E4M3", shape=[8]), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/bias", shape=[1]), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/linear", shape=[2, 1]), "array 'layers/0/linear' is not what its manifest says"),
        (changed("layers/0/linear", shape=[2**40, 2**40]), "it is no file of safetensors"),
        (changed("layers/0/bias", data_offsets=[8, 16]), "it is no file of safetensors"),
    ],
)
def test_arrays_that_are_not_what_the_manifest_says_are_refused(saved, change, sentence):
    header, numbers = taken_apart(saved)
    change(header)
    put_together(saved, header, numbers)
    assert sentence in refused(saved)


def test_a_failure_to_write_leaves_the_old_file(saved, monkeypatch):
    def fail(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    before = saved.read_bytes()
    monkeypatch.setattr(safetensors, "save_file", fail)
    with pytest.raises(ModelFileError, match="No space left on device; the file that was there is as it was"):
        nNet([denseLayer([[1.0]])]).save(saved)
    assert saved.read_bytes() == before
    assert [each.name for each in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize("action", [lambda path: nNet([denseLayer([[1.0]])]).save(path), nnframe.load])
def test_without_the_library_there_is_a_command_that_installs_it(path, monkeypatch, action):
    path.write_bytes(b"something")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "nnframe\[safetensors\]"'):
        action(path)
    assert path.read_bytes() == b"something"


def test_a_manifest_that_is_too_long_is_refused_unread(saved, monkeypatch):
    size = len(taken_apart(saved)[0]["__metadata__"]["nnframe"].encode())
    monkeypatch.setattr("nnframe.saving.safetensors_file.MOST_BYTES", size)
    nnframe.load(saved)
    monkeypatch.setattr("nnframe.saving.safetensors_file.MOST_BYTES", size - 1)
    with pytest.raises(ModelFileError, match=f"its manifest has {size} bytes, and can have {size - 1}"):
        nnframe.load(saved)

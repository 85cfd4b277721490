"""The safetensors format: what the library makes of our files, what we make of its files, and what is refused."""

import json
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import nnframe
from nnframe import ModelFileError, denseLayer, nNet
from nnframe.saving.files import read_file, write_file

safetensors = pytest.importorskip("safetensors.numpy")
safe_open = pytest.importorskip("safetensors").safe_open

DTYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.safetensors"


@pytest.fixture
def saved(path):
    nNet([denseLayer([[1.0, 2.0]], 0.5, "relu")]).save(path, metadata={"a": 1})
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


some_arrays = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}(/[A-Za-z0-9_]{1,9})?", fullmatch=True),
    st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0))),
    max_size=5,
)


@settings(deadline=None, max_examples=50)
@given(some_arrays)
def test_the_library_reads_what_we_write(tmp_path_factory, arrays):
    path = tmp_path_factory.getbasetemp() / "law.safetensors"
    write_file(path, {"a": "é"}, arrays)
    read = safetensors.load_file(path)
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (read[name].dtype, read[name].shape, read[name].tobytes()) == (array.dtype, array.shape, array.tobytes())
    with safe_open(path, framework="numpy") as file:
        assert json.loads(file.metadata()["nnframe"])["a"] == "é"


@settings(deadline=None, max_examples=50)
@given(some_arrays)
def test_we_read_what_the_library_saved_again(tmp_path_factory, arrays):
    path = tmp_path_factory.getbasetemp() / "again.safetensors"
    write_file(path, {"a": "é"}, arrays)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    safetensors.save_file(safetensors.load_file(path), path, metadata)
    manifest, read = read_file(path)
    assert manifest == {"a": "é"}
    for name, array in arrays.items():
        assert (read[name].dtype, read[name].shape, read[name].tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_numbers_of_every_width_are_aligned(path):
    write_file(path, {}, {"a": np.ones(3, np.uint8), "b": np.ones(1), "c": np.ones(5, np.int16)})
    header, _ = taken_apart(path)
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    assert length % 8 == 0
    assert [header[name]["data_offsets"][0] for name in "bca"] == [0, 8, 18]


def test_both_suffixes_have_the_same_bytes(tmp_path):
    net = nNet([denseLayer([[1.0, 2.0]], 0.5, "relu")])
    net.save(tmp_path / "m.nnf")
    net.save(tmp_path / "m.safetensors")
    assert (tmp_path / "m.nnf").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_the_manifest_is_in_the_metadata(saved):
    header, _ = taken_apart(saved)
    manifest = json.loads(header["__metadata__"]["nnframe"])
    assert manifest["model"]["activations"][0]["name"] == "relu"
    assert manifest["metadata"] == {"a": 1}


def test_a_suffix_in_capitals_means_the_same(tmp_path):
    nNet([denseLayer([[1.0]])]).save(tmp_path / "M.SAFETENSORS")
    assert nnframe.load(tmp_path / "M.SAFETENSORS").n_parameters == 2


def test_a_file_that_another_program_wrote_is_refused(path):
    safetensors.save_file({"x": np.ones(3)}, path)
    assert "it has no manifest of nnframe in its metadata; expected a file written by nnframe" in refused(path)
    safetensors.save_file({"x": np.ones(3)}, path, {"format": "pt"})
    assert "it has no manifest of nnframe in its metadata" in refused(path)


def test_every_changed_bit_of_the_numbers_is_refused(saved):
    header, numbers = taken_apart(saved)
    for place in range(8 * len(numbers)):
        changed = bytearray(numbers)
        changed[place // 8] ^= 1 << place % 8
        put_together(saved, header, bytes(changed))
        assert "its checksum is wrong" in refused(saved)


def changed(name, **changes):
    return lambda header: header[name].update(changes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda header: header.update(x=header.pop("layers/0/bias")), "its arrays are not those that its manifest"),
        (changed("layers/0/bias", dtype="I64"), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/bias", dtype="F16", shape=[4]), "array 'layers/0/bias' has the dtype 'F16', expected one"),
        (changed("layers/0/bias", dtype="BOOL", shape=[8]), "array 'layers/0/bias' has the dtype 'BOOL'"),
        (changed("layers/0/bias", dtype=None), "array 'layers/0/bias' has the dtype None"),
        (changed("layers/0/bias", shape=[1]), "array 'layers/0/bias' is not what its manifest says"),
        (changed("layers/0/linear", shape=[2, 1]), "array 'layers/0/linear' is not what its manifest says"),
        (
            changed("layers/0/linear", shape=[2**40, 2**40]),
            "has the shape [1099511627776, 1099511627776], which is imp",
        ),
        (changed("layers/0/linear", shape=[-1, -2]), "has the shape [-1, -2], which is impossible"),
        (
            changed("layers/0/linear", shape=[2**20, 2**20]),
            "has the data_offsets [0, 16], expected 8796093022208 bytes",
        ),
        (changed("layers/0/bias", data_offsets=[8, 16]), "array 'layers/0/bias' begins at byte 8, expected 16"),
        (changed("layers/0/bias", data_offsets=[16, 25]), "has the data_offsets [16, 25], expected 8 bytes"),
        (changed("layers/0/bias", data_offsets=[True, 9]), "has the data_offsets [True, 9]"),
        (changed("layers/0/bias", data_offsets=[16]), "has the data_offsets [16]"),
        (changed("layers/0/bias", data_offsets="16"), "has the data_offsets '16'"),
        (changed("layers/0/bias", more=1), "expected dtype, shape and data_offsets"),
        (lambda header: header.pop("layers/0/bias"), "it is too long: it has"),
        (lambda header: header.update({"__metadata__": [1]}), "its metadata is [1], expected texts by name"),
        (lambda header: header["__metadata__"].update(more=1), "expected texts by name"),
        (lambda header: header.pop("__metadata__"), "it has no manifest of nnframe in its metadata"),
    ],
)
def test_a_header_that_says_something_else_is_refused(saved, change, sentence):
    header, numbers = taken_apart(saved)
    change(header)
    put_together(saved, header, numbers)
    assert sentence in refused(saved)


@pytest.mark.parametrize("length", [0, 1, 100_000_001, 2**31, 2**63, 2**64 - 1])
def test_a_length_of_the_header_that_is_wrong_is_refused(saved, length):
    saved.write_bytes(struct.pack("<Q", length) + saved.read_bytes()[8:])
    assert "begin as a safetensors file does" in refused(saved) or "valid JSON" in refused(saved)


def test_a_header_longer_than_the_file_takes_no_memory(saved):
    saved.write_bytes(struct.pack("<Q", 99_000_000) + saved.read_bytes()[8:])
    tracemalloc.start()
    try:
        assert "it is cut short: its header has 99,000,000 bytes, but the file has" in refused(saved)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_becomes_shorter_while_it_is_read_is_refused(path, monkeypatch):
    # Longer than what is read ahead.
    nNet([denseLayer(np.ones((300, 300)))]).save(path)
    real = np.empty

    def empty(*arguments, **keywords):
        with path.open("rb+") as file:
            file.truncate(100_000)
        return real(*arguments, **keywords)

    monkeypatch.setattr(np, "empty", empty)
    assert "it became shorter while array" in refused(path)

"""Files: a manifest and arrays, written whole or not at all and read without trust."""

import errno
import io
import json
import math
import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnframe import ArgumentError, ArgumentTypeError, ModelFileError
from nnframe.saving.files import read_file, read_manifest, write_file

DTYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**99), 10**99) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip
manifests = st.dictionaries(st.text().map("_".__add__), json_values, max_size=4)
names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}){0,2}", fullmatch=True)
some_arrays = st.dictionaries(
    names,
    st.sampled_from(DTYPES).flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0))),
    max_size=4,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.nnf"


@pytest.fixture
def written(path):
    """Return a good file."""
    write_file(path, {"a": [1, 2.5]}, {"x": np.arange(6.0).reshape(2, 3), "y/z": np.array(7, np.int64)})
    return path


def same_bits(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@settings(deadline=None)
@given(manifests, some_arrays)
def test_what_was_written_is_read_bit_for_bit(tmp_path_factory, manifest, arrays):
    path = tmp_path_factory.getbasetemp() / "law.nnf"
    write_file(path, manifest, arrays)
    manifest_read, arrays_read = read_file(path)
    assert json.dumps(manifest_read) == json.dumps(manifest)
    assert arrays_read.keys() == arrays.keys()
    assert all(same_bits(arrays_read[name], arrays[name]) for name in arrays)


@settings(deadline=None)
@given(manifests, some_arrays)
def test_the_manifest_of_a_file_lists_its_arrays(tmp_path_factory, manifest, arrays):
    path = tmp_path_factory.getbasetemp() / "law.nnf"
    write_file(path, manifest, arrays)
    read = read_manifest(path)
    assert [read["format"], read["format_version"]] == ["nnframe", 1]
    assert {key: read[key] for key in manifest} == manifest
    assert read["arrays"] == [
        {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)} for name, array in arrays.items()
    ]


def test_every_byte_order_and_layout_is_stored_as_its_numbers(path):
    given = np.arange(6, dtype=">f4").reshape(2, 3)
    write_file(path, {}, {"big": given, "columns": np.asfortranarray(given), "every_other": given[:, ::2]})
    _, read = read_file(path)
    assert {array.dtype for array in read.values()} == {np.dtype("=f4")}
    for name, array in {"big": given, "columns": given, "every_other": given[:, ::2]}.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].flags.c_contiguous
        assert read[name].flags.writeable


def test_numbers_that_are_not_finite_are_kept(path):
    odd = np.array([math.nan, math.inf, -0.0, 5e-324, -math.nan])
    write_file(path, {}, {"odd": odd})
    assert same_bits(read_file(path)[1]["odd"], odd)


def test_equal_contents_make_equal_files(tmp_path):
    for name in ("one", "two"):
        write_file(tmp_path / name, {"a": 1}, {"x": np.ones(3)})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_path_may_be_text(path):
    write_file(str(path), {"a": 1}, {})
    assert read_file(str(path)) == ({"a": 1}, {})


@pytest.mark.parametrize(
    ("manifest", "error", "sentence"),
    [
        (
            {"a": (1, 2)},
            ArgumentTypeError,
            "manifest['a'] is (1, 2), of type tuple; expected None, a bool, int, float, str or numpy array, or",
        ),
        ({"a": {1: 2}}, ArgumentTypeError, "manifest['a'] has the key 1, of type int; expected a str"),
        ({"a": [0.0, math.nan]}, ArgumentError, "manifest['a'][1] is nan; expected a finite number"),
        ({"a": np.float64(1)}, ArgumentTypeError, "manifest['a'] is np.float64(1.0), of type float64"),
        ({"a": 10**100}, ArgumentError, "manifest['a'] has more than 100 digits"),
        ({"a": "\ud800"}, ArgumentError, "half of a surrogate pair"),
        ({"\udfff": 1}, ArgumentError, "half of a surrogate pair"),
        ({"arrays": 1}, ArgumentError, "manifest has the key 'arrays'"),
        ({"a": "x" * 2**26}, ArgumentError, "bytes, expected at most 67,108,864"),
    ],
)
def test_a_manifest_that_json_would_not_give_back_is_refused(path, manifest, error, sentence):
    with pytest.raises(error) as caught:
        write_file(path, manifest, {})
    assert sentence in str(caught.value)
    assert not path.exists()


def test_a_manifest_that_holds_itself_is_refused(path):
    loop = []
    loop.append(loop)
    with pytest.raises(ArgumentError, match="nested more than 32 levels deep"):
        write_file(path, {"a": loop}, {})


@pytest.mark.parametrize(
    ("name", "array", "error", "sentence"),
    [
        ("x", np.array([None]), ArgumentTypeError, "arrays['x'] has dtype object"),
        ("x", np.array(["a"]), ArgumentTypeError, "arrays['x'] has dtype <U1"),
        ("x", np.array([True]), ArgumentTypeError, "arrays['x'] has dtype bool"),
        ("x", np.array([1j]), ArgumentTypeError, "arrays['x'] has dtype complex128"),
        ("x", np.zeros(1, "f4,f4"), ArgumentTypeError, "arrays['x'] has dtype"),
        ("x", [1.0], ArgumentTypeError, "arrays['x'] is [1.0], of type list; expected a numpy array"),
        ("x", np.zeros((1,) * 9), ArgumentError, "arrays['x'] has 9 dimensions"),
        *(
            (name, np.ones(1), ArgumentError, "arrays has the name")
            for name in ("", ".", "..", "../x", "/x", "x/", "a//b", "a/../b", "a\\b", "é", "a b", "x\n", 5, "n" * 201)
        ),
    ],
)
def test_an_array_that_can_not_be_stored_is_refused(path, name, array, error, sentence):
    with pytest.raises(error) as caught:
        write_file(path, {}, {name: array})
    assert sentence in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize("path", [None, 5, b"m.nnf", io.BytesIO()])
def test_something_that_is_no_path_is_refused(path):
    for function in (lambda: write_file(path, {}, {}), lambda: read_file(path), lambda: read_manifest(path)):
        with pytest.raises(ArgumentTypeError, match=r"path is .*; expected a str or pathlib\.Path"):
            function()


# Writing.


def failing(monkeypatch, name, error):
    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr(os, name, fail)


def test_a_file_is_replaced(written):
    write_file(written, {"b": 2}, {})
    assert read_file(written) == ({"b": 2}, {})
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_on_the_way_leaves_the_old_file_and_nothing_else(written, monkeypatch, error):
    before = written.read_bytes()
    failing(monkeypatch, "fsync", error)
    with pytest.raises(ModelFileError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write_file(written, {"b": 2}, {})
    assert written.read_bytes() == before
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]
    if isinstance(error, OSError):
        assert str(written) in str(caught.value)
        assert "No space left on device; the existing file is unchanged" in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(path, monkeypatch):
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: opened(Path("/dev/full"), mode))
    with pytest.raises(ModelFileError, match="No space left on device; nothing was written"):
        write_file(path, {}, {"x": np.ones(10_000)})


def test_a_folder_that_is_missing_is_said(tmp_path):
    with pytest.raises(ModelFileError) as caught:
        write_file(tmp_path / "missing" / "m.nnf", {}, {})
    assert str(tmp_path / "missing" / "m.nnf") in str(caught.value)
    assert "No such file or directory; nothing was written: choose a folder that exists" in str(caught.value)


def test_a_name_that_is_too_long_is_said(tmp_path):
    with pytest.raises(ModelFileError, match="nothing was written"):
        write_file(tmp_path / ("n" * 300), {}, {})


def test_a_folder_is_not_overwritten(tmp_path):
    with pytest.raises(ModelFileError, match="it is a folder"):
        write_file(tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_file_keeps_its_rights_and_a_new_one_has_the_usual(path):
    path.write_text("")
    usual = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    write_file(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == usual
    path.chmod(0o600)
    write_file(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path, written):
    link = tmp_path / "link.nnf"
    link.symlink_to(written)
    write_file(link, {"b": 2}, {})
    assert link.is_symlink()
    assert read_file(written) == ({"b": 2}, {})


# Reading.


def refused(path, content=None):
    """Return why a file, or a content, is refused."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path} can't be loaded: ")
    return message


def as_written(path, text, header=None):
    """Write a file whose manifest is any text, and whose header is right."""
    data = text.encode() if isinstance(text, str) else text
    head = json.dumps(
        {"__metadata__": {}, ".nnframe": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}
    )
    path.write_bytes(struct.pack("<Q", len(head)) + head.encode() + data)
    return path


def with_arrays(path, *listed):
    manifest = {"format": "nnframe", "format_version": 1, "nnframe_version": "1", "arrays": list(listed)}
    return as_written(path, json.dumps(manifest))


def test_a_missing_file_is_said(path):
    assert "there is no such file" in refused(path)


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    assert "it is a folder, a pipe or a device" in refused(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "it is a folder, a pipe or a device" in refused(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_said(written, monkeypatch):
    def denied(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert "Permission denied; check the path and the permissions" in refused(written)


def test_other_files_are_refused_as_foreign(path):
    np.savez(path.with_suffix(".npz"), x=np.ones(3))
    contents = [b"", b"PK", b"hello" * 100, path.with_suffix(".npz").read_bytes(), struct.pack("<Q", 4) + b"text"]
    for content in contents:
        assert "it doesn't begin as a safetensors file does; expected a file written by nnframe" in refused(
            path, content
        )


def test_every_truncation_is_refused(written):
    content = written.read_bytes()
    for length in range(len(content)):
        refused(written, content[:length])


def test_every_changed_bit_is_refused_or_changes_nothing(written):
    content, good = written.read_bytes(), read_file(written)
    harmless = 0
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            written.write_bytes(changed)
            try:
                manifest, arrays = read_file(written)
            except ModelFileError:
                continue
            # A blank that becomes another kind of blank.
            harmless += 1
            assert manifest == good[0]
            assert all(same_bits(array, good[1][name]) for name, array in arrays.items())
    assert harmless <= 30


@pytest.mark.parametrize("more", [b"\0", b"\n", b"PK\5\6" + bytes(18)])
def test_trailing_data_is_refused(written, more):
    assert "it is too long" in refused(written, written.read_bytes() + more)


def test_data_before_the_file_is_refused(written):
    assert "doesn't begin" in refused(written, b"#!/bin/sh\n" + written.read_bytes())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        (b"\xff\xfe{\0}\0", "is not valid JSON"),
        ("\ufeff{}", "is not valid JSON"),
        ("{} {}", "is not valid JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"a": 1e999}', "it['a'] is inf"),
        ('{"a": ' + "9" * 101 + "}", "has more than 100 digits"),
        ('{"a": ' + "9" * 100_000 + "}", "a number has more than 100 digits"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"a": 1, "a": 2}', "a key occurs twice"),
        ('{"a": ' + "[" * 33 + "]" * 33 + "}", "is nested more than 32"),
        ('{"a": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}", "is not valid JSON"),
        ('{"a":' * 1_000_000, "is not valid JSON"),
        ("[]", "its manifest is [], expected a JSON object"),
        ("{}", "doesn't say that its format is 'nnframe'"),
        ('{"format": "other"}', "doesn't say that its format is 'nnframe'"),
        ('{"format": "nnframe"}', "its format_version is None"),
        ('{"format": "nnframe", "format_version": true}', "its format_version is True"),
        ('{"format": "nnframe", "format_version": 1.0}', "its format_version is 1.0"),
        ('{"format": "nnframe", "format_version": 1}', "its nnframe_version is None"),
        ('{"format": "nnframe", "format_version": 1, "nnframe_version": "; ls"}', "its nnframe_version is '; ls'"),
        ('{"format": "nnframe", "format_version": 0}', "its format_version is 0"),
        ('{"format": "nnframe", "format_version": 1, "nnframe_version": "1"}', "no list of arrays"),
        ('{"format": "nnframe", "format_version": 1, "nnframe_version": "1", "arrays": {}}', "no list of arrays"),
        (b" " * (2**26 + 1), "its manifest has 67,108,865 bytes, expected at most 67,108,864"),
        ("[" + "0," * 4_000_000 + "0]", "its manifest has 4,000,001 values, expected at most 4,000,000"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_manifest_of_another_form_is_refused(path, text, sentence):
    assert sentence in refused(as_written(path, text))


def test_a_newer_format_asks_for_an_upgrade(path):
    text = '{"format": "nnframe", "format_version": 2, "nnframe_version": "3.4", "layers": 5}'
    message = refused(as_written(path, text))
    assert "it has version 2 of the format" in message
    assert "saved by nnframe '3.4'" in message
    assert message.endswith("pip install --upgrade nnframe")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        *(
            ({"name": name}, "lists an array of the name")
            for name in ("", "..", "../x", "/etc/x", "C:\\x", "a\0b", "a\n", 5, None, ["x"], "n" * 201)
        ),
        *(
            ({"dtype": dtype}, "has the dtype")
            for dtype in (
                "object",
                "O",
                "|O8",
                "float16",
                ">f8",
                "<f8",
                "f8",
                "V8",
                "U1",
                "f4,f4",
                None,
                8,
                ["float64"],
            )
        ),
        *(
            ({"shape": shape}, "has the shape")
            for shape in (None, 3, "3", [-1], [True], [1.0], [[1]], [1] * 9, [2**63], [2**40, 2**40], [0, 2**63], {})
        ),
        ({"more": 1}, "expected name, dtype and shape"),
    ],
)
def test_an_array_that_no_file_can_have_is_refused(path, changes, sentence):
    listed = {"name": "x", "dtype": "float64", "shape": [1]} | changes
    assert sentence in refused(with_arrays(path, listed))


@pytest.mark.parametrize("item", [None, "x", [], {}, {"name": "x"}])
def test_a_list_of_something_else_than_arrays_is_refused(path, item):
    assert "expected name, dtype and shape" in refused(with_arrays(path, item))


def test_two_arrays_of_one_name_are_refused(path):
    listed = {"name": "x", "dtype": "float64", "shape": [1]}
    assert "two arrays of the same name" in refused(with_arrays(path, listed, listed))


@pytest.mark.parametrize("shape", [[2**50], [2**20, 2**20], [2**58], [10**9]])
def test_a_declared_size_is_compared_with_the_file_before_memory_is_taken(path, shape):
    # None of these would fit into any memory.
    size = 8 * math.prod(shape)
    head = json.dumps(
        {"__metadata__": {"nnframe": "{}"}, "x": {"dtype": "F64", "shape": shape, "data_offsets": [0, size]}}
    )
    assert "it is cut short" in refused(path, struct.pack("<Q", len(head)) + head.encode())


def test_an_array_that_does_not_fit_into_memory_is_said(written, monkeypatch):
    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr(np, "empty", full)
    assert "doesn't fit into memory" in refused(written)


def test_the_file_is_flushed_and_then_the_folder_that_it_was_moved_into(written, monkeypatch):
    flushed = []

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append((is_folder, read_file(written)[0] == {"b": 2}))

    monkeypatch.setattr(os, "fsync", fsync)
    write_file(written, {"b": 2}, {})
    assert flushed == [(False, False), (True, True)]


def test_a_long_manifest_is_stored_as_an_array_that_the_library_can_read_past(path):
    safetensors = pytest.importorskip("safetensors.numpy")
    columns = [{"kind": "numeric", "name": f"column {i}", "mean": i / 7, "fill": None} for i in range(30_000)]
    write_file(path, {"columns": columns}, {"x": np.ones(3)})
    manifest, arrays = read_file(path)
    assert (manifest, list(arrays)) == ({"columns": columns}, ["x"])
    assert read_manifest(path)["columns"] == columns
    np.testing.assert_array_equal(safetensors.load_file(path)["x"], np.ones(3))

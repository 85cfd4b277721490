"""Archives: a manifest and arrays in one file."""

import errno
import io
import json
import math
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnframe import ArgumentError, ArgumentTypeError, ModelFileError
from nnframe.saving.archive import read_archive, read_document, write_archive

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
    """Return an archive that is as it should be."""
    write_archive(path, {"a": [1, 2.5]}, {"x": np.arange(6.0).reshape(2, 3), "y/z": np.array(7, np.int64)})
    return path


def same_bits(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@settings(deadline=None)
@given(manifests, some_arrays)
def test_what_was_written_is_read_bit_for_bit(tmp_path_factory, manifest, arrays):
    path = tmp_path_factory.getbasetemp() / "law.nnf"
    write_archive(path, manifest, arrays)
    manifest_read, arrays_read = read_archive(path)
    assert json.dumps(manifest_read) == json.dumps(manifest)
    assert list(arrays_read) == list(arrays)
    assert all(same_bits(arrays_read[name], arrays[name]) for name in arrays)


@settings(deadline=None)
@given(manifests, some_arrays)
def test_the_document_of_a_file_lists_its_arrays(tmp_path_factory, manifest, arrays):
    path = tmp_path_factory.getbasetemp() / "law.nnf"
    write_archive(path, manifest, arrays)
    document = read_document(path)
    assert [document["format"], document["format_version"]] == ["nnframe", 1]
    assert {key: document[key] for key in manifest} == manifest
    assert document["arrays"] == [
        {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)} for name, array in arrays.items()
    ]


def test_numpy_and_zipfile_read_the_file(written):
    with np.load(written, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["x"], [[0, 1, 2], [3, 4, 5]])
        assert (file["y/z"].dtype, file["y/z"].shape, file["y/z"].item()) == (np.int64, (), 7)
    with zipfile.ZipFile(written) as file:
        assert file.testzip() is None
        assert file.namelist() == ["manifest.json", "x.npy", "y/z.npy"]
        assert all(member.compress_type == zipfile.ZIP_STORED for member in file.infolist())
        assert json.loads(file.read("manifest.json"))["a"] == [1, 2.5]


def test_every_byte_order_and_layout_is_stored_as_its_numbers(path):
    given = np.arange(6, dtype=">f4").reshape(2, 3)
    write_archive(path, {}, {"big": given, "columns": np.asfortranarray(given), "every_other": given[:, ::2]})
    _, read = read_archive(path)
    assert {array.dtype for array in read.values()} == {np.dtype("=f4")}
    for name, array in {"big": given, "columns": given, "every_other": given[:, ::2]}.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].flags.c_contiguous
        assert read[name].flags.writeable


def test_numbers_that_are_not_finite_are_kept(path):
    odd = np.array([math.nan, math.inf, -0.0, 5e-324, -math.nan])
    write_archive(path, {}, {"odd": odd})
    assert same_bits(read_archive(path)[1]["odd"], odd)


def test_equal_contents_make_equal_files(tmp_path):
    for name in ("one", "two"):
        write_archive(tmp_path / name, {"a": 1}, {"x": np.ones(3)})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_path_may_be_text(path):
    write_archive(str(path), {"a": 1}, {})
    assert read_archive(str(path)) == ({"a": 1}, {})


@pytest.mark.parametrize(
    ("manifest", "error", "sentence"),
    [
        ({"a": (1, 2)}, ArgumentTypeError, "manifest['a'] is (1, 2), of type tuple; wanted what JSON gives back"),
        ({"a": {1: 2}}, ArgumentTypeError, "manifest['a'] has the key 1, of type int; wanted a str"),
        ({"a": [0.0, math.nan]}, ArgumentError, "manifest['a'][1] is nan; wanted a finite number"),
        ({"a": np.float64(1)}, ArgumentTypeError, "manifest['a'] is np.float64(1.0), of type float64"),
        ({"a": 10**100}, ArgumentError, "manifest['a'] is a number of more than 100 digits"),
        ({"a": "\ud800"}, ArgumentError, "half of a surrogate pair"),
        ({"\udfff": 1}, ArgumentError, "half of a surrogate pair"),
        ({"arrays": 1}, ArgumentError, "manifest has the key 'arrays'"),
        ({"a": "x" * 2**23}, ArgumentError, "bytes of JSON; wanted at most 8388608"),
    ],
)
def test_a_manifest_that_json_would_not_give_back_is_refused(path, manifest, error, sentence):
    with pytest.raises(error) as caught:
        write_archive(path, manifest, {})
    assert sentence in str(caught.value)
    assert not path.exists()


def test_a_manifest_that_holds_itself_is_refused(path):
    loop = []
    loop.append(loop)
    with pytest.raises(ArgumentError, match="nested more than 32 levels deep"):
        write_archive(path, {"a": loop}, {})


@pytest.mark.parametrize(
    ("name", "array", "error", "sentence"),
    [
        ("x", np.array([None]), ArgumentTypeError, "arrays['x'] has dtype object"),
        ("x", np.array(["a"]), ArgumentTypeError, "arrays['x'] has dtype <U1"),
        ("x", np.array([True]), ArgumentTypeError, "arrays['x'] has dtype bool"),
        ("x", np.array([1j]), ArgumentTypeError, "arrays['x'] has dtype complex128"),
        ("x", np.zeros(1, "f4,f4"), ArgumentTypeError, "arrays['x'] has dtype"),
        ("x", [1.0], ArgumentTypeError, "arrays['x'] is [1.0], of type list; wanted a numpy array"),
        ("x", np.zeros((1,) * 9), ArgumentError, "arrays['x'] has 9 dimensions"),
        *(
            (name, np.ones(1), ArgumentError, "arrays has the name")
            for name in ("", ".", "..", "../x", "/x", "x/", "a//b", "a/../b", "a\\b", "é", "a b", "x\n", 5, "n" * 201)
        ),
    ],
)
def test_an_array_that_can_not_be_stored_is_refused(path, name, array, error, sentence):
    with pytest.raises(error) as caught:
        write_archive(path, {}, {name: array})
    assert sentence in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize("path", [None, 5, b"m.nnf", io.BytesIO()])
def test_something_that_is_no_path_is_refused(path):
    for function in (lambda: write_archive(path, {}, {}), lambda: read_archive(path), lambda: read_document(path)):
        with pytest.raises(ArgumentTypeError, match=r"path is .*; wanted a str or pathlib\.Path"):
            function()


# Writing.


def failing(monkeypatch, name, error):
    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr(os, name, fail)


def test_a_file_is_replaced(written):
    write_archive(written, {"b": 2}, {})
    assert read_archive(written) == ({"b": 2}, {})
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_on_the_way_leaves_the_old_file_and_nothing_else(written, monkeypatch, error):
    before = written.read_bytes()
    failing(monkeypatch, "fsync", error)
    with pytest.raises(ModelFileError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write_archive(written, {"b": 2}, {})
    assert written.read_bytes() == before
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]
    if isinstance(error, OSError):
        assert str(written) in str(caught.value)
        assert "No space left on device; the file that was there is as it was" in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(path, monkeypatch):
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: opened(Path("/dev/full"), mode))
    with pytest.raises(ModelFileError, match="No space left on device; nothing was written"):
        write_archive(path, {}, {"x": np.ones(10_000)})


def test_a_folder_that_is_missing_is_said(tmp_path):
    with pytest.raises(ModelFileError) as caught:
        write_archive(tmp_path / "missing" / "m.nnf", {}, {})
    assert str(tmp_path / "missing" / "m.nnf") in str(caught.value)
    assert "No such file or directory; nothing was written: give a file in a folder that exists" in str(caught.value)


def test_a_name_that_is_too_long_is_said(tmp_path):
    with pytest.raises(ModelFileError, match="nothing was written"):
        write_archive(tmp_path / ("n" * 300), {}, {})


def test_a_folder_is_not_overwritten(tmp_path):
    with pytest.raises(ModelFileError, match="it is a folder"):
        write_archive(tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_file_keeps_its_rights_and_a_new_one_has_the_usual(path):
    path.write_text("")
    usual = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    write_archive(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == usual
    path.chmod(0o600)
    write_archive(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path, written):
    link = tmp_path / "link.nnf"
    link.symlink_to(written)
    write_archive(link, {"b": 2}, {})
    assert link.is_symlink()
    assert read_archive(written) == ({"b": 2}, {})


# Reading.


def refused(path, content=None):
    """Return why a file, or a content, is refused."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_archive(path)
    message = str(caught.value)
    assert message.startswith(f"{path} can't be loaded: ")
    return message


def with_manifest(path, text):
    """Write an archive whose manifest is any text, and whose check sums are right."""
    data = text if isinstance(text, bytes) else text.encode()
    write_archive(path, {}, {})
    start = 30 + len("manifest.json") + 20
    head = bytearray(path.read_bytes()[:start])
    head[14:18] = struct.pack("<L", zlib.crc32(data))
    head[-16:] = struct.pack("<2Q", len(data), len(data))
    path.write_bytes(bytes(head) + data)
    return path


def with_arrays(path, *listed):
    document = {"format": "nnframe", "format_version": 1, "nnframe_version": "1", "arrays": list(listed)}
    return with_manifest(path, json.dumps(document))


def test_a_missing_file_is_said(path):
    assert "there is no such file" in refused(path)


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    assert "it is a folder or a device" in refused(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "it is a folder or a device" in refused(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_said(written, monkeypatch):
    def denied(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "Permission denied; check the path and its rights" in refused(written)


def test_other_files_are_refused_as_foreign(path):
    np.savez(path.with_suffix(".npz"), x=np.ones(3))
    contents = [b"", b"PK", b"hello" * 100, path.with_suffix(".npz").read_bytes()]
    for content in contents:
        assert "it doesn't begin as nnframe's files do; wanted a file that nnframe saved" in refused(path, content)


def test_every_truncation_is_refused(written):
    content = written.read_bytes()
    for length in range(len(content)):
        refused(written, content[:length])


def test_every_changed_byte_is_refused(written):
    content = written.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        refused(written, bytes(changed))


@pytest.mark.parametrize("more", [b"\0", b"\n", b"PK\5\6" + bytes(18)])
def test_trailing_data_is_refused(written, more):
    assert "it is too long" in refused(written, written.read_bytes() + more)


def test_data_before_the_archive_is_refused(written):
    assert "doesn't begin" in refused(written, b"#!/bin/sh\n" + written.read_bytes())


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_was_packed_again_is_refused(written, compression):
    with zipfile.ZipFile(written) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(written, "w", compression) as file:
        for name, content in contents.items():
            file.writestr(name, content)
    refused(written)


def test_members_in_another_order_are_refused(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write_archive(first, {}, {"x": np.ones(1), "y": np.zeros(1)})
    write_archive(second, {}, {"y": np.zeros(1), "x": np.ones(1)})
    manifest_end = 30 + len("manifest.json") + 20 + int.from_bytes(first.read_bytes()[55:63], "little")
    assert len(first.read_bytes()) == len(second.read_bytes())
    swapped = first.read_bytes()[:manifest_end] + second.read_bytes()[manifest_end:]
    assert "what stands before array 'x'" in refused(tmp_path / "swapped", swapped)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no proper JSON"),
        ("{", "no proper JSON"),
        (b"\xff\xfe{\0}\0", "no proper JSON"),
        ("\ufeff{}", "no proper JSON"),
        ("{} {}", "no proper JSON"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": -Infinity}', "-Infinity is no number of JSON"),
        ('{"a": 1e999}', "it['a'] is inf"),
        ('{"a": ' + "9" * 101 + "}", "a number of more than 100 digits"),
        ('{"a": ' + "9" * 100_000 + "}", "a number has more than 100 digits"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"a": 1, "a": 2}', "a key is there twice"),
        ('{"a": ' + "[" * 33 + "]" * 33 + "}", "is nested more than 32"),
        ('{"a": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}", "no proper JSON"),
        ('{"a":' * 1_000_000, "no proper JSON"),
        ("[]", "doesn't say that its format is 'nnframe'"),
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
        (b" " * (2**23 + 1), "its manifest has 8388609 bytes, and can have 8388608"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_manifest_of_another_form_is_refused(path, text, sentence):
    assert sentence in refused(with_manifest(path, text))


def test_a_newer_format_asks_for_an_upgrade(path):
    text = '{"format": "nnframe", "format_version": 2, "nnframe_version": "3.4", "layers": 5}'
    message = refused(with_manifest(path, text))
    assert "it is in version 2 of the format" in message
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
        ({"more": 1}, "which isn't name, dtype and shape"),
    ],
)
def test_an_array_that_no_file_can_have_is_refused(path, changes, sentence):
    listed = {"name": "x", "dtype": "float64", "shape": [1]} | changes
    assert sentence in refused(with_arrays(path, listed))


@pytest.mark.parametrize("item", [None, "x", [], {}, {"name": "x"}])
def test_a_list_of_something_else_than_arrays_is_refused(path, item):
    assert "which isn't name, dtype and shape" in refused(with_arrays(path, item))


def test_two_arrays_of_one_name_are_refused(path):
    listed = {"name": "x", "dtype": "float64", "shape": [1]}
    assert "two arrays of one name" in refused(with_arrays(path, listed, listed))


@pytest.mark.parametrize("shape", [[2**50], [2**20, 2**20], [2**59], [10**9]])
def test_a_declared_size_takes_no_memory_before_it_is_compared_with_the_files(path, shape):
    # None of these would fit into any memory.
    assert "it is cut short" in refused(with_arrays(path, {"name": "x", "dtype": "float64", "shape": shape}))


def test_an_array_that_does_not_fit_into_memory_is_said(written, monkeypatch):
    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr(np, "empty", full)
    assert "don't fit into memory" in refused(written)


def test_the_document_is_read_without_the_rest(written):
    content = written.read_bytes()
    whole = read_document(written)
    written.write_bytes(content[: content.index(b"x.npy", 200) + 5])
    assert read_document(written) == whole


def test_the_file_is_flushed_and_then_the_folder_that_it_was_moved_into(written, monkeypatch):
    flushed = []

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append((is_folder, read_archive(written)[0] == {"b": 2}))

    monkeypatch.setattr(os, "fsync", fsync)
    write_archive(written, {"b": 2}, {})
    assert flushed == [(False, False), (True, True)]


def test_the_manifest_of_a_table_of_60000_columns_is_not_too_long(tmp_path):
    columns = [
        {"kind": "numeric", "name": f"column {i}", "mean": i / 7, "scale": 1 + i / 11, "fill": None}
        for i in range(60_000)
    ]
    write_archive(tmp_path / "wide.nnf", {"columns": columns}, {})
    assert read_archive(tmp_path / "wide.nnf")[0] == {"columns": columns}

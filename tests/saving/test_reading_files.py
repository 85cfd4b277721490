"""Reading files without trust: damaged, malformed and hostile ones."""

import errno
import json
import math
import os
import struct

import numpy as np
import pytest

from nnframe import ModelFileError
from nnframe.saving.files import read_file, write_file


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


def test_a_missing_file_is_reported(path):
    assert "there is no such file" in refused(path)


def test_a_folder_and_a_pipe_are_refused(tmp_path):
    assert "it is a folder, a pipe or a device" in refused(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "it is a folder, a pipe or a device" in refused(tmp_path / "pipe")


def test_a_file_without_read_permission_is_reported(written, monkeypatch):
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
def test_a_malformed_manifest_is_refused(path, text, sentence):
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
def test_a_malformed_array_entry_is_refused(path, changes, sentence):
    listed = {"name": "x", "dtype": "float64", "shape": [1]} | changes
    assert sentence in refused(with_arrays(path, listed))


@pytest.mark.parametrize("item", [None, "x", [], {}, {"name": "x"}])
def test_an_array_entry_of_another_type_is_refused(path, item):
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


def test_an_array_that_does_not_fit_into_memory_is_reported(written, monkeypatch):
    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr(np, "empty", full)
    assert "doesn't fit into memory" in refused(written)

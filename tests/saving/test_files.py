"""Files: what was written is read, and what can not be stored is refused."""

import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnframe import ArgumentError, ArgumentTypeError
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
def test_a_manifest_that_json_would_change_is_refused(path, manifest, error, sentence):
    with pytest.raises(error) as caught:
        write_file(path, manifest, {})
    assert sentence in str(caught.value)
    assert not path.exists()


def test_a_manifest_that_contains_itself_is_refused(path):
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
def test_something_that_is_not_a_path_is_refused(path):
    for function in (lambda: write_file(path, {}, {}), lambda: read_file(path), lambda: read_manifest(path)):
        with pytest.raises(ArgumentTypeError, match=r"path is .*; expected a str or pathlib\.Path"):
            function()


def test_a_file_with_a_long_manifest_opens_in_the_library_too(path):
    safetensors = pytest.importorskip("safetensors.numpy")
    columns = [{"kind": "numeric", "name": f"column {i}", "mean": i / 7, "fill": None} for i in range(30_000)]
    write_file(path, {"columns": columns}, {"x": np.ones(3)})
    manifest, arrays = read_file(path)
    assert (manifest, list(arrays)) == ({"columns": columns}, ["x"])
    assert read_manifest(path)["columns"] == columns
    np.testing.assert_array_equal(safetensors.load_file(path)["x"], np.ones(3))

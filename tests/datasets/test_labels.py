"""nnframe.one_hot agrees with scikit-learn, and refuses labels that can't be columns."""

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from nnframe import ArgumentError, ArgumentTypeError, ShapeError, one_hot

TEXTS = st.lists(st.text(max_size=3), min_size=1, max_size=30)


@given(TEXTS)
def test_texts_become_scikit_learns_columns(labels):
    # Of dtype object: numpy's own text drops null characters at the end.
    array = np.array(labels, object)
    expected = OneHotEncoder(sparse_output=False).fit_transform(array[:, np.newaxis])
    np.testing.assert_array_equal(one_hot(array), expected)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_whole_numbers_are_the_numbers_of_their_columns(labels):
    matrix = one_hot(labels)
    assert matrix.shape == (len(labels), max(labels) + 1)
    assert matrix.argmax(axis=1).tolist() == labels
    assert (matrix.sum(axis=1) == 1).all()


def test_negative_numbers_and_booleans_have_a_column_each():
    assert one_hot([-1, 1, -1]).tolist() == [[1, 0], [0, 1], [1, 0]]
    assert one_hot([True, False]).tolist() == [[0, 1], [1, 0]]


def test_classes_say_which_columns_there_are():
    assert one_hot(["b"], classes=["a", "b", "c"], dtype=np.float32).tolist() == [[0, 1, 0]]
    assert one_hot(["b"], classes=["a", "b"], dtype=np.float32).dtype == np.float32


def test_a_series_of_categories_is_taken():
    assert one_hot(pandas.Series(["x", "y", "x"], dtype="category")).tolist() == [[1, 0], [0, 1], [1, 0]]


def test_categories_of_pandas_are_the_classes():
    labels = pandas.Categorical(["a", "b"], categories=["b", "a", "c"])
    for each in (labels, pandas.Series(labels)):
        expected = pandas.get_dummies(pandas.Series(labels)).to_numpy(float)
        np.testing.assert_array_equal(one_hot(each), expected)


def test_texts_that_end_in_a_null_character_keep_it():
    assert one_hot(["a", "a\0"]).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "classes", "error", "message"),
    [
        (["a", None], None, ArgumentError, "labels has None"),
        ([1.0, np.nan], None, ArgumentError, "labels has nan"),
        (pandas.Series(["a", None], dtype="category"), None, ArgumentError, "labels has nan"),
        (pandas.array([1, None], dtype="Int64"), None, ArgumentError, r"labels has (<NA>|nan)"),
        (np.ma.masked_equal([1, 2], 2), None, ArgumentTypeError, "labels has masked values"),
        (["d"], ["a", "b"], ArgumentError, r"labels has 'd', which is not among the classes \['a', 'b'\]"),
        (np.eye(3), None, ShapeError, r"labels has shape \(3, 3\); expected \(N,\)"),
        (np.array([1, "a"], object), None, ArgumentTypeError, "labels has values of the types int, str"),
        ([1, "1"], None, ArgumentTypeError, "labels has values of the types int, str; expected one type"),
        ([True, 2], None, ArgumentTypeError, "labels has values of the types bool, int"),
        ([1], [1, "1"], ArgumentTypeError, "classes has values of the types int, str"),
        (["a"], ["a", "b", "a"], ArgumentError, "classes has 'a' more than once"),
        (["a"], [["a", "b"]], ShapeError, r"classes has shape \(1, 2\)"),
        ([20271127], None, ArgumentError, "labels has 20271127, and whole numbers count the columns"),
    ],
    ids=str,
)  # fmt: skip
def test_labels_that_can_not_be_columns_are_refused(labels, classes, error, message):
    with pytest.raises(error, match=message):
        one_hot(labels, classes)

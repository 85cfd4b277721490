"""Pairs and batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe import ArgumentTypeError, DataError, ShapeError, denseLayer, nNet, pairs

X = np.arange(12.0).reshape(6, 2)
Y = np.arange(6.0).reshape(6, 1)


def test_no_copy_is_made():
    data = pairs(X, Y)
    assert np.shares_memory(data.X, X)
    assert np.shares_memory(data[2][0], X)
    assert np.shares_memory(data[1:3].Y, Y)


def test_batches_are_views_of_the_arrays():
    for x, y in pairs(X, Y).batches(4, np.dtype(float)):
        assert np.shares_memory(x, X)
        assert np.shares_memory(y, Y)
        assert x.flags.c_contiguous


@given(n=st.integers(1, 20), size=st.integers(1, 25))
def test_batches_hold_every_sample_once_and_in_order(n, size):
    X = np.arange(2.0 * n).reshape(n, 2)
    batches = list(pairs(X, X[:, :1]).batches(size, np.dtype(float)))
    assert [len(x) for x, _ in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1][0]) <= size
    np.testing.assert_array_equal(np.vstack([x for x, _ in batches]), X)


def test_batches_visit_the_rows_in_the_order_that_is_asked_for():
    (x1, y1), (x2, _) = pairs(X, Y).batches(2, np.dtype(float), np.array([4, 0, 3]))
    assert x1.tolist() == [[8, 9], [0, 1]]
    assert y1.tolist() == [[4], [0]]
    assert x2.tolist() == [[6, 7]]


def test_batches_have_the_dtype_that_is_asked_for():
    x, y = next(iter(pairs(X.astype(np.uint8), Y).batches(2, np.dtype(np.float32))))
    assert x.dtype == y.dtype == np.float32


def test_a_memory_mapped_file_is_trained_on_without_being_read_whole(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = pairs(mapped, Y)
    assert np.shares_memory(data.X, mapped)
    one, other = (nNet([denseLayer([[0.1, -0.1]])]) for _ in range(2))
    assert one.nEpochs(3, data, "mse", 0.001, 4) == other.nEpochs(3, pairs(X, Y), "mse", 0.001, 4)


def test_slices_are_shorter_sequences_of_pairs():
    part = pairs(X, Y)[1:6:2]
    assert len(part) == 3
    np.testing.assert_array_equal(part[1][0], [[6.0], [7.0]])


def test_negative_indices_count_from_the_end():
    np.testing.assert_array_equal(pairs(X, Y)[-1][1], [[5.0]])


def test_iteration_ends_after_the_last_pair():
    assert [y.item() for _, y in pairs(X, Y)] == [0, 1, 2, 3, 4, 5]
    with pytest.raises(IndexError):
        pairs(X, Y)[6]


def test_the_callers_arrays_can_not_be_written_through_the_views():
    with pytest.raises(ValueError, match="read-only"):
        pairs(X, Y)[0][0][...] = 0
    assert X.flags.writeable


def test_repr_shows_the_number_of_pairs_and_their_shapes():
    assert repr(pairs(X, Y)) == "<6 pairs of columns (2, 1) and (1, 1)>"


@pytest.mark.parametrize(
    ("x", "y", "error", "sentence"),
    [
        (X[:, 0], Y, ShapeError, r"X has shape \(6,\), 1-D; wanted .* \(N, n_in\).*X\.reshape\(-1, 1\)"),
        (X, Y[0], ShapeError, r"Y has shape \(1,\)"),
        (X[np.newaxis], Y, ShapeError, r"X has shape \(1, 6, 2\), 3-D"),
        (X, Y[:5], DataError, "X has 6 rows and Y has 5"),
        (X.astype(str), Y, ArgumentTypeError, "X has dtype <U"),
        (X, None, ArgumentTypeError, "Y has dtype object"),
    ],
)
def test_arrays_that_are_no_samples_are_refused(x, y, error, sentence):
    with pytest.raises(error, match=sentence):
        pairs(x, y)

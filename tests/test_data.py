"""Pairs and batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe import ArgumentTypeError, DataError, Epoch, ShapeError, TrainingTask, denseLayer, nNet, pairs
from nnframe.contracts.bound import Linear

X = np.arange(12.0).reshape(6, 2)
Y = np.arange(6.0).reshape(6, 1)


def test_no_copy_is_made():
    data = pairs(X, Y)
    assert np.shares_memory(data.X, X)
    assert np.shares_memory(data[2][0], X)
    assert np.shares_memory(data[1:3].Y, Y)


def samples_of(data, size, order=None, dtype=float, first_batch=0, n_batches=None, weights=None):
    """Return what a task hands out for an epoch of a net of one layer."""
    layer = Linear(np.zeros((1, 2), dtype), np.zeros((1, 1), dtype), None)
    count = len(data) if order is None else len(order)
    rates = np.zeros(-(-count // size) if n_batches is None else n_batches)
    task = TrainingTask((layer,), None, data, size, None, weights)
    return list(task.samples(Epoch(rates, order, first_batch)))


def test_batches_are_views_of_the_arrays():
    for batch in samples_of(pairs(X, Y), 4):
        assert np.shares_memory(batch.x, X)
        assert np.shares_memory(batch.y, Y)
        assert batch.x.flags.c_contiguous


@given(n=st.integers(1, 20), size=st.integers(1, 25))
def test_batches_hold_every_sample_once_and_in_order(n, size):
    X = np.arange(2.0 * n).reshape(n, 2)
    batches = [batch.x for batch in samples_of(pairs(X, X[:, :1]), size)]
    assert [len(x) for x in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= size
    np.testing.assert_array_equal(np.vstack(batches), X)


def test_batches_visit_the_rows_in_the_requested_order():
    one, two = samples_of(pairs(X, Y), 2, np.array([4, 0, 3]))
    assert one.x.tolist() == [[8, 9], [0, 1]]
    assert one.y.tolist() == [[4], [0]]
    assert two.x.tolist() == [[6, 7]]


@given(size=st.integers(1, 7), cut=st.integers(0, 6), ordered=st.booleans())
def test_the_parts_of_an_epoch_are_the_whole_of_it(size, cut, ordered):
    order = np.array([3, 1, 5, 0, 2, 4]) if ordered else None
    whole = samples_of(pairs(X, Y), size, order)
    cut = min(cut, len(whole))
    parts = samples_of(pairs(X, Y), size, order, n_batches=cut)
    parts += samples_of(pairs(X, Y), size, order, first_batch=cut, n_batches=len(whole) - cut)
    assert [batch.start for batch in parts] == [batch.start for batch in whole]
    for mine, expected in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(mine.x, expected.x)


def test_sample_weights_follow_their_samples():
    one, two = samples_of(pairs(X, Y), 2, np.array([4, 0, 3]), weights=Y[:, 0])
    assert one.weights.tolist() == [4, 0]
    assert two.weights.tolist() == [3]


def test_batches_have_the_dtype_of_the_net():
    batch = samples_of(pairs(X.astype(np.uint8), Y), 2, dtype=np.float32)[0]
    assert batch.x.dtype == batch.y.dtype == np.float32


def test_training_on_a_memory_mapped_file_does_not_load_all_of_it(tmp_path):
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
        (X[:, 0], Y, ShapeError, r"X has shape \(6,\), 1-D; expected .* \(N, n_in\).*X\.reshape\(-1, 1\)"),
        (X, Y[0], ShapeError, r"Y has shape \(1,\)"),
        (X[np.newaxis], Y, ShapeError, r"X has shape \(1, 6, 2\), 3-D"),
        (X, Y[:5], DataError, "X has 6 rows and Y has 5"),
        (X.astype(str), Y, ArgumentTypeError, "X has dtype <U"),
        (X, None, ArgumentTypeError, "Y is None, of type NoneType; expected an array"),
    ],
)
def test_arrays_that_are_not_samples_are_refused(x, y, error, sentence):
    with pytest.raises(error, match=sentence):
        pairs(x, y)

"""The data that ships with the package."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets as scikit_learn

from nnframe.datasets import digits, load_digits


def test_the_digits_are_scikit_learns():
    images, labels = digits.read_digits()
    reference = scikit_learn.load_digits()
    np.testing.assert_array_equal(images, reference.data)
    np.testing.assert_array_equal(labels, reference.target)


def test_the_file_is_under_100_kilobytes_with_its_licence_beside_it():
    file = Path(digits.__file__).with_name("digits.npz")
    assert file.stat().st_size < 100_000
    text = file.with_name("digits.md").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0" in text
    assert "10.24432/C50P49" in text


def test_every_fifth_digit_is_for_testing():
    train, test = load_digits()
    reference = scikit_learn.load_digits()
    assert len(train) + len(test) == 1797
    np.testing.assert_array_equal(test.X, reference.data[4::5] / 16)
    np.testing.assert_array_equal(test.Y.argmax(axis=1), reference.target[4::5])
    np.testing.assert_array_equal(train.X[:5], reference.data[[0, 1, 2, 3, 5]] / 16)


def test_pixels_go_from_0_to_1_and_targets_are_one_hot():
    for part in load_digits():
        assert part.X.min() == 0
        assert part.X.max() == 1
        np.testing.assert_array_equal(part.Y.sum(axis=1), 1)
        assert set(np.unique(part.Y)) == {0, 1}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_can_be_chosen(dtype):
    for part in load_digits(dtype):
        assert part.X.dtype == part.Y.dtype == dtype

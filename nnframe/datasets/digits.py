"""Handwritten digits; digits.md beside this file says where they come from and under which licence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nnframe.data import Pairs, pairs

if TYPE_CHECKING:
    import numpy.typing as npt


DIGITS_FILE = Path(__file__).with_name("digits.npz")
TEST_EVERY = 5
LARGEST_PIXEL = 16


class Split(NamedTuple):
    """A data set in two parts.

    Attributes
    ----------
    train : Pairs
        To train on.
    test : Pairs
        To judge the result by.
    """

    train: Pairs
    test: Pairs


def load_digits(dtype: npt.DTypeLike = np.float64) -> Split:
    """Return 1,797 handwritten digits, images of 8 x 8, in a fixed split.

    Parameters
    ----------
    dtype : float32 or float64, optional
        The dtype of both parts.

    Returns
    -------
    Split
        ``train`` with 1,438 pairs and ``test`` with 359, every fifth image. Each x is a column of 64 grey values from 0
        to 1, row by row; each y is a column of 10 with a 1 at the digit's place.

    Notes
    -----
    E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
    CC BY 4.0, https://doi.org/10.24432/C50P49; the 1,797 images of its test set.

    Examples
    --------
    >>> train, test = load_digits()
    >>> train
    <1438 pairs of columns (64, 1) and (10, 1)>
    """
    with np.load(DIGITS_FILE, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    X = images.astype(dtype) / LARGEST_PIXEL
    Y = np.eye(10, dtype=dtype)[labels]
    test = np.arange(len(X)) % TEST_EVERY == TEST_EVERY - 1
    return Split(pairs(X[~test], Y[~test]), pairs(X[test], Y[test]))

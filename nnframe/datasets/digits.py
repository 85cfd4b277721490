"""Handwritten digits; digits.md beside this file has their source and licence."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.data import Pairs, pairs

if TYPE_CHECKING:
    import numpy.typing as npt

DIGITS_FILE = "digits.npz"
TEST_EVERY = 5
LARGEST_PIXEL = 16


class Split(NamedTuple):
    """A data set in two parts.

    Attributes
    ----------
    train : Pairs
        To train on.
    test : Pairs
        To measure the result with.
    """

    train: Pairs
    test: Pairs


def read_digits() -> tuple[Array, Array]:
    """Return the images as they are in the file, shape (1797, 64), whole numbers from 0 to 16, and their labels."""
    # Costs as much as the digits themselves, and works in a zip file too, where there is no path to open.
    from importlib.resources import files

    content = files(__package__).joinpath(DIGITS_FILE).read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return file["images"], file["labels"]


def load_digits(dtype: npt.DTypeLike = np.float64) -> Split:
    """Return 1,797 handwritten digits, images of 8 x 8, in a fixed split.

    Parameters
    ----------
    dtype : float32 or float64, optional
        The dtype of both parts.

    Returns
    -------
    Split
        ``train`` with 1,438 pairs and ``test`` with 359, every fifth image. Each x is a column of 64 gray values from
        0 to 1, row by row; each y is a column of 10 with a 1 at the digit's index.

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
    images, labels = read_digits()
    X = images.astype(dtype) / LARGEST_PIXEL
    Y = np.eye(10, dtype=dtype)[labels]
    test = np.arange(len(X)) % TEST_EVERY == TEST_EVERY - 1
    return Split(pairs(X[~test], Y[~test]), pairs(X[test], Y[test]))

"""Rows that are held out of training, the same share of each class where that is possible."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from nnframe import Array


def hold_out(n_samples: int, fraction: float, random_state: Any, classes: Array | None) -> tuple[Array, Array]:
    """Return the rows to train with and the rows to hold out.

    Parameters
    ----------
    n_samples : int
    fraction : float
        The share to hold out.
    random_state : int or RandomState
    classes : ndarray of int, shape (n_samples,), or None
        Ignored if a class has a single sample, or fewer rows are held out than there are classes.

    Raises
    ------
    ValueError
        If no row would be left on one side.
    """
    if classes is not None:
        counts = np.bincount(classes)
        counts = counts[counts > 0]
        if counts.min() < 2 or math.ceil(fraction * n_samples) < len(counts):
            classes = None
    train, held_out = train_test_split(
        np.arange(n_samples), test_size=fraction, random_state=random_state, stratify=classes
    )
    return train, held_out

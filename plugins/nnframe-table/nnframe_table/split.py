"""Which rows are held out, decided row by row before the number of rows is known."""

from __future__ import annotations

import numpy as np

from nnframe.arrays import Array
from nnframe.engines.random_bits import BITS, random_bits


def held_out(start: int, count: int, share: float, seed: int) -> Array:
    """Return which of some rows are held out.

    Rows are divided into runs of about 1 / share, and one row of each run is drawn. So the share is right to within a
    row anywhere in the table, even if it is sorted, and the choice does not depend on how the rows are chunked.

    Parameters
    ----------
    start, count : int
        The index of the first row, and how many rows there are.
    share : float
        At least 0 and below 1.
    seed : int

    Returns
    -------
    ndarray of bool, shape (count,)
    """
    if share > 0.5:
        return ~held_out(start, count, 1 - share, seed)
    if share == 0:
        return np.zeros(count, bool)
    rows = np.arange(start, start + count)
    run = np.floor(rows * share)
    first, after = np.ceil(run / share), np.ceil((run + 1) / share)
    drawn = random_bits(seed % 2**BITS, run.astype(np.uint64)) / 2.0**BITS
    chosen: Array = rows == first + np.floor(drawn * (after - first))
    return chosen

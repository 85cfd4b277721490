"""The shares into which the work of a batch is cut, the same for any number of threads."""

from __future__ import annotations

from nnframe_numba.jit import kernel

# With fewer samples in a share, the weights are read once more for too little.
FEWEST_SAMPLES = 8


@kernel
def share_of_rows(share: int, n_shares: int, n_rows: int) -> tuple[int, int]:
    """Return the start and the end of a share of rows."""
    return n_rows * share // n_shares, n_rows * (share + 1) // n_shares


@kernel
def share_of_samples(share: int, n_shares: int, count: int) -> tuple[int, int]:
    """Return the start and the end of a share of a batch's samples; of a small batch, the last shares are empty."""
    n_used = max(1, min(n_shares, count // FEWEST_SAMPLES))
    if share >= n_used:
        return count, count
    return share_of_rows(share, n_used, count)

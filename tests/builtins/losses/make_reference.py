"""Make reference.npz, PyTorch's values of bce. Run with torch 2.13.0 and numpy installed.

Each entry is named ``loss|bce|dtype`` or ``fused|bce|sigmoid|dtype`` and holds, row upon row, what went in (a or z, and
y) and what came out: the gradient, and one row with the loss of each column.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

rng = np.random.default_rng(0)


def exact(x):
    """Return x rounded to float32, as float64."""
    return np.asarray(x).astype(np.float32).astype(np.float64)


SCORES = exact(np.column_stack([rng.normal(size=(4, 3)), rng.normal(size=(4, 2)) * 8, [100, -100, 0, 99]]))
UNITS = exact(rng.uniform(0.02, 0.98, (4, 6)))
SHARES = np.array([[2, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 3], [0, 4, 0, 0], [1, 0, 2, 1], [3, 0, 0, 1]]).T / 4

CASES = [
    ("loss|bce", F.binary_cross_entropy, UNITS),
    ("fused|bce|sigmoid", F.binary_cross_entropy_with_logits, SCORES),
]


def entry(function, first, dtype):
    first = torch.tensor(first, dtype=getattr(torch, dtype), requires_grad=True)
    y = torch.tensor(SHARES, dtype=getattr(torch, dtype))
    losses = function(first, y, reduction="none").mean(0)
    losses.sum().backward()
    return torch.cat([first, y, first.grad, losses.reshape(1, -1)]).detach().numpy()


if __name__ == "__main__":
    entries = {
        f"{label}|{dtype}": entry(function, first, dtype)
        for label, function, first in CASES
        for dtype in ("float32", "float64")
    }
    np.savez_compressed(Path(__file__).with_name("reference.npz"), **entries)

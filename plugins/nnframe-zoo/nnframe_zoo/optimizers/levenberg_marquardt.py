"""levenberg_marquardt: steps between those of Gauss and Newton and those of gradient descent, for small nets with mse.

    (G + mu I) d = -g        w = w + d

G is the Gauss-Newton matrix, which takes the place of the Hessian. If the loss falls, mu is multiplied by ``decrease``
for the next iteration; if not, the step is tried again with ten times the mu. An epoch is one iteration over all rows.
It ends when no component of the gradient is larger than ``tolerance``, or when no mu lowers the loss.

G has a row and a column for each weight, so a net with n weights takes n^2 numbers and n^3 operations an iteration: for
nets with up to a few thousand weights, which it often fits in ten or twenty iterations.

Source: K. Levenberg, "A method for the solution of certain non-linear problems in least squares", Quarterly of Applied
Mathematics 2 (1944) 164-168; M. Hagan and M. Menhaj, "Training feedforward networks with the Marquardt algorithm", IEEE
Transactions on Neural Networks 5 (1994) 989-993.
"""

from __future__ import annotations

import numpy as np

from nnframe import Converged, Optimizer, hookimpl
from nnframe.contracts.optimizer import WholeLoss
from nnframe_zoo._array import Array

# What mu begins with, is multiplied by after a step that was too long, and is never below or above.
FIRST, INCREASE, SMALLEST, LARGEST = 1e-3, 10.0, 1e-20, 1e10


def minimize(evaluate: WholeLoss, w: Array, mu: Array, t: int, decrease: float, tolerance: float) -> tuple[Array, ...]:
    """Make one iteration, and return the new weights and the next mu, the same number for each weight."""
    loss, g = evaluate(w)
    largest = float(np.abs(g).max())
    if largest <= tolerance:
        raise Converged(f"the largest gradient is {largest:.3g}, at most {tolerance=}")
    matrix = evaluate.gauss_newton(w)
    diagonal, trial = matrix.diagonal().copy(), float(mu[0])
    while trial <= LARGEST:
        np.fill_diagonal(matrix, diagonal + trial)
        try:
            step = np.linalg.solve(matrix, g.astype(np.float64))
        except np.linalg.LinAlgError:
            trial *= INCREASE
            continue
        new_w = w - step.astype(w.dtype)
        if evaluate(new_w)[0] < loss:
            return new_w, np.full_like(mu, max(decrease * trial, SMALLEST))
        trial *= INCREASE
    raise Converged(f"no step lowers the loss; the largest gradient is {largest:.3g}")


levenberg_marquardt = Optimizer(
    "levenberg_marquardt",
    minimize=minimize,
    state={"mu": FIRST},
    params={"decrease": 0.1, "tolerance": 1e-6},
    limits={"decrease": "(0, 1)", "tolerance": "[0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_optimizers() -> list[Optimizer]:
    """Return levenberg_marquardt."""
    return [levenberg_marquardt]

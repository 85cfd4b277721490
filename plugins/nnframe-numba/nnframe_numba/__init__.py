"""numba: the whole epoch compiled to machine code, formulas of plugins included.

It computes what nnframe's reference does, up to rounding. What numba can't compile runs on numpy, with a warning that
says why. Machine code is kept on disk, in the user's cache or in the folder that NNFRAME_NUMBA_CACHE names, so that
only the first training of a kind of net has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable

from nnframe import Engine, Epoch, TrainingTask, hookimpl
from nnframe_numba.engine_warnings import EngineWarning

__all__ = ["EngineWarning", "numba"]


def prepare(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    # Listing the plugins shouldn't wait for numba.
    from nnframe_numba.engine import prepared_training

    return prepared_training(task)


numba = Engine("numba", prepare, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return numba."""
    return [numba]

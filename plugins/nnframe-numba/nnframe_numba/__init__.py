"""numba: the whole epoch compiled to machine code, formulas of plugins included.

It computes what nnframe's reference does, up to rounding. What numba can't compile runs on numpy, with a warning that
says why. Machine code is kept on disk, in the user's cache or in the folder that NNFRAME_NUMBA_CACHE names, so that
only the first training of a kind of net has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable

from nnframe import Array, Engine, Epoch, TrainingTask, hookimpl
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import BoundNet, Samples
from nnframe_numba.engine_warnings import EngineWarning

__all__ = ["EngineWarning", "numba"]


def prepare(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    # Listing the plugins shouldn't wait for numba.
    from nnframe_numba.engine import prepared_training

    return prepared_training(task)


def predictor(layers: tuple[Linear, ...]) -> Callable[[Array], Array] | None:
    """Return the function from rows of inputs to rows of outputs, or None for a net that runs on numpy."""
    # Neither should it wait for LLVM.
    from nnframe_numba.prediction import predictor as compiled_predictor

    return compiled_predictor(layers)


def stepper(net: BoundNet) -> Callable[[Samples, float, int], float] | None:
    """Return the function that makes single updates of a net, or None for a net that runs on numpy."""
    from nnframe.training.single_updates import OneBatchEpochs
    from nnframe_numba.stepping import stepper as compiled_stepper

    return compiled_stepper(net, lambda: OneBatchEpochs(numba, net).step)


numba = Engine("numba", prepare, predictor=predictor, stepper=stepper, combines=True, doc=__doc__)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return numba."""
    return [numba]

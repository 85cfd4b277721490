"""What the engine does when it is asked, without an interrupt coming between numba and its work.

Even numba's modules are imported in the compile thread: interrupted, they would be left half imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnframe import Epoch, TrainingTask
from nnframe.engines.fast.numpy_engine import numpy as numpy_engine
from nnframe_numba.compile_thread import NotCompiledError, in_compile_thread
from nnframe_numba.engine_warnings import LeftToNumpyError, give_warnings, warn_once

# The module's own frames and those of nnframe between a call and its warning.
STACKLEVEL = 3

# nnframe_numba.training, once it has been imported as a whole.
_training: Any = None


def prepared_training(task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch and returns the sum of the losses."""
    try:
        training = _without_compiling(task)
        if training is None:
            training = in_compile_thread(lambda: _load().CompiledTraining(task))
    except LeftToNumpyError as error:
        warn_of_numpy(error)
        return numpy_engine.prepare(task)
    training.warn(STACKLEVEL)
    epoch: Callable[[Epoch], float] = training.epoch
    return epoch


def warn_of_numpy(error: LeftToNumpyError) -> None:
    """Warn that a net is left to the engine numpy, the first time for the reason."""
    warn_once(str(error), f"the engine numba leaves this net to the engine numpy: {error}")
    give_warnings(STACKLEVEL + 1)


def _without_compiling(task: TrainingTask) -> Any:
    """Return the training if all its code has been compiled in this process, else None."""
    if _training is None:
        return None
    try:
        return _training.CompiledTraining(task)
    except NotCompiledError:
        return None


def _load() -> Any:
    global _training
    if _training is None:
        from nnframe_numba import training

        _training = training
    return _training

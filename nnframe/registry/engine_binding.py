"""Engines, ready to be called, with errors blamed on their provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import BoundNet, Engine, Epoch, Samples, TrainingTask
from nnframe.errors import NNFrameError, PluginError, with_type
from nnframe.registry.blame import blamed_error, raised


def bind_engine(engine: Engine, task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch, or a part of one, and returns the sum of the losses.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    run_epoch = _blamed(engine, engine.prepare, "prepare", task, **engine.settings)

    def total_loss(epoch: Epoch) -> float:
        # Diverging weights are reported after the epoch, as one error instead of many warnings. Some BLAS kernels also
        # compute on memory behind the end of an array, and discard the result.
        with np.errstate(**TRAINING_ERRORS):
            value = _blamed(engine, run_epoch, "epoch", epoch)
        if not isinstance(value, (float, int, np.floating, np.integer)):
            raise blamed_error(
                PluginError, engine, "epoch", f"returned {with_type(value)}; expected the sum of the losses"
            )
        return float(value)

    return total_loss


def bind_predictor(engine: Engine, layers: tuple[Linear, ...]) -> Callable[[Array], Array] | None:
    """Return what computes a net's outputs for rows, or None if the engine has nothing of its own.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    if engine.predictor is None:
        return None
    answer: Callable[[Array], Array] | None = _blamed(engine, engine.predictor, "predictor", layers, **engine.settings)
    return answer


def bind_stepper(engine: Engine, net: BoundNet) -> Callable[[Samples, float, int], float] | None:
    """Return what makes single updates of a net, or None if the engine has nothing of its own.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    if engine.stepper is None:
        return None
    step: Callable[[Samples, float, int], float] = _blamed(engine, engine.stepper, "stepper", net, **engine.settings)
    return step


def _blamed(engine: Engine, function: Callable[..., Any], part: str, *arguments: object, **settings: object) -> Any:
    """Call a function of an engine, and blame the engine for what it raises."""
    try:
        return function(*arguments, **settings)
    except NNFrameError:
        # A refusal, or an error of an activation or a loss, which names its plugin already.
        raise
    except (Exception, SystemExit) as error:
        raise raised(engine, part, error) from error

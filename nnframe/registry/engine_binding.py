"""Engines, ready to be called, with errors blamed on their provider."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array
from nnframe.contracts.bound import Linear
from nnframe.contracts.engine import BoundNet, Engine, Epoch, Samples, TrainingTask
from nnframe.contracts.team import Team
from nnframe.errors import EngineError, NNFrameError, PluginError, with_type
from nnframe.registry.blame import blamed_error, raised


class EngineRun(NamedTuple):
    """What an engine has prepared for one run.

    Attributes
    ----------
    part : callable
        Runs an epoch, or a part of one, and returns the sum of the losses.
    close : callable
        ``close(error)`` tells the engine that the run has ended, and with which exception, or None.
    """

    part: Callable[[Epoch], float]
    close: Callable[[BaseException | None], None]


def bind_run(engine: Engine, task: TrainingTask) -> EngineRun:
    """Return what an engine prepares for a task.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    if task.combine is not None and not engine.combines:
        raise EngineError(
            f"the engine {engine.spec} can't combine its gradients with those of other processes; use numpy or "
            f"another engine that declares combines=True"
        )
    run_epoch = _blamed(engine, engine.prepare, "prepare", task, **engine.settings)
    close = getattr(run_epoch, "close", None)
    return EngineRun(partial(_total_loss, engine, run_epoch), _ignore if close is None else close)


def bind_engine(engine: Engine, task: TrainingTask) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch, or a part of one, and returns the sum of the losses.

    Raises
    ------
    EngineError
        If the engine can't do it.
    PluginError
        If the engine fails.
    """
    return bind_run(engine, task).part


def bind_team(engine: Engine) -> Team | None:
    """Return the processes that make a run together, or None if a run has one process.

    Raises
    ------
    EngineError
        If they can't be found.
    PluginError
        If the engine fails.
    """
    if engine.team is None:
        return None
    team: Team = _blamed(engine, engine.team, "team", **engine.settings)
    return team


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
    step: Callable[[Samples, float, int], float] | None = _blamed(
        engine, engine.stepper, "stepper", net, **engine.settings
    )
    return step


def _total_loss(engine: Engine, run_epoch: Callable[[Epoch], float], epoch: Epoch) -> float:
    # Diverging weights are reported after the epoch, as one error instead of many warnings. Some BLAS kernels also
    # compute on memory behind the end of an array, and discard the result.
    with np.errstate(**TRAINING_ERRORS):
        value = _blamed(engine, run_epoch, "epoch", epoch)
    if not isinstance(value, (float, int, np.floating, np.integer)):
        raise blamed_error(PluginError, engine, "epoch", f"returned {with_type(value)}; expected the sum of the losses")
    return float(value)


def _ignore(error: BaseException | None) -> None:
    """Do nothing at the end of a run."""


def _blamed(engine: Engine, function: Callable[..., Any], part: str, /, *arguments: object, **settings: object) -> Any:
    """Call a function of an engine, and blame the engine for what it raises."""
    try:
        return function(*arguments, **settings)
    except NNFrameError:
        # A refusal, or an error of an activation or a loss, which names its plugin already.
        raise
    except (Exception, SystemExit) as error:
        raise raised(engine, part, error) from error

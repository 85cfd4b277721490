"""The state of a training run, written to a file and read back.

What a run does next is determined by its identity, its seed, and what is kept here: the weights, the optimizer's state,
the learning rate, how many epochs and batches are done, the history, and the state of callbacks that have one. All of
it is checked before anything is changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.errors import ArgumentError, ModelFileError, PluginError, one_line, shown
from nnframe.history import History
from nnframe.saving.files import read_file, write_file
from nnframe.saving.model_file import CHECKPOINT, KIND, is_checkpoint
from nnframe.saving.safetensors import NNF
from nnframe.training.callback_state import packed, unpacked
from nnframe.training.run import TrainingRun


class Progress(NamedTuple):
    """How far a run is, its seed and learning rate, and whether a callback has stopped it."""

    epoch: int
    batch: int
    seed: int
    learning_rate: float
    stopped: str | None


def write_checkpoint(run: TrainingRun, path: Path, identity: Mapping[str, Any]) -> None:
    """Write the state of a run; an existing file is replaced atomically.

    Parameters
    ----------
    run : TrainingRun
    path : pathlib.Path
    identity : mapping
        What `identity_of` returned when the run started.

    Raises
    ------
    ModelFileError
        If the file can't be written.
    PluginError
        If the state of a callback can't be stored.
    """
    arrays = {f"live/{i}": array for i, array in enumerate(run.live_arrays)}
    arrays |= {f"history/{name}": np.asarray(values, np.float64) for name, values in _lists(run.history).items()}
    # In an array, since JSON has no NaN.
    arrays["sums"] = np.array([run.loss_sum, run.seconds])
    states = []
    for i, (name, callback) in enumerate(run.callbacks.named):
        state = {}
        if hasattr(callback, "state_dict"):
            try:
                state = packed(callback.state_dict(), f"callbacks/{i}", arrays)
            except Exception as error:
                raise _blamed(name, "state_dict", error) from error
        states.append({"name": name, "state": state})
    progress = Progress(run.epoch, run.batch, run.history.seed, run.learning_rate, run.history.stopped)
    manifest = {KIND: CHECKPOINT, "settings": dict(identity), **progress._asdict(), "callbacks": states}
    # Whatever the suffix: a checkpoint is for nnframe alone.
    write_file(path, manifest, arrays, NNF)


def read_checkpoint(run: TrainingRun, path: Path, identity: Mapping[str, Any]) -> None:
    """Bring a run that has not started to the state of the run that wrote the file.

    Parameters
    ----------
    run : TrainingRun
    path : pathlib.Path
    identity : mapping
        What `identity_of` returns for the run.

    Raises
    ------
    ModelFileError
        If the file is not a checkpoint, or damaged.
    ArgumentError
        If it belongs to a run with other settings.
    PluginError
        If a callback can't take its state back. Nothing else has changed then.
    """
    manifest, arrays = read_file(path, NNF)
    if not is_checkpoint(manifest):
        raise ModelFileError(f"{path} is not a checkpoint of a training run; give another path, or remove the file")
    try:
        progress = Progress(*(manifest[name] for name in Progress._fields))
        _require_same_run(run, identity, manifest["settings"], progress, path)
        lists = {name: arrays[f"history/{name}"] for name in _lists(run.history)}
        live = [arrays[f"live/{i}"] for i in range(len(run.live_arrays))]
        _require_possible(run, progress, lists, arrays["sums"])
        _require_alike(run, progress, live)
        states = _states_in_order(run, manifest["callbacks"], arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise _defect(path, one_line(error)) from error
    for (name, callback), state in zip(run.callbacks.named, states, strict=True):
        if state and hasattr(callback, "load_state_dict"):
            try:
                callback.load_state_dict(state)
            except ArgumentError as error:
                raise _defect(path, f"callback {name}: {error}") from error
            except Exception as error:
                raise _blamed(name, "load_state_dict", error) from error
    copy_all(run.live_arrays, live)
    loss_sum, seconds = arrays["sums"].tolist()
    run.continue_from(progress.epoch, progress.batch, progress.seed, progress.learning_rate, loss_sum, seconds)
    history = run.history
    history.stopped = progress.stopped
    history.loss, history.validation_loss, history.learning_rate, history.seconds = (
        lists.pop(name).tolist() for name in _lists(History())
    )
    rest = [values.tolist() for values in lists.values()]
    n_parameters = len(history.loss_parameters)
    history.loss_parameters = dict(zip(history.loss_parameters, rest[:n_parameters], strict=True))
    history.metrics = dict(zip(history.metrics, rest[n_parameters:], strict=True))


def _require_same_run(
    run: TrainingRun, identity: Mapping[str, Any], saved: Mapping[str, Any], progress: Progress, path: Path
) -> None:
    mine = {**identity, "seed": progress.seed if run.settings.seed is None else run.history.seed}
    for name, value in mine.items():
        theirs = progress.seed if name == "seed" else saved[name]
        if value != theirs:
            what = f"{name} is {shown(value)} and was {shown(theirs)}"
            if isinstance(value, list) and isinstance(theirs, list) and name in ("data", "validation"):
                what = f"{name} has changed"
            raise ArgumentError(
                f"{path} is a checkpoint of another run: {what}; use the same settings to continue it, or "
                f"Checkpoint(..., resume=False) to start over"
            )
    if type(progress.epoch) is int and progress.epoch > run.n_epochs:
        raise ArgumentError(
            f"{path} is a checkpoint after {progress.epoch} epochs, and n is {run.n_epochs}; ask for at least as many, "
            f"or use Checkpoint(..., resume=False) to start over"
        )


def _require_possible(run: TrainingRun, progress: Progress, lists: Mapping[str, Array], sums: Array) -> None:
    """Raise ValueError unless the progress, the history and the sums of the epoch can be those of this run."""
    epoch, batch, seed, learning_rate, stopped = progress
    if not all(type(each) is int and each >= 0 for each in (epoch, batch, seed)):
        raise ValueError(f"epoch, batch and seed are {epoch!r}, {batch!r} and {seed!r}")
    if batch >= run.plan.batches_per_epoch or (batch and epoch >= run.n_epochs):
        raise ValueError(f"batch is {batch} of {run.plan.batches_per_epoch} in epoch {epoch} of {run.n_epochs}")
    if type(learning_rate) is not float or not 0 <= learning_rate < math.inf:
        raise ValueError(f"learning_rate is {learning_rate!r}")
    if not (stopped is None or isinstance(stopped, str)):
        raise ValueError(f"stopped is {stopped!r}")
    for name, values in lists.items():
        expected = epoch if name != "validation_loss" or run.has_validation else 0
        if values.shape != (expected,) or values.dtype != np.float64:
            raise ValueError(f"the history of {name} is not that of {expected} epochs")
        if name in ("loss", "learning_rate", "seconds") and not np.isfinite(values).all():
            raise ValueError(f"the history of {name} has numbers that are not finite")
    if sums.shape != (2,) or sums.dtype != np.float64 or not np.isfinite(sums).all():
        raise ValueError("the sums of the epoch are not two finite numbers")


def _require_alike(run: TrainingRun, progress: Progress, saved: Sequence[Array]) -> None:
    """Raise ValueError unless saved arrays can take the place of live ones."""
    for mine, theirs in zip(run.live_arrays, saved, strict=True):
        if mine.shape != theirs.shape or mine.dtype != theirs.dtype or not np.isfinite(theirs).all():
            raise ValueError(
                f"an array has shape {theirs.shape} and dtype {theirs.dtype}; expected finite numbers of shape "
                f"{mine.shape} and dtype {mine.dtype}"
            )
    made = progress.epoch * run.plan.batches_per_epoch + progress.batch
    # The last array counts the updates of the optimizer's state; without an optimizer, not all engines count.
    updates = int(saved[-1])
    # A run may have been stopped within its last epoch.
    fewest = made - run.plan.batches_per_epoch + 1 if progress.stopped is not None and not progress.batch else made
    if not (fewest if run.settings.optimizer is not None else 0) <= updates <= made:
        raise ValueError(f"the number of updates is {updates} after {made} batches")


def _defect(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"{path} is a checkpoint with something wrong or missing ({what}); remove the file to start over"
    )


def _states_in_order(
    run: TrainingRun, kept: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]
) -> list[dict[str, Any]]:
    """Return the state of each callback of the run; of several with the same name, the first gets the first state."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for each in kept:
        by_name.setdefault(each["name"], []).append(unpacked(each["state"], arrays))
    return [by_name[name].pop(0) if by_name.get(name) else {} for name, _ in run.callbacks.named]


def _blamed(name: str, method: str, error: Exception) -> PluginError:
    return PluginError(f"callback {name}, {method}: {one_line(error)}; the run is unchanged", hook=method)


def _lists(history: History) -> dict[str, list[float]]:
    """Return what a history has for each epoch, under names that a file can have."""
    metrics = {f"metric_{i}": values for i, values in enumerate(history.metrics.values())}
    parameters = {f"loss_parameter_{i}": values for i, values in enumerate(history.loss_parameters.values())}
    lists = {"loss": history.loss, "validation_loss": history.validation_loss}
    return lists | {"learning_rate": history.learning_rate, "seconds": history.seconds} | parameters | metrics

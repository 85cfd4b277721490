"""The state of a training run, into a file and back.

What a run does next follows from its settings, its seed, and what is kept here: weights, the optimizer's state, how
many epochs and batches are done, what was seen, and the state of the callbacks that have one. A file is taken only by a
run with the settings of the run that wrote it, and everything in it is checked before anything is changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.errors import ArgumentError, ModelFileError, PluginError, one_line, shown
from nnframe.history import History
from nnframe.saving.archive import read_archive, write_archive
from nnframe.saving.files import CHECKPOINT, KIND, is_checkpoint
from nnframe.training.callback_state import packed, unpacked

if TYPE_CHECKING:
    from nnframe.data import Pairs
    from nnframe.training.run import TrainingRun

# What can be gone through in a moment, before a run begins.
BYTES_LOOKED_AT = 2**28
ROWS_LOOKED_AT = 1000


class Counters(NamedTuple):
    """How far a run is, and whether a callback has stopped it."""

    epoch: int
    batch: int
    seed: int
    stopped: str | None


def write_checkpoint(run: TrainingRun, path: Path, settings: Mapping[str, Any]) -> None:
    """Write the state of a run; the file that may be there is replaced in one step.

    Parameters
    ----------
    run : TrainingRun
    path : pathlib.Path
    settings : mapping
        What `settings_of` returned when the run began.

    Raises
    ------
    ModelFileError
        If the file can't be written.
    PluginError
        If a callback's state can't be kept.
    """
    arrays = {f"live/{i}": array for i, array in enumerate(run.live_arrays)}
    arrays |= {f"history/{name}": np.asarray(values, np.float64) for name, values in _lists(run.history).items()}
    # JSON has no NaN, and so no numbers of a run.
    arrays["sums"] = np.array([run.loss_sum, run.seconds])
    states = []
    for i, (name, callback) in enumerate(run.callbacks):
        if hasattr(callback, "state_dict"):
            try:
                states.append({"name": name, "state": packed(callback.state_dict(), f"callbacks/{i}", arrays)})
            except Exception as error:
                raise _blamed(name, "state_dict", error) from error
        else:
            states.append({"name": name, "state": {}})
    counters = Counters(run.epoch, run.batch, run.history.seed, run.history.stopped)
    manifest = {KIND: CHECKPOINT, "settings": dict(settings), **counters._asdict(), "callbacks": states}
    write_archive(path, manifest, arrays)


def read_checkpoint(run: TrainingRun, path: Path, settings: Mapping[str, Any]) -> None:
    """Bring a run that has not begun to where the run was that wrote the file.

    Parameters
    ----------
    run : TrainingRun
    path : pathlib.Path
    settings : mapping
        What `settings_of` returns for the run.

    Raises
    ------
    ModelFileError
        If the file is no checkpoint, or damaged.
    ArgumentError
        If it is one of a run with other settings.
    PluginError
        If a callback can't take its state back. Nothing else has changed then.
    """
    manifest, arrays = read_archive(path)
    if not is_checkpoint(manifest):
        raise ModelFileError(f"{path} is no checkpoint of a training run; give another path, or remove the file")
    try:
        counters = Counters(*(manifest[name] for name in Counters._fields))
        _require_same_settings(run, settings, manifest["settings"], counters, path)
        lists = {name: arrays[f"history/{name}"].tolist() for name in _lists(run.history)}
        live = [arrays[f"live/{i}"] for i in range(len(run.live_arrays))]
        loss_sum, seconds = map(float, arrays["sums"])
        _require_counts(run, counters, lists)
        _require_alike(run.live_arrays, live)
        states = _states_in_order(run, manifest["callbacks"], arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ModelFileError(
            f"{path} is a checkpoint in which something is wrong or missing ({one_line(error)}); remove the file to "
            f"begin anew"
        ) from error
    for (name, callback), state in zip(run.callbacks, states, strict=True):
        if state and hasattr(callback, "load_state_dict"):
            try:
                callback.load_state_dict(state)
            except Exception as error:
                raise _blamed(name, "load_state_dict", error) from error
    copy_all(run.live_arrays, live)
    run.go_on_from(counters.epoch, counters.batch, counters.seed, loss_sum, seconds)
    history = run.history
    history.stopped = counters.stopped
    history.loss, history.validation_loss, history.seconds = (lists.pop(name) for name in _lists(History()))
    history.metrics = dict(zip(history.metrics, lists.values(), strict=True))


def settings_of(run: TrainingRun) -> dict[str, Any]:
    """Return what decides what a run does, as JSON.

    Data of more than `BYTES_LOOKED_AT` is told apart by some of its rows alone, and plugins by their names and
    parameters.
    """
    task, optimization = run.task, run.plan.optimization
    rule = task.rule
    return {
        "layers": [[*layer.weights.shape, _spec(layer.activation.plugin)] for layer in task.layers],
        "dtype": str(task.layers[0].weights.dtype),
        "loss": task.objective.plugin.spec,
        "engine": run.engine.spec,
        "optimizer": _spec(optimization.optimizer),
        "learning_rate": optimization.learning_rate,
        "schedule": _spec(optimization.schedule),
        "l1": rule.l1,
        "l2": rule.l2,
        "clip_value": rule.clip_value,
        "clip_norm": rule.clip_norm,
        "dropout": list(task.dropout),
        "batch_size": run.plan.batch_size,
        "shuffle": run.plan.shuffle,
        "validation": run.plan.held_out_share if run.validation_data is None else _digest_of(run.validation_data),
        "metrics": list(run.metrics),
        "data": _digest_of(task.data),
        "sample_weights": None if task.sample_weights is None else zlib.crc32(task.sample_weights.tobytes()),
        # With a schedule, what an epoch does depends on how many there will be.
        "n": run.n_epochs if optimization.schedule is not None else None,
    }


def _require_same_settings(
    run: TrainingRun, settings: Mapping[str, Any], saved: Mapping[str, Any], counters: Counters, path: Path
) -> None:
    mine = {**settings, "seed": counters.seed if run.seed_was_drawn else run.history.seed}
    for name, value in mine.items():
        theirs = counters.seed if name == "seed" else saved[name]
        if value != theirs:
            what = f"{name} is {shown(value)} and was {shown(theirs)}"
            if isinstance(value, list) and isinstance(theirs, list) and name in ("data", "validation"):
                what = f"{name} is not what it was"
            raise ArgumentError(
                f"{path} is a checkpoint of another run: {what}; run with the same settings to go on, or with "
                f"Checkpoint(..., resume=False) to begin anew"
            )
    if type(counters.epoch) is int and counters.epoch > run.n_epochs:
        raise ArgumentError(
            f"{path} is a checkpoint after {counters.epoch} epochs, and n is {run.n_epochs}; ask for as many at least, "
            f"or run with Checkpoint(..., resume=False) to begin anew"
        )


def _require_counts(run: TrainingRun, counters: Counters, lists: Mapping[str, list[float]]) -> None:
    """Raise ValueError unless the counters and the history can be those of this run."""
    epoch, batch, seed, stopped = counters
    if not all(type(each) is int and each >= 0 for each in (epoch, batch, seed)):
        raise ValueError(f"epoch, batch and seed are {epoch!r}, {batch!r} and {seed!r}")
    if batch >= run.plan.batches_per_epoch or (batch and epoch >= run.n_epochs):
        raise ValueError(f"batch is {batch} of {run.plan.batches_per_epoch} in epoch {epoch} of {run.n_epochs}")
    if not (stopped is None or isinstance(stopped, str)):
        raise ValueError(f"stopped is {stopped!r}")
    for name, values in lists.items():
        wanted = epoch if name != "validation_loss" or run.has_validation else 0
        if not isinstance(values, list) or len(values) != wanted:
            raise ValueError(f"the history of {name} is not that of {wanted} epochs")


def _require_alike(live: Sequence[Array], saved: Sequence[Array]) -> None:
    """Raise ValueError unless saved arrays can take the place of live ones."""
    for mine, theirs in zip(live, saved, strict=True):
        if mine.shape != theirs.shape or mine.dtype != theirs.dtype or not np.isfinite(theirs).all():
            raise ValueError(
                f"an array of shape {theirs.shape} and dtype {theirs.dtype}; wanted finite numbers, of shape "
                f"{mine.shape} and dtype {mine.dtype}"
            )


def _states_in_order(
    run: TrainingRun, kept: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]
) -> list[dict[str, Any]]:
    """Return the state of each callback of the run: of several with one name, the first has that of the first."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for each in kept:
        by_name.setdefault(each["name"], []).append(unpacked(each["state"], arrays))
    return [by_name[name].pop(0) if by_name.get(name) else {} for name, _ in run.callbacks]


def _blamed(name: str, method: str, error: Exception) -> PluginError:
    return PluginError(f"callback {name}, {method}: {one_line(error)}; the run is as it was", hook=method)


def _digest_of(data: Pairs) -> list[int]:
    """Return the shapes of a data set, and a check sum over its rows, or over some if there are very many."""
    count = len(data)
    if data.X.nbytes + data.Y.nbytes > BYTES_LOOKED_AT:
        count = ROWS_LOOKED_AT
    crc = 0
    for rows in np.array_split(np.unique(np.linspace(0, len(data) - 1, count).astype(int)), -(-count // 4096)):
        crc = zlib.crc32(data.Y[rows].tobytes(), zlib.crc32(data.X[rows].tobytes(), crc))
    return [len(data), data.X.shape[1], data.Y.shape[1], crc]


def _lists(history: History) -> dict[str, list[float]]:
    """Return what a history has for each epoch, under names that a file can have."""
    metrics = {f"metric_{i}": values for i, values in enumerate(history.metrics.values())}
    lists = {"loss": history.loss, "validation_loss": history.validation_loss, "seconds": history.seconds}
    return lists | metrics


def _spec(plugin: Any) -> str | None:
    return plugin.spec if plugin is not None else None

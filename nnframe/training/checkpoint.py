"""The state of a training run, into a file and back.

What a run does next follows from its settings, its seed, and what is kept here: weights, the optimizer's state, how
many epochs and batches are done, what was seen, and the state of the callbacks that have one. A file is taken only by a
run with the settings of the run that wrote it, and everything in it is checked before anything is changed.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError, ModelFileError, shown
from nnframe.history import History
from nnframe.saving.archive import read_archive, write_archive

if TYPE_CHECKING:
    from nnframe.data import Pairs
    from nnframe.training.run import TrainingRun

KIND = "checkpoint"
# Enough rows to tell one data set from another, few enough to cost nothing.
ROWS_LOOKED_AT = 64


class Counters(NamedTuple):
    """How far a run is; all that it adds up within an epoch is a float64 array, for JSON has no NaN."""

    epoch: int
    batch: int
    seed: int
    stopped: str | None


def write_checkpoint(run: TrainingRun, path: Path) -> None:
    """Write the state of a run; the file that may be there is replaced in one step.

    Raises
    ------
    ModelFileError
        If the file can't be written.
    """
    arrays = {f"live/{i}": array for i, array in enumerate(run.live_arrays)}
    arrays |= {f"history/{name}": np.asarray(values) for name, values in _lists(run.history).items()}
    arrays["sums"] = np.array([run.loss_sum, run.seconds])
    states = []
    for i, (name, callback) in enumerate(run.callbacks):
        state: dict[str, Any] = getattr(callback, "state_dict", dict)()
        states.append({"name": name, "state": _packed(state, f"callbacks/{i}", arrays)})
    counters = Counters(run.epoch, run.batch, run.history.seed, run.history.stopped)
    manifest = {"kind": KIND, "settings": settings_of(run), **counters._asdict(), "callbacks": states}
    write_archive(path, manifest, arrays)


def read_checkpoint(run: TrainingRun, path: Path) -> None:
    """Bring a run that has not begun to where the run was that wrote the file.

    Raises
    ------
    ModelFileError
        If the file is no checkpoint, or damaged.
    ArgumentError
        If it is one of a run with other settings.
    """
    manifest, arrays = read_archive(path)
    if manifest.get("kind") != KIND:
        raise ModelFileError(f"{path} is no checkpoint of a training run; give another path, or remove the file")
    try:
        counters = Counters(*(manifest[name] for name in Counters._fields))
        _require_same_settings(run, manifest["settings"], counters, path)
        lists = {name: arrays[f"history/{name}"].tolist() for name in _lists(run.history)}
        live = [arrays[f"live/{i}"] for i in range(len(run.live_arrays))]
        loss_sum, seconds = arrays["sums"].tolist()
        kept = {each["name"]: _unpacked(each["state"], arrays) for each in manifest["callbacks"]}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ModelFileError(
            f"{path} is a checkpoint in which something is missing ({shown(error)}); remove the file to begin anew"
        ) from error
    for array, saved in zip(run.live_arrays, live, strict=True):
        if array.shape != saved.shape or array.dtype != saved.dtype:
            raise ModelFileError(
                f"{path} has an array of shape {saved.shape} and dtype {saved.dtype}; wanted {array.shape} and "
                f"{array.dtype}; remove the file to begin anew"
            )
    for name, callback in run.callbacks:
        if name in kept and hasattr(callback, "load_state_dict"):
            callback.load_state_dict(kept[name])
    for array, saved in zip(run.live_arrays, live, strict=True):
        np.copyto(array, saved)
    run.go_on_from(counters.epoch, counters.batch, counters.seed, loss_sum, seconds)
    history = run.history
    history.stopped = counters.stopped
    history.loss, history.validation_loss, history.seconds = (lists.pop(name) for name in _lists(History()))
    history.metrics = dict(zip(history.metrics, lists.values(), strict=True))


def settings_of(run: TrainingRun) -> dict[str, Any]:
    """Return all that decides what a run does, as JSON."""
    task, descent = run.task, run.plan.descent
    rule = task.rule
    return {
        "layers": [[*layer.weights.shape, _spec(layer.activation.plugin)] for layer in task.layers],
        "dtype": str(task.layers[0].weights.dtype),
        "loss": task.objective.plugin.spec,
        "engine": run.engine.spec,
        "optimizer": _spec(descent.optimizer),
        "learning_rate": descent.learning_rate,
        "schedule": _spec(descent.schedule),
        "l1": rule.l1,
        "l2": rule.l2,
        "clip_value": rule.clip_value,
        "clip_norm": rule.clip_norm,
        "dropout": list(task.dropout),
        "batch_size": run.plan.batch_size,
        "batches_per_part": run.batches_per_part,
        "shuffle": run.plan.shuffle,
        "validation": run.plan.held_out_share,
        "metrics": list(run.metrics),
        "data": _digest_of(task.data),
        "sample_weights": None if task.sample_weights is None else zlib.crc32(task.sample_weights.tobytes()),
        # With a schedule, what an epoch does depends on how many there will be.
        "n": run.n_epochs if descent.schedule is not None else None,
    }


def _require_same_settings(run: TrainingRun, saved: Mapping[str, Any], counters: Counters, path: Path) -> None:
    mine = settings_of(run) | {"seed": counters.seed if run.seed_was_drawn else run.history.seed}
    for name, value in mine.items():
        theirs = counters.seed if name == "seed" else saved[name]
        if value != theirs:
            what = f"{name} is {shown(value)} and was {shown(theirs)}"
            if name in ("data", "sample_weights"):
                what = f"{name} is not what it was"
            raise ArgumentError(
                f"{path} is a checkpoint of another run: {what}; run with the same settings to go on, or with "
                f"Checkpoint(..., resume=False) to begin anew"
            )


def _digest_of(data: Pairs) -> list[int]:
    """Return the shapes of a data set, and a check sum over some of its rows."""
    rows = np.unique(np.linspace(0, len(data) - 1, ROWS_LOOKED_AT).astype(int))
    crc = zlib.crc32(
        np.ascontiguousarray(data.Y[rows]).tobytes(), zlib.crc32(np.ascontiguousarray(data.X[rows]).tobytes())
    )
    return [len(data), data.X.shape[1], data.Y.shape[1], crc]


def _lists(history: History) -> dict[str, list[float]]:
    """Return what a history has for each epoch, under names that a file can have."""
    metrics = {f"metric_{i}": values for i, values in enumerate(history.metrics.values())}
    lists = {"loss": history.loss, "validation_loss": history.validation_loss, "seconds": history.seconds}
    return lists | metrics


def _spec(plugin: Any) -> str | None:
    return plugin.spec if plugin is not None else None


def _packed(state: Mapping[str, Any], prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
    """Return a callback's state as JSON; its arrays, alone or in lists, are put beside the others."""
    packed: dict[str, Any] = {}
    for key, value in state.items():
        many = isinstance(value, (list, tuple))
        if isinstance(value, np.ndarray) or (many and all(isinstance(each, np.ndarray) for each in value)):
            names = [f"{prefix}/{key}/{i}" for i in range(len(value) if many else 1)]
            arrays.update(zip(names, value if many else [value], strict=True))
            packed[key] = {"arrays": names, "is_list": many}
        elif isinstance(value, float) and not math.isfinite(value):
            packed[key] = {"float": str(value)}
        else:
            packed[key] = {"value": value}
    return packed


def _unpacked(packed: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for key, value in packed.items():
        if "arrays" in value:
            found = [arrays[name] for name in value["arrays"]]
            state[key] = found if value["is_list"] else found[0]
        else:
            state[key] = float(value["float"]) if "float" in value else value["value"]
    return state

"""What the processes of a run agree on before it starts, and what process 0 tells the others in its course."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.arrays import Array, copy_all
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.team import Team
from nnframe.data import Pairs
from nnframe.errors import DataError
from nnframe.history import History
from nnframe.training.callback_runner import TRAIN_END, TRAIN_START
from nnframe.training.run import TrainingRun
from nnframe.training.sample_weights import class_counts, require_some_weight
from nnframe.training.together import gathered, in_first, require_same
from nnframe.version import __version__


class ShardLayout(NamedTuple):
    """The shards of all processes: their lengths, and the number of this process's first one, and how many it has."""

    lengths: tuple[int, ...]
    first: int
    n_own: int


def shards_of(team: Team, samples: Pairs) -> ShardLayout:
    """Return the shards of all processes.

    Raises
    ------
    DataError
        If none has samples.
    """
    told = gathered(team, lambda: shard_lengths(samples))
    lengths = tuple(length for each in told for length in each)
    if not any(lengths):
        raise DataError("data is empty in every process; expected at least one pair (x, y) of columns in one of them")
    return ShardLayout(lengths, sum(map(len, told[: team.rank])), len(told[team.rank]))


def shard_lengths(samples: Pairs) -> tuple[int, ...]:
    """Return the numbers of samples of the shards in a data set."""
    lengths: tuple[int, ...] = getattr(samples, "lengths", (len(samples),))
    return lengths


def total_class_counts(team: Team, samples: Pairs) -> Array:
    """Return the number of samples of each class in all processes."""
    counts: Array = np.sum(gathered(team, lambda: class_counts(samples)), axis=0)
    return counts


def require_weight_somewhere(team: Team, weights: Array | None) -> None:
    """Raise `DataError` unless a sample of a process has a weight above 0."""
    require_some_weight(any(gathered(team, lambda: weights is None or bool(weights.any()))))


def agree(run: TrainingRun) -> None:
    """Make sure that all processes train the same net in the same way, starting from the weights of process 0.

    Raises
    ------
    EngineError
        In all processes, with what differs.
    """
    team = run.team
    if team.size == 1:
        return
    # A process that trains alone needs no identity.
    from nnframe.training.run_identity import data_digests, identity_of

    settings, n_in = run.settings, run.task.data.X.shape[1]
    require_same(
        team,
        {
            "versions": _versions(run),
            "engine": settings.engine.spec,
            "seed": settings.seed,
            "n": settings.n,
            "callbacks": [name for name, _ in run.callbacks.named],
        },
    )
    if team.has_shards:
        told = gathered(team, lambda: _digests_of_shards(run))
        run.digests = {name: _joined([each[name] for each in told]) for name in told[0]}
    else:
        run.digests = data_digests(run)
    require_same(team, {**identity_of(run), "n_in": n_in})
    take_over_unless_same(team, run.live_arrays)


def tell_others(run: TrainingRun, hook: str) -> None:
    """Call the callbacks for a hook in process 0, and let all processes take over what they decide and change.

    Raises
    ------
    NNFrameError
        In all processes, if a callback fails.
    """
    if run.team.size == 1:
        if run.callbacks.named:
            _call(run, hook)
        return
    if not run.callbacks.has(hook):
        return

    def call() -> _Decisions:
        arrays = changed_by(lambda: _call(run, hook), run.live_arrays)
        starts = hook == TRAIN_START
        progress = (run.epoch, run.batch, run.plan.seed, run.learning_rate, run.loss_sum, run.seconds)
        return _Decisions(
            run.learning_rate,
            run.history.stopped,
            run.batches_per_part,
            arrays,
            progress,
            run.history if starts else None,
        )

    decided = in_first(run.team, call)
    if run.team.rank == 0:
        return
    if decided.arrays is not None:
        copy_all(run.live_arrays, decided.arrays)
    if decided.history is not None:
        run.continue_from(*decided.progress)
        run.history.__dict__.update(vars(decided.history))
    if run.learning_rate != decided.learning_rate:
        run.learning_rate = decided.learning_rate
    run.history.stopped, run.batches_per_part = decided.stopped, decided.batches_per_part


class _Decisions(NamedTuple):
    """What callbacks may have decided and changed in process 0."""

    learning_rate: float
    stopped: str | None
    batches_per_part: int | None
    arrays: list[Array] | None
    progress: tuple[int, int, int, float, float, float]
    history: History | None


def _call(run: TrainingRun, hook: str) -> None:
    if hook == TRAIN_START:
        run.callbacks.start(run)
    elif hook == TRAIN_END:
        run.callbacks.end(run)
    else:
        run.callbacks.call(hook, run)


def checksum_of(arrays: Iterable[Array]) -> int:
    """Return a number that tells arrays of other numbers apart."""
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).data, crc)
    return crc


def changed_by(call: Callable[[], object], arrays: list[Array]) -> list[Array] | None:
    """Make a call, and return the arrays if it has changed any of their numbers."""
    before = checksum_of(arrays)
    call()
    return arrays if checksum_of(arrays) != before else None


def take_over_unless_same(team: Team, arrays: list[Array]) -> None:
    """Overwrite arrays by those of process 0, unless all processes have the same."""
    # A checksum is quicker to send than the weights, which are usually the same.
    if len(set(gathered(team, lambda: checksum_of(arrays)))) > 1:
        theirs = in_first(team, lambda: arrays)
        if team.rank > 0:
            copy_all(arrays, theirs)


def _versions(run: TrainingRun) -> dict[str, str]:
    """Return the versions of nnframe, numpy, and whatever provides the plugins of a run."""
    settings = run.settings
    plugins: list[Plugin | None] = [layer.activation.plugin for layer in run.task.layers]
    plugins += [settings.engine, settings.loss, settings.optimizer, settings.schedule, *settings.metrics.values()]
    found = {"nnframe": __version__, "numpy": np.__version__}
    for plugin in plugins:
        provider = None if plugin is None else registry.provider_of(plugin)
        if provider is not None and provider != registry.BUILTIN_PROVIDER:
            found[provider.name] = str(provider.version)
    return found


def _digests_of_shards(run: TrainingRun) -> dict[str, Any]:
    """Return by what name data is known, and for each shard of this process what identifies it."""
    from nnframe.training.run_identity import data_digests

    whole = run.task
    parts = []
    start = 0
    for length in shard_lengths(whole.data):
        rows = slice(start, start + length)
        weights = None if whole.sample_weights is None else whole.sample_weights[rows]
        parts.append(data_digests(run, whole.data[rows], weights))
        start += length
    found = {name: [part[name] for part in parts] for name in ("data", "sample_weights")}
    if run.validation_data is None:
        return {**found, "validation": run.plan.held_out_share}
    validation, start, digests = run.validation_data, 0, []
    for length in shard_lengths(validation):
        digests.append(data_digests(run, validation[start : start + length], None)["data"])
        start += length
    return {**found, "validation": digests}


def _joined(told: list[Any]) -> Any:
    """Return the digest of what all processes have, which doesn't depend on how many they are."""
    if not isinstance(told[0], list):
        return told[0]
    shards = [each for of_process in told for each in of_process]
    if all(each is None for each in shards):
        return None
    return [len(shards), zlib.crc32(repr(shards).encode())]

"""A trainer in each of several processes, which make every update together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import Array, copy_all
from nnframe.contracts.team import Team
from nnframe.errors import EngineError
from nnframe.history import History
from nnframe.training.agreement import changed_by, checksum_of, take_over_unless_same
from nnframe.training.callback_runner import CallbackRunner
from nnframe.training.run import Net
from nnframe.training.settings import Settings
from nnframe.training.together import at_work, everywhere, gathered, in_first, require_same
from nnframe.training.trainer import Trainer
from nnframe.training.trainer_run import TrainerRun
from nnframe.training.trainer_state import identity_of_trainer
from nnframe.version import __version__


class TeamTrainer(Trainer):
    """A trainer of several processes, all of which make the same calls with the same columns.

    Each computes its share of an update, and all have the same weights. Process 0 calls the callbacks and writes files.

    Parameters
    ----------
    net : nNet
    settings : Settings
    team : Team
    steps_per_epoch, check_every : int

    Raises
    ------
    EngineError
        In all processes, if they don't have the same net and settings, or have shards.
    """

    is_for_teams = True

    def __init__(self, net: Net, settings: Settings, team: Team, steps_per_epoch: int, check_every: int) -> None:
        if team.has_shards:
            raise EngineError(
                f"the engine {settings.engine.spec} takes other samples in each process, and a trainer the same ones; "
                f"leave shards=true out, or use net.nEpochs"
            )
        self._team = team
        with at_work(team):
            start = super().__init__
            everywhere(team, lambda: start(net, settings, steps_per_epoch, check_every))
            versions = {"nnframe": __version__, "numpy": np.__version__}
            require_same(team, {"versions": versions, "engine": settings.engine.spec, **identity_of_trainer(self)})
            self.seed = self.history.seed = in_first(team, lambda: self.seed)
            take_over_unless_same(team, self._live)
            self.check()

    @property
    def _live(self) -> list[Array]:
        return [*self.weights, *self.bound.rule.state.arrays]

    def step(self, x: Any, y: Any, sample_weights: Any = None) -> float:
        """Make one update as `Stepping.step` does, with the same columns in all processes.

        Raises
        ------
        EngineError
            In all processes, if they passed other numbers or have another learning rate or l2.
        NNFrameError
            In all processes, what `Stepping.step` raises in one.
        """
        with at_work(self._team):
            columns = everywhere(self._team, lambda: self._checks.checked(x, y, sample_weights))
            weights = [] if columns[2] is None else [columns[2]]
            checked = checksum_of(columns[:2]), checksum_of(weights)
            facts = gathered(self._team, lambda: (*checked, self.learning_rate, self._l2))
            for rank, theirs in enumerate(facts):
                if theirs != facts[0]:
                    same = [mine == other for mine, other in zip(facts[0], theirs, strict=True)]
                    what = ("x or y", "sample_weights", "learning_rate", "l2")[same.index(False)]
                    raise EngineError(
                        f"{what} has other numbers in process {rank} than in process 0; expected the same in all "
                        f"{self._team.size}, each of which computes its share of the columns"
                    )
            return self.step_checked(*columns)

    def run(self, batches: Iterable[tuple[Any, Any]], callbacks: Iterable[Any] = (), *, rows: bool = False) -> History:
        """Do what `Trainer.run` does, with the same pairs in all processes; Ctrl-C in one ends it in all."""
        with at_work(self._team):
            return super().run(batches, callbacks, rows=rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Do what `Trainer.save` does, in process 0; the others wait for it, and raise what it raises."""
        save = super().save
        with at_work(self._team):
            in_first(self._team, lambda: save(path))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Do what `Trainer.load` does in all processes, which have to see the file."""
        load = super().load
        with at_work(self._team):
            everywhere(self._team, lambda: load(path))

    def _attend(self) -> None:
        # Whoever has assigned weights in one process alone would go on training another net there.
        take_over_unless_same(self._team, self._live)
        super()._attend()

    def _callback_runner(self, callbacks: list[Any]) -> TeamCallbackRunner:
        return TeamCallbackRunner(everywhere(self._team, lambda: CallbackRunner(callbacks)), self._team, self._live)

    def _batches(self, batches: Any) -> Iterator[Any]:
        """Yield the pairs of all processes, which have to end together."""
        pairs = everywhere(self._team, lambda: super(TeamTrainer, self)._batches(batches))
        found: list[Any] = []
        while True:
            found.clear()

            def take() -> bool:
                found.extend(islice(pairs, 1))
                return bool(found)

            with at_work(self._team):
                have = gathered(self._team, take)
            if not all(have):
                break
            yield found[0]
        if any(have):
            raise EngineError(
                f"process {have.index(False)} of {self._team.size} has no more batches, and process "
                f"{have.index(True)} has; expected the same batches in all"
            )


class _Decisions(NamedTuple):
    """What callbacks may have decided and changed in process 0."""

    learning_rate: float
    stopped: str | None
    arrays: list[Array] | None


class TeamCallbackRunner:
    """Calls callbacks in process 0, and lets the others take over what they decide."""

    def __init__(self, inner: CallbackRunner, team: Team, live: list[Array]) -> None:
        self._inner, self._team, self._live = inner, team, live

    def has(self, hook: str) -> bool:
        """Return whether there is a callback for a hook."""
        return self._inner.has(hook)

    def start(self, run: TrainerRun) -> None:
        """Call the callbacks before the first update."""
        self._decide(run, lambda: self._inner.start(run))

    def call(self, hook: str, run: TrainerRun) -> None:
        """Call the callbacks for a hook."""
        if self.has(hook):
            self._decide(run, lambda: self._inner.call(hook, run))

    def end(self, run: TrainerRun) -> None:
        """Call the callbacks at the end."""
        self._decide(run, lambda: self._inner.end(run))

    def _decide(self, run: TrainerRun, call: Callable[[], object]) -> None:
        def decide() -> _Decisions:
            arrays = changed_by(call, self._live)
            return _Decisions(run.learning_rate, run.history.stopped, arrays)

        with at_work(self._team):
            decided = in_first(self._team, decide)
        if self._team.rank == 0:
            return
        if decided.arrays is not None:
            copy_all(self._live, decided.arrays)
        run.learning_rate, run.history.stopped = decided.learning_rate, decided.stopped

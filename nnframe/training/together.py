"""What several processes do together in a run: agree, decide, and fail, all of them or none.

Whatever one process may fail in, all of them do in step: each does its part, all learn how it went, and if it failed in
one, all raise. So no process waits for another that has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from nnframe import errors
from nnframe.arrays import Array
from nnframe.contracts.engine import Engine
from nnframe.contracts.team import Team
from nnframe.errors import EngineError, NNFrameError, one_line, shown
from nnframe.registry.engine_binding import bind_team

T = TypeVar("T")


class Alone:
    """The team of a process that trains by itself."""

    rank, size, has_shards = 0, 1, False

    def gather(self, value: Any) -> list[Any]:
        """Return the value."""
        return [value]

    def add_up(self, array: Array) -> None:
        """Leave the array as it is."""

    def begin(self) -> None:
        """Do nothing."""

    def raise_interrupt(self) -> None:
        """Do nothing: an interrupt doesn't wait."""

    def end(self) -> None:
        """Do nothing."""


ALONE = Alone()


class Rounds:
    """Work that all processes do with the same number of sums, of which each may fail in one of them.

    Parameters
    ----------
    team : Team
    """

    def __init__(self, team: Team) -> None:
        self._team, self._all_know = team, False

    def run(self, work: Callable[[], T]) -> T:
        """Return the result of this process's work; if it fails in one, all raise.

        All others learn of it in their next `agree`, which they call before anything changes.
        """
        self._all_know = False
        try:
            return work()
        except BaseException as error:
            if self._team.size > 1 and not self._all_know:
                self._team.gather((None, failure_of(error)))
            raise

    def agree(self) -> None:
        """Raise if the work has failed in another process."""
        if self._team.size == 1:
            return
        try:
            gathered(self._team, _nothing)
        except BaseException:
            self._all_know = True
            raise

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over all processes, unless the work has failed in one."""
        self.agree()
        try:
            self._team.add_up(array)
        except BaseException:
            self._all_know = True
            raise


class Failure(NamedTuple):
    """How a process failed, as the others are told."""

    kind: type[BaseException]
    message: str
    attributes: dict[str, Any]


def team_of(engine: Engine) -> Team:
    """Return the processes that make a run with an engine together; raises what the engine does."""
    return bind_team(engine) or ALONE


@contextmanager
def at_work(team: Team) -> Iterator[None]:
    """Keep interrupts of the process until all processes can be told."""
    team.begin()
    try:
        yield
    finally:
        team.end()


def gathered(team: Team, work: Callable[[], T]) -> list[T]:
    """Do some work in every process, and return the results, in the order of the processes.

    Parameters
    ----------
    team : Team
    work : callable
        Its result must pickle.

    Raises
    ------
    BaseException
        If the work fails in a process: its own error there, and in all others one of the same type that names the
        process.
    """
    if team.size == 1:
        return [work()]
    result: T | None = None
    failed: BaseException | None = None
    try:
        team.raise_interrupt()
        result = work()
    except BaseException as error:
        failed = error
    told = team.gather((result, failure_of(failed)))
    if failed is not None:
        raise failed
    raise_first(team, [failure for _, failure in told])
    return [each for each, _ in told]


def everywhere(team: Team, work: Callable[[], T]) -> T:
    """Do some work in every process and return this one's result, which need not pickle; raises as `gathered` does."""
    if team.size == 1:
        return work()
    results: list[T] = []
    gathered(team, lambda: results.append(work()))
    return results[0]


def in_first(team: Team, work: Callable[[], T]) -> T:
    """Do some work in process 0 and return its result in all; takes and raises what `gathered` does."""
    if team.size == 1:
        return work()
    nothing: Callable[[], Any] = _nothing
    result: T = gathered(team, work if team.rank == 0 else nothing)[0]
    return result


def failure_of(error: BaseException | None) -> Failure | None:
    """Return what the other processes are told about an error."""
    if error is None:
        return None
    if isinstance(error, KeyboardInterrupt):
        return Failure(KeyboardInterrupt, " was interrupted", {})
    # Of classes that all processes can import.
    known = next((kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__), None)
    if known is None or known is NNFrameError:
        return Failure(EngineError, f" failed: {one_line(error)}", {})
    plain = {k: v for k, v in vars(error).items() if v is None or isinstance(v, (str, int, float))}
    return Failure(known, f": {error}", plain)


def raise_first(team: Team, failures: list[Failure | None]) -> None:
    """Raise the failure of the first process that failed, if there is one."""
    for rank, failure in enumerate(failures):
        if failure is not None:
            error = failure.kind(f"process {rank} of {team.size}{failure.message}")
            vars(error).update(failure.attributes)
            raise error


def require_same(team: Team, facts: Mapping[str, Any]) -> None:
    """Raise unless all processes have the same facts.

    Raises
    ------
    EngineError
        In all processes, with the first fact that differs.
    """
    told = gathered(team, lambda: dict(facts))
    for name in dict.fromkeys(name for each in told for name in each):
        for rank, each in enumerate(told):
            mine, theirs = told[0].get(name), each.get(name)
            if mine == theirs:
                continue
            what = f"{name} is {shown(mine)} in process 0 and {shown(theirs)} in process {rank}"
            if name in ("data", "validation") and isinstance(mine, list) and isinstance(theirs, list):
                what = f"{name} has {mine[0]} rows in process 0 and {theirs[0]} in process {rank}"
                if mine[0] == theirs[0]:
                    what = f"{name} has other numbers in process 0 than in process {rank}"
            raise EngineError(
                f"{what}; expected the same in all {team.size}: "
                f"{_ADVICE.get(name, 'start all of them with the same script and arguments')}"
            )


_ADVICE = {
    "versions": "install the same versions everywhere",
    "data": "load the same data everywhere, or give each process its own with mpi(shards=true)",
}


def _nothing() -> None:
    return None

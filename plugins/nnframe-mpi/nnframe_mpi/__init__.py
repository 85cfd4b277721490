"""mpi: one net trained by many processes, on one machine or on many, that run the same script.

Each process takes its share of every batch. The gradients and the losses are added up in one call, and all processes
make the same update, so the weights are those of one process, up to rounding::

    mpiexec -n 8 python -m mpi4py train.py

Source: J. Dean et al., "Large scale distributed deep networks", NIPS 2012; S. Stich, "Local SGD converges fast and
communicates little", ICLR 2019, for average_every.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nnframe import Array, Engine, Epoch, TrainingTask, hookimpl
from nnframe.contracts.bound import Linear
from nnframe.contracts.team import Team
from nnframe_mpi.shards import Shards, my_files, shards

if TYPE_CHECKING:
    from nnframe_mpi.team import MPITeam

__all__ = ["Shards", "mpi", "my_files", "rank", "shards", "size", "team"]

LIMIT = 600.0


def team(shards: bool = True, limit: float = LIMIT, **_: Any) -> Team:
    """Return the processes that mpiexec started.

    Parameters
    ----------
    shards : bool, optional
        Whether each of them has data of its own.
    limit : float, optional
        For how many seconds they wait for each other.
    """
    return _team(shards, limit)


def prepare(task: TrainingTask, engine: str, average_every: int, **settings: Any) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch in all processes and returns the sum of the losses."""
    from nnframe_mpi.training import prepared

    return prepared(task, _team(settings["shards"], settings["limit"]), engine, average_every)


def predictor(layers: tuple[Linear, ...], engine: str, **_: Any) -> Callable[[Array], Array] | None:
    """Return the predictor of the engine that each process computes with."""
    from nnframe_mpi.training import inner_predictor

    return inner_predictor(layers, engine)


def rank() -> int:
    """Return the number of this process, counted from 0."""
    return _team(False, 0.0).rank


def size() -> int:
    """Return the number of processes that mpiexec started."""
    return _team(False, 0.0).size


def _team(has_shards: bool, limit: float) -> MPITeam:
    # Listing the plugins shouldn't start MPI.
    from nnframe_mpi.team import MPITeam

    return MPITeam(has_shards, limit)


mpi = Engine(
    "mpi",
    prepare,
    predictor=predictor,
    team=team,
    params={"engine": "numpy", "shards": False, "average_every": 1, "limit": LIMIT},
    limits={"average_every": "[1, inf)", "limit": "(0, inf)"},
    doc=__doc__,
)


@hookimpl
def nnframe_engines() -> list[Engine]:
    """Return mpi."""
    return [mpi]

"""A training run of several processes: each computes its share of a batch, and all make the same update."""

from __future__ import annotations

from collections.abc import Callable
from weakref import ref

from nnframe import Array, Engine, Epoch, TrainingTask, registry
from nnframe.contracts.bound import Linear
from nnframe.errors import EngineError
from nnframe.registry.engine_binding import bind_predictor
from nnframe_mpi.in_step import InStep
from nnframe_mpi.local_sgd import LocalSGD
from nnframe_mpi.team import MPITeam


def prepared(task: TrainingTask, team: MPITeam, engine: str, average_every: int) -> Callable[[Epoch], float]:
    """Return the function that runs an epoch in all processes and returns the sum of the losses.

    Raises
    ------
    EngineError
        If the engine of each process can't combine gradients.
    """
    inner = inner_engine(engine)
    if team.size == 1 and average_every == 1:
        return inner.prepare(task, **inner.settings)
    if average_every > 1:
        return LocalSGD(task, team, inner, average_every)
    return Synchronous(task, team, inner)


def inner_engine(name: str) -> Engine:
    """Return the engine that each process computes with.

    Raises
    ------
    EngineError
        If it can't combine gradients.
    UnknownNameError, NameConflictError, PluginError
        If it can't be found or used.
    """
    found = registry.resolve(Engine, name)
    if not found.combines:
        raise EngineError(
            f"the engine {found.spec} can't compute shares of batches; give mpi one that declares combines=True: "
            f"mpi(engine=numpy)"
        )
    return found


def inner_predictor(layers: tuple[Linear, ...], engine: str) -> Callable[[Array], Array] | None:
    """Return the predictor of the engine that each process computes with."""
    return bind_predictor(inner_engine(engine), layers)


class Synchronous(InStep):
    """Adds up the gradients of each batch: the updates of one process."""

    def __init__(self, task: TrainingTask, team: MPITeam, inner: Engine) -> None:
        super().__init__(task, team)
        # Each would keep the other, and the shared memory, until the next garbage collection.
        this = ref(self)

        def combine(gradient: Array, loss_sum: float) -> float:
            run = this()
            assert run is not None
            run.team.raise_interrupt()
            return run.add_up(gradient, loss_sum)

        task = task._replace(combine=combine, gradient=self.sums.vector, combine_is_sum=True)
        self._inner = inner.prepare(task, **inner.settings)

    def __call__(self, epoch: Epoch) -> float:
        """Run some batches and return the sum of the losses, with those of all processes."""
        mine = self.with_shares(epoch)
        return self.in_step(lambda: self._inner(mine), len(epoch.learning_rates))

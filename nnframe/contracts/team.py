"""The processes that make a training run together, as the training loop sees them."""

from __future__ import annotations

from typing import Any, Protocol

from nnframe.arrays import Array


class Team(Protocol):
    """Several processes that run the same script and train one net.

    All of them make the same calls of `gather` and `add_up`, in the same order: one returns when all have made it.

    Attributes
    ----------
    rank : int
        The number of this process, counted from 0. Process 0 calls the callbacks, and so writes their files.
    size : int
        The number of processes.
    has_shards : bool
        Whether each process has data of its own; otherwise all have the same.
    """

    @property
    def rank(self) -> int:
        """The number of this process."""

    @property
    def size(self) -> int:
        """The number of processes."""

    @property
    def has_shards(self) -> bool:
        """Whether each process has data of its own."""

    def gather(self, value: Any) -> list[Any]:
        """Return what each process passed, in the order of their numbers.

        Parameters
        ----------
        value : object
            Anything that pickles.

        Raises
        ------
        EngineError
            If a process doesn't answer.
        """

    def add_up(self, array: Array) -> None:
        """Replace an array by its sum over all processes, to the bit the same in each.

        Raises
        ------
        EngineError
            If a process doesn't answer.
        """

    def begin(self) -> None:
        """Prepare for a run: from now on an interrupt waits for the next `raise_interrupt`."""

    def raise_interrupt(self) -> None:
        """Raise the KeyboardInterrupt that has waited, if there is one."""

    def end(self) -> None:
        """Undo `begin`."""

"""What a contender has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from ctypes.util import find_library
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, NamedTuple

from comparison.problem import Array, Problem, Weights
from comparison.rows import Row


class Session(ABC):
    """One contender's net for one problem.

    Work that is done once, such as converting the samples, happens in the constructor.

    Attributes
    ----------
    incomparable : str or None
        Why this contender's weights and answers can't be compared with the others'. None if they can.
    """

    incomparable: ClassVar[str | None] = None

    @abstractmethod
    def __init__(self, problem: Problem, option: str) -> None: ...

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Return why this contender skips a row, or None if it takes part."""
        return None

    def train(self) -> None:
        """Make one pass over the samples in order, with an update after each batch."""
        raise NotImplementedError

    def as_pair(self, x: Array, y: Array) -> tuple[Any, Any]:
        """Return one sample, of shapes (n_in,) and (n_out,), in the form that this contender takes fastest."""
        return x, y

    def learn(self, x: Any, y: Any) -> None:
        """Make one update from the pair that `as_pair` returned."""
        raise NotImplementedError

    def weights(self) -> Weights:
        """Return the weights, as in `Problem.weights`."""
        raise NotImplementedError

    def as_input(self, X: Array) -> Any:
        """Return samples, one per row of X, in the form that this contender takes fastest."""
        return X

    def answer(self, samples: Any) -> Any:
        """Return the net's outputs for what `as_input` returned, in any form."""
        raise NotImplementedError

    def as_rows(self, outputs: Any) -> Array:
        """Return what `answer` returned as an array with one row per sample."""
        rows: Array = outputs
        return rows


class Contender(NamedTuple):
    """A column of the table.

    Attributes
    ----------
    name : str
        As in the table and for ``--only``.
    module : str
        The file in `comparison.contenders` with its `Session`.
    option : str
        Passed to the session, where one file serves several contenders.
    needs : tuple of str
        The modules that must be installed.
    library : str or None
        The C library that must be installed, without "lib".
    """

    name: str
    module: str
    option: str = ""
    needs: tuple[str, ...] = ()
    library: str | None = None

    @property
    def missing(self) -> str | None:
        """What must be installed first, or None if nothing is missing."""
        absent = [f"module {name}" for name in self.needs if find_spec(name) is None]
        if self.library is not None and find_library(self.library) is None:
            absent.append(f"library {self.library}")
        return " and no ".join(absent) or None

    def session(self) -> type[Session]:
        """Return the contender's class of sessions."""
        found: type[Session] = import_module(f"comparison.contenders.{self.module}").Session
        return found

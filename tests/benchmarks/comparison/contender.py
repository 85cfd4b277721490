"""What a contender has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, NamedTuple

from comparison.problem import Array, Problem, Weights
from comparison.rows import Row


class Session(ABC):
    """A net of one contender that is about to be trained on a problem, or to answer.

    All that needs to be done only once, such as a conversion of the samples, happens when it is built.

    Attributes
    ----------
    is_comparable : bool
        Whether it ends with weights and answers that others must end with, too.
    """

    is_comparable: ClassVar[bool] = True

    @abstractmethod
    def __init__(self, problem: Problem, option: str) -> None: ...

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Return why this contender leaves a row out; None if it doesn't."""
        return None

    @abstractmethod
    def train(self) -> None:
        """Make a pass over the samples in their order, with an update after each batch."""

    def weights(self) -> Weights:
        """Return the weights as in `Problem.weights`."""
        raise NotImplementedError

    def as_input(self, X: Array) -> Any:
        """Return samples, the rows of X, in the form in which this contender takes them best."""
        return X

    def answer(self, samples: Any) -> Any:
        """Return the net's outputs for what `as_input` made, in whatever form."""
        raise NotImplementedError

    def as_rows(self, outputs: Any) -> Array:
        """Return what `answer` returned as an array, one row a sample."""
        rows: Array = outputs
        return rows


class Contender(NamedTuple):
    """A way to train a net.

    Attributes
    ----------
    name : str
        For the table, and for ``--only``.
    module : str
        The file in `comparison.contenders` that has its `Session`.
    option : str
        What the session is told, where a file serves several contenders.
    needs : str or None
        The module without which it can't run.
    """

    name: str
    module: str
    option: str = ""
    needs: str | None = None

    @property
    def is_installed(self) -> bool:
        """Whether it can run here."""
        return self.needs is None or find_spec(self.needs) is not None

    def session(self) -> type[Session]:
        """Return its class of sessions."""
        found: type[Session] = import_module(f"comparison.contenders.{self.module}").Session
        return found

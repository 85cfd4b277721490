"""The contract for commands: ``nnframe NAME ...`` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentTypeError, shown

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


@dataclass(frozen=True, repr=False)
class Command(Plugin):
    """A command of the command line.

    ``nnframe --help`` imports the module that defines a command, to show its help. Import what the command needs
    inside `run`.

    Parameters
    ----------
    name : str
        What users type after ``nnframe``, such as ``"new-plugin"``.
    add_arguments : callable
        ``add_arguments(parser)`` adds options to an `argparse.ArgumentParser`.
    run : callable
        ``run(options) -> int or None`` does the work. Returns the exit status; None means 0. An `nnframe.NNFrameError`
        that it raises is printed on one line, and the status is 2.
    help : str
        One line for ``nnframe --help``.
    doc : str, optional
        A longer description for ``nnframe NAME --help``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> def add_arguments(parser):
    ...     parser.add_argument("name")
    >>> hello = Command("hello", add_arguments, lambda options: print(f"Hello {options.name}"), help="greet somebody")
    >>> from argparse import ArgumentParser
    >>> parser = ArgumentParser()
    >>> hello.add_arguments(parser)
    >>> hello.run(parser.parse_args(["you"]))
    Hello you
    """

    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int | None]
    help: str = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("add_arguments", "run")
        if not isinstance(self.help, str) or not self.help.strip() or "\n" in self.help:
            raise ArgumentTypeError(
                f"help of command {self.name!r} is {shown(self.help)}; expected one line of text for nnframe --help"
            )

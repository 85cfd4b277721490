"""The parser that commands add their options to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from nnframe.cli.output import complain, show

WRONG_INPUT = 2


class CommandParser(argparse.ArgumentParser):
    """A parser that says what is wrong on one line, and whose options may depend on what the user typed.

    Attributes
    ----------
    before_parsing : callable or None
        ``before_parsing(arguments)`` is called once, with what the user typed, before it is parsed, and may add
        options.
    """

    before_parsing: Callable[[Sequence[str]], None] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as `argparse.ArgumentParser` does, after calling `before_parsing`."""
        prepare, self.before_parsing = self.before_parsing, None
        if prepare is not None:
            prepare(args)
        return super().parse_known_args(args, namespace)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help and errors as the command line prints everything, whatever a plugin's help texts hold."""
        if message:
            (show if file is sys.stdout else complain)(message.removesuffix("\n"))

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(WRONG_INPUT, f"{self.prog}: error: {message} (see {self.prog} --help)\n")

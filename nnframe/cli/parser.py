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
    help_command : str or None
        What ``--help`` follows to show all options, if that is more than the name of the program.
    """

    before_parsing: Callable[[Sequence[str]], None] | None = None
    help_command: str | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as `argparse.ArgumentParser` does, after calling `before_parsing`."""
        prepare, self.before_parsing = self.before_parsing, None
        if prepare is not None:
            prepare(args)
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as `argparse.ArgumentParser` does, and suggest the option that a misspelled one may mean."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            guesses = " or ".join(self._similar(unknown))
            self.error(
                f"unrecognized arguments: {' '.join(unknown)}" + (f"; did you mean {guesses}?" if guesses else "")
            )
        return options

    def _similar(self, unknown: Sequence[str]) -> list[str]:
        # Only a mistake needs it.
        from difflib import get_close_matches

        wrong = [each.split("=", 1)[0] for each in unknown if each.startswith("--")]
        known = [option for option in self._option_string_actions if option.startswith("--")]
        return [guess for each in wrong for guess in get_close_matches(each, known, n=1, cutoff=0.75)]

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help and errors as the command line prints everything, whatever a plugin's help texts hold."""
        if message:
            (show if file is sys.stdout else complain)(message.removesuffix("\n"))

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(WRONG_INPUT, f"{self.prog}: error: {message} (see {self.help_command or self.prog} --help)\n")

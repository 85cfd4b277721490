"""The command ``nnframe``: its exit status, and what it says when something goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from nnframe.cli.output import PROGRAM, complain, show, silence
from nnframe.errors import NNFrameError
from nnframe.version import __version__

# What a shell reports for a program that an interrupt ended: 128 + SIGINT.
INTERRUPTED = 130
WRONG_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 if all went well, 1 if a plugin failed its checks, 2 for wrong input, 130 after an interrupt.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        show(f"{PROGRAM} {__version__}")
        return 0
    # The version is shown without the registry, which these imports bring.
    if not given or given[0].startswith("-"):
        from nnframe.cli.program import run_without_command

        return run_without_command(given)
    label = f"{PROGRAM} {given[0]}"
    try:
        from nnframe.cli.program import run_command

        return run_command(given[0], given[1:], label)
    except NNFrameError as error:
        complain(f"{label}: error: {error}")
        return WRONG_INPUT
    except KeyboardInterrupt:
        complain(f"{label}: interrupted")
        return INTERRUPTED
    except OSError as error:
        # Such as a full disk behind stdout, which Python would complain about once more when it exits.
        complain(f"{label}: error: {error}")
        silence()
        return WRONG_INPUT

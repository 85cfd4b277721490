"""How the command line prints."""

from __future__ import annotations

from collections.abc import Sequence


def say(text: str) -> None:
    """Print, flushed, so that a pipe shows a line when it is there and not when a buffer is full."""
    print(text, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under a header, in columns as wide as their longest cell."""
    cells = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)

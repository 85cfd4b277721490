"""The metadata of a saved net as text: nested objects indented, and lists of objects as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nnframe.cli.output import harmless_line, table
from nnframe.errors import shown

MOST_ROWS = 40
DEEPEST = 6
LONGEST_TEXT = 80


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Return all metadata, long values shortened; nothing in it can steer a terminal."""
    return "\n".join(["metadata", *_lines(metadata, 1)])


def in_short(value: object) -> str:
    """Return a value on one line and shortened: a text without quotes, anything else as Python writes it."""
    if isinstance(value, str):
        line = harmless_line(value)
        return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 3] + "..."
    if isinstance(value, float):
        return f"{value:.6g}"
    text = shown(value, LONGEST_TEXT)
    return f"({len(value):,}) {text}" if isinstance(value, list) and text.endswith("...") else text


def _lines(fields: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, value in fields.items():
        name = in_short(key)
        if isinstance(value, dict) and value and depth < DEEPEST:
            yield f"{indent}{name}"
            yield from _lines(value, depth + 1)
        elif _is_table(value):
            yield f"{indent}{name} ({len(value):,})"
            yield from (f"{indent}  {line}" for line in _table(value).splitlines())
            if len(value) > MOST_ROWS:
                yield f"{indent}  and {len(value) - MOST_ROWS:,} more, which --json shows"
        else:
            yield f"{indent}{name}: {in_short(value)}"


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and each for each in value)


def _table(objects: Sequence[Mapping[str, Any]]) -> str:
    first = objects[:MOST_ROWS]
    header = list(dict.fromkeys(key for each in first for key in each))
    rows = [["" if each.get(key) is None else in_short(each[key]) for key in header] for each in first]
    return table([[in_short(key) for key in header], *rows])

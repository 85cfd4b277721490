"""The notes of a saved model in words; where they tell of columns, these as a table.

The form of ``notes["table"]`` is what `nnframe.table.Model.save` writes. It is looked at here without that package,
which a file must not need in order to be shown, and whatever else stands there is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnframe.cli.output import table
from nnframe.errors import shown

TABLE = "table"
MOST_ROWS = 40


def notes_text(notes: Mapping[str, Any]) -> str:
    """Return all notes in short, one a line, without anything that could steer a terminal."""
    parts = []
    if _is_of_columns(notes.get(TABLE)):
        parts.append(_table_text(notes[TABLE]))
        notes = {key: value for key, value in notes.items() if key != TABLE}
    if notes:
        parts.append("\n".join(["notes", *(f"  {plain(key)}: {shown(value)}" for key, value in notes.items())]))
    return "\n\n".join(parts)


def plain(value: object) -> str:
    """Return a text without quotes, and anything else as Python writes it, in short."""
    text = shown(value)
    return text[1:-1] if isinstance(value, str) and text[-1] in "'\"" else text


def _is_of_columns(held: object) -> bool:
    return (
        isinstance(held, dict)
        and isinstance(held.get("columns"), list)
        and all(isinstance(each, dict) for each in held["columns"])
        and isinstance(held.get("target"), dict)
    )


def _table_text(held: Mapping[str, Any]) -> str:
    target, columns = held["target"], held["columns"]
    rows = [(plain(each.get("name")), plain(each.get("kind")), _details(each, "name")) for each in columns[:MOST_ROWS]]
    lines = [
        f"target  {plain(target.get('target'))}",
        f"task    {plain(target.get('kind'))}{_details(target, 'target', before=', ')}",
        f"loss    {plain(held.get('loss'))}",
        "",
        table([("column", "kind", "learned from the data"), *rows]),
    ]
    if len(columns) > MOST_ROWS:
        lines.append(f"and {len(columns) - MOST_ROWS:,} more columns, which --json shows")
    return "\n".join(lines)


def _details(fields: Mapping[str, Any], name: str, before: str = "") -> str:
    """Return all that is known of a column or target but its name and kind."""
    told = [
        f"{plain(key)} {_in_short(value)}"
        for key, value in fields.items()
        if key not in (name, "kind") and value is not None
    ]
    return before + ", ".join(told) if told else ""


def _in_short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return f"({len(value)}) {shown(value)}"
    return shown(value)

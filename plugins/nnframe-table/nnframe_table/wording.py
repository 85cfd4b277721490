"""What is said about columns, in errors and remarks."""

from __future__ import annotations

from collections.abc import Iterable

from nnframe.errors import shown
from nnframe_table.numerals import DOUBTFUL_WORDS, NUMBER_WITH_COMMAS, NUMBER_WITH_UNIT
from nnframe_table.sources.source import Source, place
from nnframe_table.summary import MOST_CHARACTERS, MOST_DISTINCT, Oddity, Summary


def not_a_number(source: Source, summary: Summary, cell: Oddity, otherwise: str) -> str:
    """Return an error about a word among numbers, with what else can be done about it."""
    with_commas, words = NUMBER_WITH_COMMAS.fullmatch(cell.text.strip()), cell.text.strip().lower() in DOUBTFUL_WORDS
    hint = ", written as 1234.5" if with_commas else ""
    declare = f"declare that it means a missing value (--missing {shown(cell.text)}), " if words else ""
    return (
        f"{place(source, cell.row, summary.name)} is {shown(cell.text)}; expected a number, as in "
        f"{summary.n_numbers:,} of {summary.n_values:,} rows{hint}: correct it, {declare}or {otherwise}"
    )


def has_unit(text: str) -> bool:
    """Return whether a text is a number with a unit or a currency sign."""
    return NUMBER_WITH_UNIT.fullmatch(text) is not None


def hint_at_units(texts: Iterable[str]) -> str:
    """Return what to do about texts such as 27 kg."""
    example = next(text for text in texts if has_unit(text))
    return f"they look like numbers with a unit, such as {shown(example)}; write plain numbers to use them as numbers"


def take_for_category(name: str) -> str:
    """Return how to declare a column a category."""
    return (
        f"declare it a category (--kind {shown(name + '=category')}, or kinds={{{shown(name)}: 'category'}} in Python)"
    )


def too_many(summary: Summary) -> str:
    """Return why the texts of a column can't be categories."""
    if summary.longest > MOST_CHARACTERS:
        return f"texts of up to {summary.longest:,} characters, more than {MOST_CHARACTERS:,}"
    return f"more than {MOST_DISTINCT:,} different texts"


def others(count: int) -> str:
    """Return how many other values are missing."""
    return "no other is missing there" if count == 1 else f"{count - 1:,} more are missing there"

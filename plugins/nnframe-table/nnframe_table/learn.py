"""The first pass over a table: what kinds of columns it has, how they are scaled, and what is predicted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown, with_type
from nnframe_table.choices import Choices
from nnframe_table.column import KINDS
from nnframe_table.columns import Columns
from nnframe_table.recognition import FILLS, Judge, recognised_target
from nnframe_table.sources.source import Source, named
from nnframe_table.split import held_out
from nnframe_table.statistics import Statistics
from nnframe_table.summary import Sample, Summary
from nnframe_table.target import TARGETS, Target

# How many numbers are kept for medians: of all columns together, and of one.
SAMPLED_NUMBERS, SAMPLED_A_COLUMN = 10_000_000, 100_000


class Learned(NamedTuple):
    """What the first pass has found.

    Attributes
    ----------
    columns : Columns
    target : Target
    remarks : list of str
        What was left out, filled or doubtful, a sentence each.
    n_train, n_held_out : int
        How many rows there are of each.
    """

    columns: Columns
    target: Target
    remarks: list[str]
    n_train: int
    n_held_out: int


def learn(source: Source, choices: Choices) -> Learned:
    """Read a table once and return what was learned.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a choice can't be used.
    DataError
        If a named column does not exist, or the table can't be trained on.
    """
    return learned_from(source, summarized(source, choices), choices)


class Summaries(NamedTuple):
    """What is collected about the columns in a pass over rows; those of several tables can be merged.

    Attributes
    ----------
    columns : list of Summary
    statistics : Statistics
    n_held_out : int
    """

    columns: list[Summary]
    statistics: Statistics
    n_held_out: int


def merged(parts: Sequence[Summaries]) -> Summaries:
    """Return the summaries of parts of a table, in the order of their rows, as one; the first one is changed."""
    first, *others = parts
    for part in others:
        for mine, theirs in zip(first.columns, part.columns, strict=True):
            mine.merge(theirs)
        first.statistics.merge(part.statistics)
    return first._replace(n_held_out=sum(part.n_held_out for part in parts))


def learned_from(source: Source, summaries: Summaries, choices: Choices) -> Learned:
    """Return what summaries tell; takes and raises what `learn` does."""
    for i, summary in enumerate(summaries.columns):
        summary.finish(summaries.statistics, i)
    found, n_held_out = {each.name: each for each in summaries.columns}, summaries.n_held_out
    n_rows = summaries.columns[0].n_rows
    if n_rows < 2:
        raise DataError(f"{source.name} has {n_rows} rows of values; expected at least two, better hundreds")
    if n_held_out == n_rows:
        raise DataError(
            f"validation is {choices.validation}, which holds out all {n_rows} rows; expected a smaller share"
        )
    target = recognised_target(source, found.pop(choices.target), choices.task)
    judge = Judge(source, choices.fill)
    columns = [judge.column(each, choices.kinds.get(each.name)) for each in found.values()]
    judge.refuse_missing()
    kept = tuple(column for column in columns if column is not None)
    if not kept:
        why = "; ".join(judge.remarks[:5]) or "the target is the only one"
        raise DataError(f"{source.name} has no column to predict {choices.target!r} from: {why}")
    remarks = [*getattr(source, "remarks", ()), *judge.remarks]
    return Learned(Columns(kept, choices.missing, choices.decimal), target, remarks, n_rows - n_held_out, n_held_out)


def _check(source: Source, choices: Choices) -> None:
    held = set(source.columns)
    for name, argument in [
        (choices.target, "target"),
        *((k, "kinds") for k in choices.kinds),
        *((d, "drop") for d in choices.drop),
    ]:
        if name not in held:
            raise DataError(
                f"{argument} names the column {name!r}, which {source.name} does not have; it has "
                f"{named(source.columns)}"
            )
    if choices.target in choices.drop:
        raise ArgumentError(f"drop names {choices.target!r}, which is the target; drop other columns")
    dropped = set(choices.drop)
    for name, kind in choices.kinds.items():
        if not (isinstance(kind, str) and kind in KINDS):
            raise ArgumentError(f"kinds has {shown(kind)} for the column {name!r}; expected one of {', '.join(KINDS)}")
        if name == choices.target:
            raise ArgumentError(f"kinds names {name!r}, which is the target; choose with task (--task) what it is")
        if name in dropped:
            raise ArgumentError(f"kinds names {name!r}, which is dropped; remove it from one of the two")
    if choices.task is not None and not (isinstance(choices.task, str) and choices.task in TARGETS):
        raise ArgumentError(f"task is {shown(choices.task)}; expected 'classification', 'regression' or None")
    if isinstance(choices.fill, str) and choices.fill not in FILLS:
        raise ArgumentError(f"fill is {choices.fill!r}; expected one of {', '.join(map(repr, FILLS))}, or a number")
    if choices.fill is not None and not isinstance(choices.fill, (str, int, float)):
        raise ArgumentTypeError(f"fill is {with_type(choices.fill)}; expected one of {', '.join(FILLS)}, or a number")
    if isinstance(choices.fill, (int, float)) and not abs(choices.fill) <= sys.float_info.max:
        raise ArgumentError(f"fill is {choices.fill}; expected a finite number")


def summarized(source: Source, choices: Choices, first: int = 0) -> Summaries:
    """Read a table, or a part of one, and return what its columns hold.

    Parameters
    ----------
    source : Source
    choices : Choices
    first : int, optional
        How many rows of the table come before this part.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError
        As `learn`.
    """
    _check(source, choices)
    dropped = set(choices.drop)
    names = [name for name in source.columns if name not in dropped]
    size = min(SAMPLED_A_COLUMN, SAMPLED_NUMBERS // len(names))
    samples = choices.fill in ("median", "most frequent")
    rng = np.random.default_rng(choices.seed)
    found = [
        Summary(
            name,
            Sample(size, rng) if samples and name != choices.target else None,
            name == choices.target or choices.kinds.get(name) in ("category", "boolean"),
        )
        for name in names
    ]
    statistics = Statistics(len(found))
    n_rows = n_held_out = 0
    for chunk in source.chunks(names):
        train = ~held_out(first + n_rows, len(chunk), choices.validation, choices.seed)
        n_held_out += int(np.count_nonzero(~train))
        n_rows += len(chunk)
        values = np.full((len(found), len(chunk)), np.nan)
        for i, summary in enumerate(found):
            numbers = summary.add(chunk.cells[summary.name], chunk.first, train)
            if numbers is not None:
                values[i] = numbers
        statistics.add(values, train)
    return Summaries(found, statistics, n_held_out)

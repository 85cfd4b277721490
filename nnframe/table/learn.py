"""The first pass over a table: what kinds of columns it has, how they are scaled, and what the task is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from nnframe.errors import ArgumentError, ArgumentTypeError, DataError, shown, with_type
from nnframe.table.cells import NUMBER, number_text
from nnframe.table.column import KINDS, TRUTH, Boolean, Category, Column, Numeric
from nnframe.table.columns import Columns
from nnframe.table.sources.source import Source, named, place
from nnframe.table.split import held_out
from nnframe.table.summary import MOST_DISTINCT, Oddity, Sample, Summary
from nnframe.table.task import TASKS, Classification, Regression, Task

Fill: TypeAlias = Literal["mean", "median", "most frequent"] | float | None
FILLS = ("mean", "median", "most frequent")

MOST_CATEGORIES = 100
# Below this many texts, all different is no sign of names or sentences.
FEW_TEXTS = 20
MOST_NUMBERED_CLASSES = 20
FEWEST_ROWS_A_CLASS = 3
# All columns together keep no more numbers than this for medians, and one column no more than that.
SAMPLED_NUMBERS, SAMPLED_A_COLUMN = 10_000_000, 100_000
NUMBER_WITH_COMMAS = re.compile(r"[+-]?[\d.]+(,\d+)+([.]\d*)?")
FOR_CLASSES = "ask for classification (--task classification, or task='classification' in Python)"
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
ROW_NUMBERS = ("", "id", "index", "row", "unnamed: 0", "column 1")


class Learned(NamedTuple):
    """What the first pass has found.

    Attributes
    ----------
    columns : Columns
    task : Task
    remarks : list of str
        Sentences for whoever trains: what was left out or filled.
    n_train, n_held_out : int
        How many rows there are of each.
    """

    columns: Columns
    task: Task
    remarks: list[str]
    n_train: int
    n_held_out: int


class Wishes(NamedTuple):
    """What the caller has decided.

    Attributes
    ----------
    target : str
    task : str or None
        "classification" or "regression".
    kinds : mapping of str to str
    drop : collection of str
    fill : {"mean", "median", "most frequent"}, float or None
    validation : float
    seed : int
    """

    target: str
    task: str | None
    kinds: Mapping[str, str]
    drop: Collection[str]
    fill: Fill
    validation: float
    seed: int


def learn(source: Source, wishes: Wishes) -> Learned:
    """Read a table once, and return what there is to know of it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a wish is none.
    DataError
        If a column that is wished for isn't there, or the table can't be trained on.
    """
    _check(source, wishes)
    names = [name for name in source.columns if name not in wishes.drop]
    summaries, n_held_out = _summaries(source, names, wishes)
    n_rows = summaries[0].n_rows
    if n_rows < 2:
        raise DataError(f"{source.name} has {n_rows} rows of values; wanted at least two, better hundreds")
    task = _task(source, next(each for each in summaries if each.name == wishes.target), wishes)
    judge = _Judge(source, wishes.fill)
    columns = [judge.column(each, wishes.kinds.get(each.name)) for each in summaries if each.name != wishes.target]
    judge.refuse_missing()
    kept = tuple(column for column in columns if column is not None)
    if not kept:
        dropped = "; ".join(judge.remarks) or "the target is the only one"
        raise DataError(f"{source.name} has no column to predict {wishes.target!r} from: {dropped}")
    return Learned(Columns(kept), task, judge.remarks, n_rows - n_held_out, n_held_out)


def _check(source: Source, wishes: Wishes) -> None:
    for name, argument in [
        (wishes.target, "target"),
        *((k, "kinds") for k in wishes.kinds),
        *((d, "drop") for d in wishes.drop),
    ]:
        if name not in source.columns:
            held = named(source.columns)
            raise DataError(f"{argument} names the column {name!r}, which {source.name} doesn't have; it has {held}")
    if wishes.target in wishes.drop:
        raise ArgumentError(f"drop names {wishes.target!r}, which is the target; drop other columns")
    for name, kind in wishes.kinds.items():
        if kind not in KINDS:
            raise ArgumentError(f"kinds has {kind!r} for the column {name!r}; wanted one of {', '.join(KINDS)}")
    if wishes.task is not None and wishes.task not in TASKS:
        raise ArgumentError(f"task is {shown(wishes.task)}; wanted 'classification', 'regression' or None")
    if isinstance(wishes.fill, str) and wishes.fill not in FILLS:
        raise ArgumentError(f"fill is {wishes.fill!r}; wanted one of {', '.join(map(repr, FILLS))}, or a number")
    if wishes.fill is not None and not isinstance(wishes.fill, (str, int, float)):
        raise ArgumentTypeError(f"fill is {with_type(wishes.fill)}; wanted one of {', '.join(FILLS)}, or a number")
    if isinstance(wishes.fill, (int, float)) and not np.isfinite(wishes.fill):
        raise ArgumentError(f"fill is {wishes.fill}; wanted a finite number")


def _summaries(source: Source, names: Collection[str], wishes: Wishes) -> tuple[list[Summary], int]:
    size = min(SAMPLED_A_COLUMN, SAMPLED_NUMBERS // len(names))
    samples = wishes.fill in ("median", "most frequent")
    rng = np.random.default_rng(wishes.seed)
    found = [
        Summary(
            name,
            Sample(size, rng) if samples and name != wishes.target else None,
            name == wishes.target or wishes.kinds.get(name) in ("category", "boolean"),
        )
        for name in names
    ]
    n_rows = n_held_out = 0
    for chunk in source.chunks(names):
        train = ~held_out(n_rows, len(chunk), wishes.validation, wishes.seed)
        n_held_out += int(np.count_nonzero(~train))
        for summary in found:
            summary.add(chunk.cells[summary.name], chunk.rows, train)
        n_rows += len(chunk)
    return found, n_held_out


def _task(source: Source, target: Summary, wishes: Wishes) -> Task:
    named = f"the target {target.name!r}"
    if target.unusable:
        raise DataError(f"{named} of {source.name} holds {target.unusable}; wanted numbers or classes")
    if target.first_missing is not None:
        raise DataError(
            f"{place(source, target.first_missing, target.name)} has no value, and {_others(target.n_missing)}; the "
            f"target is what is learned from, so such rows must be removed"
        )
    kind = wishes.task or _recognised_task(target)
    if kind == "regression":
        if target.first_text is not None:
            raise DataError(_no_number(source, target, target.first_text, FOR_CLASSES))
        if target.first_infinite is not None:
            raise DataError(_infinite(source, target, target.first_infinite))
        if target.lowest == target.highest:
            raise DataError(f"{named} is {number_text(target.lowest)} in every row; there is nothing to learn")
        return Regression(target.name, target.moments.mean, target.moments.deviation or 1.0)
    if target.first_text is not None and _mostly_numbers(target) and wishes.task is None:
        raise DataError(_no_number(source, target, target.first_text, FOR_CLASSES))
    if target.counts is None:
        raise DataError(f"{named} has more than {MOST_DISTINCT:,} classes; wanted a column of fewer, or a regression")
    if len(target.counts) == 1:
        raise DataError(f"{named} has one class, {next(iter(target.counts))!r}; wanted at least two to tell apart")
    if wishes.task is None and FEW_TEXTS < len(target.counts) > target.n_values / 2:
        raise DataError(
            f"{named} has {len(target.counts):,} different texts in {target.n_values:,} rows, such as "
            f"{next(iter(target.counts))!r}; wanted numbers written as 1234.5, or classes that recur"
        )
    return Classification(target.name, tuple(sorted(target.counts, key=_class_order)))


def _recognised_task(target: Summary) -> str:
    if target.first_text is not None:
        return "classification"
    few = target.counts is not None and len(target.counts) <= MOST_NUMBERED_CLASSES
    if few and target.whole and target.n_rows >= FEWEST_ROWS_A_CLASS * len(target.counts or ()):
        return "classification"
    return "regression"


class _Judge:
    """Decides about columns, and remembers what there is to say."""

    def __init__(self, source: Source, fill: Fill) -> None:
        self.source = source
        self.fill = fill
        self.remarks: list[str] = []
        self._missing: list[Summary] = []

    def column(self, summary: Summary, kind: str | None) -> Column | None:
        """Return what was learned of a column, or None if it is left out.

        Raises
        ------
        DataError
            If it isn't of the kind that it should have or seems to have.
        """
        reason = self._reason_to_drop(summary, kind)
        if reason is not None:
            self.remarks.append(f"left out {summary.name!r}: {reason}")
            return None
        if summary.n_missing and self.fill is None:
            self._missing.append(summary)
        learned = self._learned(summary, kind or _recognised_kind(summary))
        if summary.n_missing and learned.fill is not None:
            written = learned.fill if isinstance(learned.fill, str) else f"{learned.fill:.6g}"
            self.remarks.append(f"filled {summary.name!r} with {written} where it had no value: {summary.n_missing:,}")
        return learned

    def _learned(self, summary: Summary, kind: str) -> Column:
        if kind == "numeric":
            return self._numeric(summary)
        counts = summary.counts
        if counts is None:
            raise DataError(
                f"column {summary.name!r} of {self.source.name} has more than {MOST_DISTINCT:,} different texts; "
                f"wanted fewer for the kind {kind!r}"
            )
        fill = max(counts, key=lambda text: counts[text]) if self.fill is not None else None
        if kind == "category":
            return Category(summary.name, tuple(sorted(counts, key=_class_order)), fill)
        strangers = [text for text in counts if text.lower() not in TRUTH]
        if strangers:
            raise DataError(
                f"column {summary.name!r} of {self.source.name} has {strangers[0]!r}; wanted one of {', '.join(TRUTH)} "
                f"for the kind 'boolean'"
            )
        return Boolean(summary.name, fill.lower() if fill is not None else None)

    def refuse_missing(self) -> None:
        """Raise if values are missing and are not to be filled; the first is named, and the rest is counted."""
        if not self._missing:
            return
        first = self._missing[0]
        assert first.first_missing is not None
        also = "".join(f"; {each.n_missing:,} are missing in {each.name!r}" for each in self._missing[1:6])
        raise DataError(
            f"{place(self.source, first.first_missing, first.name)} has no value, and "
            f"{_others(first.n_missing)}{also}; have them filled (--fill median, or "
            f"fill='median' in Python), drop the column, or remove the rows"
        )

    def _reason_to_drop(self, summary: Summary, kind: str | None) -> str | None:
        if summary.unusable:
            return f"it holds {summary.unusable}"
        if summary.n_values == 0:
            return "it is empty"
        counts = summary.counts
        if counts is not None and len(counts) == 1:
            return f"it is {next(iter(counts))!r} in every row"
        if summary.first_text is None and summary.lowest == summary.highest:
            return f"it is {number_text(summary.lowest)} in every row"
        if kind is not None:
            return None
        if summary.first_text is None:
            counts_rows = summary.counts_up and summary.name.lower() in ROW_NUMBERS
            return "it counts the rows" if counts_rows else None
        if _mostly_numbers(summary):
            return None
        if counts is not None and all(DATE.fullmatch(text) for text in counts):
            return "it holds dates; give what matters of them as columns of their own, such as the month"
        if counts is not None and all(NUMBER_WITH_COMMAS.fullmatch(text) for text in counts):
            return f"it holds numbers with commas, such as {next(iter(counts))!r}; write them as 1234.5"
        how_many = f"more than {MOST_DISTINCT:,}" if counts is None else f"{len(counts):,}"
        if counts is None or len(counts) > MOST_CATEGORIES or FEW_TEXTS < len(counts) > summary.n_values / 2:
            return (
                f"it holds {how_many} different texts in {summary.n_values:,} rows, as names or sentences do; up to "
                f"{MOST_DISTINCT:,} are kept if you {_take_for_category(summary.name)}"
            )
        return None

    def _numeric(self, summary: Summary) -> Numeric:
        if summary.first_text is not None:
            raise DataError(_no_number(self.source, summary, summary.first_text, _take_for_category(summary.name)))
        if summary.first_infinite is not None:
            raise DataError(_infinite(self.source, summary, summary.first_infinite))
        mean = summary.moments.mean
        return Numeric(summary.name, mean, summary.moments.deviation or 1.0, self._filling(summary, mean))

    def _filling(self, summary: Summary, mean: float) -> float | None:
        if self.fill is None or self.fill == "mean":
            return None if self.fill is None else mean
        if not isinstance(self.fill, str):
            return float(self.fill)
        assert summary.sample is not None
        values = summary.sample.values
        if not len(values):
            return mean
        if self.fill == "median":
            return float(np.median(values))
        distinct, counts = np.unique(values, return_counts=True)
        return float(distinct[counts.argmax()])


def _recognised_kind(summary: Summary) -> str:
    if summary.first_text is None or _mostly_numbers(summary):
        return "numeric"
    return "boolean" if summary.counts and all(text.lower() in TRUTH for text in summary.counts) else "category"


def _mostly_numbers(summary: Summary) -> bool:
    return 2 * summary.n_numbers > summary.n_values


def _no_number(source: Source, summary: Summary, cell: Oddity, otherwise: str) -> str:
    hint = ", written as 1234.5" if NUMBER_WITH_COMMAS.fullmatch(cell.text) else ""
    return (
        f"{place(source, cell.row, summary.name)} is {shown(cell.text)}; wanted a number, as in {summary.n_numbers:,} "
        f"of {summary.n_values:,} rows{hint}: correct it, or {otherwise}"
    )


def _infinite(source: Source, summary: Summary, cell: Oddity) -> str:
    return f"{place(source, cell.row, summary.name)} is {shown(cell.text)}; wanted a finite number"


def _take_for_category(name: str) -> str:
    return f"take it for a category (--kind {shown(name + '=category')}, or kinds={{{name!r}: 'category'}} in Python)"


def _others(count: int) -> str:
    return "no other is missing there" if count == 1 else f"{count - 1:,} more are missing there"


def _class_order(text: str) -> tuple[bool, float, str]:
    """Numbers in their order, before all else in that of the alphabet."""
    is_number = NUMBER.fullmatch(text) is not None
    return not is_number, float(text) if is_number else 0.0, text

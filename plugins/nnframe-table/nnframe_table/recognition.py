"""What a column is and what the task is, judged by what was gathered of them: taken, left out, or refused."""

from __future__ import annotations

import math
import re
from typing import Literal, TypeAlias

import numpy as np

from nnframe.errors import DataError, shown
from nnframe_table.cells import NUMBER, number_text
from nnframe_table.column import Boolean, Category, Column, Numeric
from nnframe_table.label_normalization import TRUTH
from nnframe_table.sources.source import Source, place
from nnframe_table.summary import MOST_DISTINCT, Oddity, Summary
from nnframe_table.target import Classification, Regression, Task

Fill: TypeAlias = Literal["mean", "median", "most frequent"] | float | None
FILLS = ("mean", "median", "most frequent")

MOST_CATEGORIES = 100
ROUNDING = 8 * np.finfo(np.float64).eps
# Below this many texts, all different is no sign of names or sentences.
FEW_TEXTS = 20
MOST_NUMBERED_CLASSES = 20
FEWEST_ROWS_A_CLASS = 3
NUMBER_WITH_COMMAS = re.compile(r"[+-]?[\d.]+(,\d+)+([.]\d*)?")
FOR_CLASSES = "ask for classification (--task classification, or task='classification' in Python)"
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
ROW_NUMBERS = ("", "id", "index", "row", "unnamed: 0", "column 1")


def recognised_task(source: Source, target: Summary, wanted: str | None) -> Task:
    """Return the task that a target makes.

    Parameters
    ----------
    source : Source
    target : Summary
    wanted : {"classification", "regression"} or None
        None for what it looks like.

    Raises
    ------
    DataError
        If it can't be predicted.
    """
    label = f"the target {target.name!r}"
    if target.unusable:
        raise DataError(f"{label} of {source.name} holds {target.unusable}; wanted numbers or classes")
    if target.first_missing is not None:
        raise DataError(
            f"{place(source, target.first_missing, target.name)} has no value, and {_others(target.n_missing)}; the "
            f"target is what is learned from, so such rows must be removed"
        )
    kind = wanted or _task_kind(target)
    if kind == "regression":
        if target.first_text is not None:
            raise DataError(_no_number(source, target, target.first_text, FOR_CLASSES))
        if target.first_infinite is not None:
            raise DataError(_infinite(source, target, target.first_infinite))
        if target.lowest == target.highest:
            raise DataError(f"{label} is {number_text(target.lowest)} in every row; there is nothing to learn")
        return Regression(target.name, *_mean_and_scale(source, target))
    if target.first_text is not None and _mostly_numbers(target) and wanted is None:
        raise DataError(_no_number(source, target, target.first_text, FOR_CLASSES))
    if target.counts is None:
        raise DataError(f"{label} has more than {MOST_DISTINCT:,} classes; wanted a column of fewer, or a regression")
    if len(target.counts) == 1:
        raise DataError(f"{label} has one class, {next(iter(target.counts))!r}; wanted at least two to tell apart")
    if wanted is None and FEW_TEXTS < len(target.counts) > target.n_values / 2:
        raise DataError(
            f"{label} has {len(target.counts):,} different texts in {target.n_values:,} rows, such as "
            f"{next(iter(target.counts))!r}; wanted numbers written as 1234.5, or classes that recur"
        )
    return Classification(target.name, tuple(sorted(target.counts, key=_class_order)))


def _task_kind(target: Summary) -> str:
    if target.first_text is not None:
        return "classification"
    few = target.counts is not None and len(target.counts) <= MOST_NUMBERED_CLASSES
    if few and target.whole and target.n_rows >= FEWEST_ROWS_A_CLASS * len(target.counts or ()):
        return "classification"
    return "regression"


class Judge:
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
        # Of several that are as frequent the first in order, whichever row comes first.
        fill = max(sorted(counts, key=_class_order), key=lambda text: counts[text]) if self.fill is not None else None
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
            f"{_others(first.n_missing)}{also}; "
            f"have them filled (--fill median, or fill='median' in Python), drop the column, or remove the rows"
        )

    def _reason_to_drop(self, summary: Summary, kind: str | None) -> str | None:
        if summary.unusable and kind is not None:
            raise DataError(
                f"column {summary.name!r} of {self.source.name} holds {summary.unusable}; wanted numbers or texts for "
                f"the kind {kind!r}: convert it, or leave the kind out, and the column is left out"
            )
        if summary.unusable:
            return f"it holds {summary.unusable}"
        if summary.n_values == 0:
            return "it is empty"
        everywhere = "wherever it has a value" if summary.n_missing else "in every row"
        counts = summary.counts
        if counts is not None and len(counts) == 1:
            return f"it is {next(iter(counts))!r} {everywhere}"
        if kind in (None, "numeric") and summary.first_text is None and summary.lowest == summary.highest:
            return f"it is {number_text(summary.lowest)} {everywhere}"
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
        mean, scale = _mean_and_scale(self.source, summary)
        return Numeric(summary.name, mean, scale, self._filling(summary, mean))

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


def _mean_and_scale(source: Source, summary: Summary) -> tuple[float, float]:
    mean, deviation = summary.moments.mean, summary.moments.deviation
    if not math.isfinite(deviation):
        raise DataError(
            f"column {summary.name!r} of {source.name} has numbers from {summary.lowest:g} to {summary.highest:g}, too "
            f"large to be scaled; give them in another unit"
        )
    # Numbers that differ only among the rows held out have nothing to be scaled by: what is left is from rounding.
    largest = max(abs(summary.lowest), abs(summary.highest))
    return mean, deviation if deviation > ROUNDING * largest else 1.0


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

"""What a column is and what the target is, judged by what was collected: used, left out, or refused."""

from __future__ import annotations

import math
import re
from typing import Literal, TypeAlias

import numpy as np

from nnframe.errors import DataError, shown
from nnframe_table.column import DECIMAL_HINT, Boolean, Category, Column, Numeric
from nnframe_table.label_normalization import TRUTH
from nnframe_table.numerals import DOUBTFUL_WORDS, NUMBER, NUMBER_WITH_COMMAS, number_text
from nnframe_table.sources.source import Source, place
from nnframe_table.summary import MOST_CHARACTERS, MOST_DISTINCT, Summary
from nnframe_table.target import Classification, Regression, Target
from nnframe_table.wording import has_unit, hint_at_units, not_a_number, others, take_for_category, too_many

Fill: TypeAlias = Literal["mean", "median", "most frequent"] | float | None
FILLS = ("mean", "median", "most frequent")

MOST_CATEGORIES = 100
ROUNDING = 8 * np.finfo(np.float64).eps
# With this few texts, that all differ does not make them names or sentences.
FEW_TEXTS = 20
MOST_NUMBERED_CLASSES = 20
FEWEST_ROWS_A_CLASS = 3
FOR_CLASSES = "ask for classification (--task classification, or task='classification' in Python)"
DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[ T].*)?", re.DOTALL)
ROW_NUMBERS = ("", "id", "index", "row", "unnamed: 0", "column 1")


def recognised_target(source: Source, target: Summary, task: str | None) -> Target:
    """Return what is predicted.

    Parameters
    ----------
    source : Source
    target : Summary
    task : {"classification", "regression"} or None
        None for what the target looks like.

    Raises
    ------
    DataError
        If it can't be predicted.
    """
    label = f"the target {target.name!r}"
    if target.unusable:
        raise DataError(f"{label} of {source.name} holds {target.unusable}; expected numbers or classes")
    if target.first_missing is not None:
        raise DataError(
            f"{place(source, target.first_missing, target.name)} has no value, and {others(target.n_missing)}; a row "
            f"without a target can't be learned from: remove such rows"
        )
    kind = task or _recognised_task(target)
    if kind == "regression":
        if target.first_word is not None:
            raise DataError(not_a_number(source, target, target.first_word, FOR_CLASSES))
        _refuse_odd_numbers(source, target)
        if target.lowest == target.highest:
            raise DataError(f"{label} is {number_text(target.lowest)} in every row; there is nothing to learn")
        return Regression(target.name, *_mean_and_scale(source, target))
    if target.first_word is not None and _mostly_numbers(target) and task is None:
        raise DataError(not_a_number(source, target, target.first_word, FOR_CLASSES))
    if target.counts is None:
        raise DataError(f"{label} has {too_many(target)}; expected fewer classes with shorter names, or a regression")
    if len(target.counts) == 1:
        raise DataError(f"{label} has one class, {shown(next(iter(target.counts)))}; expected at least two")
    if task is None and FEW_TEXTS < len(target.counts) > target.n_values / 2:
        raise DataError(
            f"{label} has {len(target.counts):,} different texts in {target.n_values:,} rows, such as "
            f"{shown(next(iter(target.counts)))}; expected numbers written as 1234.5, or classes that recur"
        )
    return Classification(target.name, tuple(sorted(target.counts, key=_class_order)))


def _recognised_task(target: Summary) -> str:
    if target.first_word is not None or target.category:
        return "classification"
    few = target.counts is not None and len(target.counts) <= MOST_NUMBERED_CLASSES
    if few and target.whole and target.n_rows >= FEWEST_ROWS_A_CLASS * len(target.counts or ()):
        return "classification"
    return "regression"


class Judge:
    """Decides what each column is, and collects remarks.

    Parameters
    ----------
    source : Source
    fill : Fill
    """

    def __init__(self, source: Source, fill: Fill) -> None:
        self.source = source
        self.fill = fill
        self.remarks: list[str] = []
        self._missing: list[Summary] = []

    def column(self, summary: Summary, kind: str | None) -> Column | None:
        """Return what was learned about a column, or None if it is left out.

        Raises
        ------
        DataError
            If it is not of the kind that it should have or seems to have.
        """
        if summary.mixes_types and not summary.unusable:
            assert summary.first_word is not None
            raise DataError(not_a_number(self.source, summary, summary.first_word, take_for_category(summary.name)))
        reason = self._reason_to_drop(summary, kind)
        if reason is not None:
            self.remarks.append(f"left out {shown(summary.name)}: {reason}")
            return None
        if summary.n_missing and self.fill is None:
            self._missing.append(summary)
        learned = self._learned(summary, kind or _recognised_kind(summary))
        if isinstance(learned, Category) and kind is None and not summary.category:
            self._remark_on_labels(learned)
        if summary.n_missing and learned.fill is not None:
            written = shown(learned.fill)[1:-1] if isinstance(learned.fill, str) else f"{learned.fill:.6g}"
            self.remarks.append(
                f"filled {shown(summary.name)} with {written} where it has no value: {summary.n_missing:,}"
            )
        return learned

    def _learned(self, summary: Summary, kind: str) -> Column:
        if kind == "numeric":
            return self._numeric(summary)
        counts = summary.counts
        if counts is None:
            raise DataError(
                f"column {shown(summary.name)} of {self.source.name} has {too_many(summary)}; expected fewer and "
                f"shorter texts for the kind {kind!r}"
            )
        # Of equally frequent texts the first in order, whichever row comes first.
        fill = max(sorted(counts, key=_class_order), key=lambda text: counts[text]) if self.fill is not None else None
        if kind == "category":
            return Category(summary.name, tuple(sorted(counts, key=_class_order)), fill)
        other = [text for text in counts if text.lower() not in TRUTH]
        if other:
            raise DataError(
                f"column {shown(summary.name)} of {self.source.name} has {shown(other[0])}; expected one of "
                f"{', '.join(TRUTH)} for the kind 'boolean'"
            )
        return Boolean(summary.name, fill.lower() if fill is not None else None)  # type: ignore[arg-type]

    def _remark_on_labels(self, column: Category) -> None:
        """Add a remark about categories that are probably something else."""
        doubtful = next((label for label in column.categories if label.lower() in DOUBTFUL_WORDS), None)
        if doubtful is not None:
            self.remarks.append(
                f"{shown(doubtful)} in {shown(column.name)} became a category; if it means a missing value, declare it "
                f"with missing=[{doubtful!r}] (--missing {shown(doubtful)})"
            )
        if 2 * sum(map(has_unit, column.categories)) > len(column.categories):
            self.remarks.append(
                f"{shown(column.name)} became {len(column.categories)} categories: {hint_at_units(column.categories)}"
            )

    def refuse_missing(self) -> None:
        """Raise if values are missing and are not to be filled.

        Raises
        ------
        DataError
            Names the first one and counts the others.
        """
        if not self._missing:
            return
        first = self._missing[0]
        assert first.first_missing is not None
        also = "".join(f"; {each.n_missing:,} are missing in {shown(each.name)}" for each in self._missing[1:6])
        raise DataError(
            f"{place(self.source, first.first_missing, first.name)} has no value, and {others(first.n_missing)}{also}"
            f"; fill them (--fill median, or fill='median' in Python), drop the column, or remove the rows"
        )

    def _reason_to_drop(self, summary: Summary, kind: str | None) -> str | None:
        if summary.unusable and kind is not None:
            raise DataError(
                f"column {shown(summary.name)} of {self.source.name} holds {summary.unusable}; expected numbers or "
                f"texts for the kind {kind!r}: convert it, or leave out its kind, and the column is left out"
            )
        if summary.unusable:
            return f"it holds {summary.unusable}"
        if summary.n_values == 0:
            return "it is empty"
        everywhere = "wherever it has a value" if summary.n_missing else "in every row"
        counts = summary.counts
        if counts is not None and len(counts) == 1:
            return f"it is {shown(next(iter(counts)))} {everywhere}"
        if kind in (None, "numeric") and summary.first_word is None and summary.lowest == summary.highest:
            return f"it is {number_text(summary.lowest)} {everywhere}"
        if kind is not None:
            return None
        if summary.category and counts is not None:
            return None
        if summary.first_word is None and not summary.category:
            counts_rows = summary.counts_up and summary.name.lower() in ROW_NUMBERS
            return "it counts the rows" if counts_rows else None
        return None if _mostly_numbers(summary) and not summary.category else self._reason_in_texts(summary)

    def _reason_in_texts(self, summary: Summary) -> str | None:
        counts = summary.counts
        if counts is not None and all(map(DATE.fullmatch, counts)):
            return "it holds dates; make what matters about them columns of their own, such as the month"
        if counts is not None and all(map(NUMBER_WITH_COMMAS.fullmatch, counts)):
            return (
                f"it holds numbers with commas, such as {shown(next(iter(counts)))}; write them as 1234.5, or say with "
                f"decimal=',' or decimal='.' (--decimal) what separates the decimals"
            )
        if summary.longest > MOST_CHARACTERS:
            return (
                f"it holds texts of up to {summary.longest:,} characters; categories have {MOST_CHARACTERS:,} at most"
            )
        if counts is None or len(counts) > MOST_CATEGORIES or FEW_TEXTS < len(counts) > summary.n_values / 2:
            if counts is not None and all(map(has_unit, counts)):
                return hint_at_units(counts)
            how_many = f"more than {MOST_DISTINCT:,}" if counts is None else f"{len(counts):,}"
            return (
                f"it holds {how_many} different texts in {summary.n_values:,} rows, as names or sentences do; up to "
                f"{MOST_DISTINCT:,} are kept if you {take_for_category(summary.name)}"
            )
        return None

    def _numeric(self, summary: Summary) -> Numeric:
        if summary.first_word is not None:
            raise DataError(not_a_number(self.source, summary, summary.first_word, take_for_category(summary.name)))
        _refuse_odd_numbers(self.source, summary)
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
    mean, deviation = summary.mean, summary.deviation
    if not math.isfinite(deviation):
        raise DataError(
            f"column {shown(summary.name)} of {source.name} has numbers from {summary.lowest:g} to "
            f"{summary.highest:g}, too large to be scaled; give them in another unit"
        )
    # Numbers that differ only among the rows held out can't be scaled: such a deviation comes from rounding.
    largest = max(abs(summary.lowest), abs(summary.highest))
    return mean, deviation if deviation > ROUNDING * largest else 1.0


def _recognised_kind(summary: Summary) -> str:
    truths = bool(summary.counts) and all(text.lower() in TRUTH for text in summary.counts or ())
    if summary.category:
        return "boolean" if truths else "category"
    if summary.first_word is None or _mostly_numbers(summary):
        return "numeric"
    return "boolean" if truths else "category"


def _mostly_numbers(summary: Summary) -> bool:
    return 2 * summary.n_numbers > summary.n_values


def _refuse_odd_numbers(source: Source, summary: Summary) -> None:
    if summary.first_infinite is not None:
        row, text = summary.first_infinite
        raise DataError(f"{place(source, row, summary.name)} is {shown(text)}; expected a finite number")
    if summary.first_unclear is not None:
        row, text = summary.first_unclear
        raise DataError(f"{place(source, row, summary.name)} is {shown(text)}, {DECIMAL_HINT}")


def _class_order(text: str) -> tuple[bool, float, str]:
    """Sort numbers by value, before all other texts in alphabetical order."""
    is_number = NUMBER.fullmatch(text) is not None
    return not is_number, float(text) if is_number else 0.0, text

"""What is gathered of a column in parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_table.numerals import MISSING_WORDS, TextRules
from nnframe_table.sources.values import cells_of_array
from nnframe_table.summary import MOST_DISTINCT, Moments, Sample, Summary

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def summary_of(*parts, train=None, sample=None, counts_texts=True):
    summary, first = Summary("c", sample, counts_texts), 1
    for part in parts:
        summary.add(
            cells_of_array(np.array(part), TextRules(MISSING_WORDS)),
            first,
            np.ones(len(part), bool) if train is None else train,
        )
        first += len(part)
    return summary


@given(st.lists(numbers, min_size=1, max_size=5))
def test_mean_and_deviation_of_parts_are_those_of_the_whole(parts):
    moments = Moments()
    for part in parts:
        moments.add(np.array(part))
    whole = np.concatenate(parts)
    assert moments.mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
    assert moments.deviation == pytest.approx(whole.std(), rel=1e-6, abs=1e-6)


def test_a_large_mean_leaves_the_deviation_exact():
    moments = Moments()
    for part in ([1e9, 1e9 + 1], [1e9 + 2]):
        moments.add(np.array(part))
    assert moments.deviation == pytest.approx(np.sqrt(2 / 3), rel=1e-9)


def test_a_sample_with_room_keeps_everything():
    sample = Sample(10, np.random.default_rng(0))
    sample.add(np.arange(4.0))
    sample.add(np.arange(4.0, 9.0))
    assert sorted(sample.values) == list(range(9))


def test_a_sample_without_room_keeps_each_value_alike_often():
    kept = np.zeros(100)
    for seed in range(2000):
        sample = Sample(10, np.random.default_rng(seed))
        for part in np.split(np.arange(100.0), [5, 12, 60]):
            sample.add(part)
        kept[sample.values.astype(int)] += 1
    # 2,000 draws with a chance of 1/10: 200 each, with a standard deviation of 13.4.
    assert (abs(kept - 200) < 67).all()


def test_moments_are_of_the_rows_to_train_on_and_the_rest_of_all():
    summary = summary_of([1.0, 2.0, 9.0], train=np.array([True, True, False]))
    assert (summary.moments.mean, summary.highest, summary.n_numbers) == (1.5, 9, 3)


def test_the_first_oddities_are_remembered_by_row():
    summary = summary_of(["1", "2"], ["", "abc"], ["inf", "x"])
    assert (summary.first_missing, *summary.first_word, *summary.first_infinite) == (3, 4, "abc", 5, "inf")
    assert (summary.n_rows, summary.n_missing, summary.n_numbers, summary.n_values) == (6, 1, 2, 5)


def test_texts_are_counted_until_they_are_too_many():
    assert summary_of(["a", "b"], ["a"]).counts == {"a": 2, "b": 1}
    assert summary_of([str(i) for i in range(MOST_DISTINCT)], ["one more"]).counts is None


@pytest.mark.parametrize(
    ("parts", "up"), [(([5, 6], [7, 8]), True), (([5, 6], [8]), False), (([5, 7],), False), (([5.0, np.nan],), False)]
)
def test_a_column_that_counts_the_rows_is_noticed(parts, up):
    assert summary_of(*parts).counts_up is up

"""What is collected about a column, chunk by chunk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_table.numerals import MISSING_WORDS, TextRules
from nnframe_table.sources.values import cells_of_array
from nnframe_table.statistics import Statistics
from nnframe_table.summary import MOST_DISTINCT, Sample, Summary

floats = st.floats(-1e6, 1e6)


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


def statistics_of(*parts, train=None):
    statistics = Statistics(len(parts[0]))
    for part in parts:
        values = np.array(part, float)
        statistics.add(values, np.ones(values.shape[1], bool) if train is None else train)
    return statistics


@given(st.lists(st.lists(st.tuples(floats, floats), min_size=1, max_size=30), min_size=1, max_size=5))
def test_statistics_of_parts_are_those_of_the_whole(parts):
    statistics = statistics_of(*(np.array(part).T for part in parts))
    whole = np.concatenate(parts).T
    np.testing.assert_allclose(statistics.mean, whole.mean(axis=1), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(statistics.deviation, whole.std(axis=1), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(statistics.lowest, whole.min(axis=1))
    np.testing.assert_array_equal(statistics.highest, whole.max(axis=1))


def test_a_large_mean_leaves_the_deviation_exact():
    assert statistics_of([[1e9, 1e9 + 1]], [[1e9 + 2]]).deviation[0] == pytest.approx(np.sqrt(2 / 3), rel=1e-9)


def test_cells_without_a_finite_number_are_ignored():
    statistics = statistics_of([[1.0, np.nan, 3.0], [np.inf, np.nan, np.nan]])
    assert (statistics.mean[0], statistics.deviation[0], statistics.n_numbers.tolist()) == (2, 1, [2, 0])
    assert (statistics.mean[1], statistics.deviation[1]) == (0, 0)


def test_a_sample_with_room_keeps_everything():
    sample = Sample(10, np.random.default_rng(0))
    sample.add(np.arange(4.0))
    sample.add(np.arange(4.0, 9.0))
    assert sorted(sample.values) == list(range(9))


def test_a_full_sample_keeps_each_value_equally_often():
    kept = np.zeros(100)
    for seed in range(2000):
        sample = Sample(10, np.random.default_rng(seed))
        for part in np.split(np.arange(100.0), [5, 12, 60]):
            sample.add(part)
        kept[sample.values.astype(int)] += 1
    # 2,000 draws with a chance of 1/10: 200 each, with a standard deviation of 13.4.
    assert (abs(kept - 200) < 67).all()


def test_mean_and_deviation_are_of_the_training_rows_and_the_rest_of_all_rows():
    statistics = statistics_of([[1.0, 2.0, 9.0]], train=np.array([True, True, False]))
    assert (statistics.mean[0], statistics.highest[0], statistics.n_numbers[0]) == (1.5, 9, 3)


def test_the_first_odd_cells_are_remembered_by_row():
    summary = summary_of(["1", "2"], ["", "abc"], ["inf", "x"])
    assert (summary.first_missing, *summary.first_word, *summary.first_infinite) == (3, 4, "abc", 5, "inf")
    assert (summary.n_rows, summary.n_missing, summary.n_values) == (6, 1, 5)


def test_texts_are_counted_until_they_are_too_many():
    assert summary_of(["a", "b"], ["a"]).counts == {"a": 2, "b": 1}
    assert summary_of([str(i) for i in range(MOST_DISTINCT)], ["one more"]).counts is None


@pytest.mark.parametrize(
    ("parts", "up"), [(([5, 6], [7, 8]), True), (([5, 6], [8]), False), (([5, 7],), False), (([5.0, np.nan],), False)]
)
def test_a_column_that_counts_the_rows_is_noticed(parts, up):
    assert statistics_of(*([part] for part in parts)).counts_up[0] == up


def test_texts_of_numbers_are_counted_once_a_word_occurs():
    summary = summary_of(["1", "2"], ["1", "x"], ["1"], counts_texts=False)
    assert summary.counts == {"1": 3, "2": 1, "x": 1}

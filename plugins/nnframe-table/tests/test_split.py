"""Which rows are held out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from nnframe_table.split import held_out

shares = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**63)


@given(st.integers(0, 2000), shares, seeds)
def test_the_share_is_right_to_within_two_rows(count, share, seed):
    assert abs(np.count_nonzero(held_out(0, count, share, seed)) - share * count) <= 2


@given(st.integers(0, 300), st.integers(0, 300), shares, seeds)
def test_the_choice_does_not_depend_on_chunks(first, second, share, seed):
    parts = held_out(0, first, share, seed), held_out(first, second, share, seed)
    np.testing.assert_array_equal(np.concatenate(parts), held_out(0, first + second, share, seed))


def test_rows_of_a_sorted_table_are_held_out_everywhere():
    chosen = np.flatnonzero(held_out(0, 1000, 0.2, 0))
    assert np.diff(chosen).max() <= 9


def test_another_seed_holds_out_other_rows():
    assert (held_out(0, 100, 0.2, 0) != held_out(0, 100, 0.2, 1)).any()


def test_every_place_in_a_run_is_equally_likely():
    places = np.flatnonzero(held_out(0, 50_000, 0.2, 3)) % 5
    # 10,000 draws among 5: 2,000 each, with a standard deviation of 40.
    assert (abs(np.bincount(places) - 2000) < 200).all()


def test_a_share_of_zero_holds_out_nothing():
    assert not held_out(0, 100, 0, 0).any()

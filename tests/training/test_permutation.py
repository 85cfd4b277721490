"""A random order that is computed where it is asked for."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnframe
from nnframe.training.permutation import Permutation
from nnframe.training.plan import Plan
from nnframe.training.shards import ShardedPlan, taken_from_shards


@given(st.integers(0, 3000), st.integers(0, 2**63))
def test_it_has_each_number_once(n, key):
    assert sorted(Permutation(n, [key])[0:n]) == list(range(n))


@given(st.integers(1, 500), st.data())
def test_a_slice_a_place_and_an_array_of_places_agree(n, data):
    whole = Permutation(n, [1])[0:n]
    start, stop = sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))
    permutation = Permutation(n, [1])
    np.testing.assert_array_equal(permutation[start:stop], whole[start:stop])
    np.testing.assert_array_equal(permutation[np.arange(start, stop)], whole[start:stop])
    place = data.draw(st.integers(0, n - 1))
    assert permutation[place] == whole[place]


def test_all_orders_of_four_are_about_as_frequent():
    # 24 orders, expected 400 times each with a standard deviation of 20; chi-square with 23 degrees of freedom.
    counts = Counter(tuple(Permutation(4, [key])[0:4].tolist()) for key in range(9600))
    assert len(counts) == 24
    assert sum((count - 400) ** 2 / 400 for count in counts.values()) < 60


def test_ten_billion_numbers_take_no_memory():
    permutation = Permutation(10**10, [1])
    assert len(permutation) == 10**10
    assert len(set(permutation[10**9 : 10**9 + 1000].tolist())) == 1000


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(1, 20))
def test_every_shard_is_used_up_in_proportion(lengths, batch_size):
    total = sum(lengths)
    bounds = np.minimum(np.arange(-(-total // batch_size) + 1) * batch_size, total)
    taken = taken_from_shards(lengths, bounds)
    np.testing.assert_array_equal(taken.sum(axis=0), bounds)
    np.testing.assert_array_equal(taken[:, -1], lengths)
    assert (np.diff(taken, axis=1) >= 0).all()
    if total:
        # Each of the shards before it may shift a shard by one sample.
        off = np.abs(taken - np.outer(lengths, bounds) / total)
        assert off.max() <= len(lengths)


def test_many_rows_do_not_overflow():
    lengths = [10**10, 7, 3 * 10**9]
    taken = taken_from_shards(lengths, np.array([0, 13 * 10**9 // 2, sum(lengths)]))
    assert taken[:, -1].tolist() == lengths
    assert taken[0, 1] == pytest.approx(5 * 10**9, abs=10)


def order_of(lengths, split, **changes):
    """Return the rows that all processes visit in an epoch, counted from the first row of the first shard."""
    fields = {"shuffle": True, "held_out_share": None} | changes
    plans = []
    for first, count in zip(np.cumsum([0, *split[:-1]]).tolist(), split, strict=True):
        plans.append(
            ShardedPlan(
                2, 16, sum(lengths), fields["shuffle"], 5, None, fields["held_out_share"], False, lengths, first, count
            )
        )
    epochs, order = [plan.epoch(1, 0.1) for plan in plans], []
    for batch in range(plans[0].batches_per_epoch):
        before = len(order)
        for plan, epoch in zip(plans, epochs, strict=True):
            assert epoch.shares.positions[batch] == len(order)
            rows = epoch.order[int(epoch.shares.starts[batch]) : int(epoch.shares.stops[batch])]
            order += [sum(lengths[: plan.first]) + row for row in rows.tolist()]
        assert len(order) - before == epochs[0].shares.sizes[batch]
    return order


@pytest.mark.parametrize(
    "changes", [{}, {"shuffle": False}, {"held_out_share": 0.2}, {"shuffle": False, "held_out_share": 0.2}]
)
@pytest.mark.parametrize("split", [(5,), (2, 2, 1), (1, 1, 1, 1, 1), (0, 5, 0), (3, 2)])
def test_the_order_does_not_depend_on_how_shards_are_spread(split, changes):
    lengths = (70, 3, 41, 0, 30)
    order = order_of(lengths, split, **changes)
    assert order == order_of(lengths, (5,), **changes)
    plan = ShardedPlan(2, 16, 144, True, 5, None, changes.get("held_out_share"), False, lengths, 0, 5)
    held_out = [] if plan.held_out is None else plan.held_out.tolist()
    assert sorted(order + held_out) == list(range(144))
    assert len(held_out) == (round(0.2 * 144) if changes.get("held_out_share") else 0)


def test_an_order_of_very_many_rows_is_not_kept(monkeypatch):
    monkeypatch.setattr("nnframe.training.plan.MOST_KEPT", 10)
    plan = Plan(1, 4, 11, True, 5, None, None, False)
    order = plan.epoch(0, 0.1).order
    assert isinstance(order, Permutation)
    data = nnframe.pairs(np.arange(11.0).reshape(-1, 1), np.ones((11, 1)))
    nets = [nnframe.nNet.from_sizes([1, 1], [None], seed=0) for _ in range(3)]
    for net, engine in zip(nets[:2], ["numpy", "reference"], strict=True):
        net.nEpochs(1, data, "mse", 0.001, batch_size=4, shuffle=True, seed=5, engine=engine)
    rows = order[0:11]
    nets[2].backprop(nnframe.pairs(data.X[rows], data.Y[rows]), "mse", 0.001, batch_size=4)
    for net in nets[:2]:
        np.testing.assert_allclose(net.layersList[0].linear, nets[2].layersList[0].linear, rtol=1e-12)

"""Several threads at one batch: the same numbers, and nobody waits for ever."""

import contextlib
import gc
import multiprocessing
import os
import threading

import numpy as np
import pytest
from nnframe_numba import EngineWarning, training
from nnframe_numba.barrier import ABORTED, new_barrier, share_of_rows, share_of_samples, wait_at_barrier
from nnframe_numba.matrix_products import ROWS_PER_TICKET
from nnframe_numba.thread_count import (
    FEWEST_SLICES_BETWEEN,
    SECONDS_PER_TRIAL,
    SECONDS_WORTH_A_TRIAL,
    TRIALS,
    ThreadCount,
    thread_count_for,
)
from nnframe_numba.training import CompiledTraining
from nnframe_numba.worker_threads import Worker, together

import nnframe


def trained(learning_rate=0.05, **settings):
    rng = np.random.default_rng(0)
    data = nnframe.pairs(rng.normal(size=(150, 30)), np.eye(4)[rng.integers(0, 4, 150)])
    # Enough rows in the first layer that pieces of them are handed out.
    net = nnframe.nNet.from_sizes([30, 6 * ROWS_PER_TICKET, 20, 4], ["relu", "tanh", "softmax"], seed=1)
    loss = net.nEpochs(3, data, "cel", learning_rate, 64, engine="numba", seed=0, shuffle=True, **settings).loss
    return [*(array for layer in net.layersList for array in (layer.linear, layer.bias)), np.array(loss)]


SETTINGS = {
    "plain": {},
    "dropout and weights": {"dropout": 0.3, "sample_weights": np.linspace(0.5, 2, 150)},
    "an optimizer with all that goes before it": {
        "learning_rate": None,
        "optimizer": "adam",
        "l2": 0.01,
        "clip_norm": 0.5,
    },
}


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_any_number_of_threads_gives_the_same_to_the_bit(settings, n_threads, monkeypatch):
    results = []
    for size in (1, n_threads):
        monkeypatch.setattr(ThreadCount, "next", lambda self, n_batches, size=size: size)
        results.append(trained(**settings))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_any_number_of_threads_can_change_a_layer_that_is_there_twice(monkeypatch):
    rng = np.random.default_rng(0)
    size = 4 * ROWS_PER_TICKET
    data = nnframe.pairs(rng.normal(size=(640, size)), rng.normal(size=(640, size)))
    results = []
    for n_threads in (1, 2):
        monkeypatch.setattr(ThreadCount, "next", lambda self, n_batches, n_threads=n_threads: n_threads)
        layer = nnframe.nNet.from_sizes([size, size], ["tanh"], seed=1).layersList[0]
        nnframe.nNet([layer, layer]).nEpochs(5, data, "mse", 0.1, 32, engine="numba", seed=0)
        results.append(layer.linear)
    np.testing.assert_array_equal(*results)


def test_two_nets_can_be_trained_at_once_by_two_threads_each(monkeypatch):
    monkeypatch.setattr(ThreadCount, "next", lambda self, n_batches: 2)
    expected = trained()
    found = [None] * 3
    threads = [threading.Thread(target=lambda i=i: found.__setitem__(i, trained())) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in found:
        np.testing.assert_array_equal(
            np.concatenate([a.ravel() for a in each]), np.concatenate([a.ravel() for a in expected])
        )


@pytest.mark.parametrize("count", [0, 1, 7, 8, 15, 16, 17, 64, 1000])
@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
def test_parts_have_each_sample_once_and_none_has_few(count, n_threads):
    bounds = [share_of_samples(part, n_threads, count) for part in range(n_threads)]
    assert [i for first, last in bounds for i in range(first, last)] == list(range(count))
    assert all(last == first or last - first >= min(count, 8) for first, last in bounds)


def test_parts_have_each_row_once():
    assert [share_of_rows(part, 3, 10) for part in range(3)] == [(0, 3), (3, 6), (6, 10)]


def test_whoever_is_interrupted_before_it_begins_keeps_no_one_waiting():
    barrier = new_barrier(0)
    came = []

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        together(
            [interrupted, lambda: came.append(wait_at_barrier(barrier, 2))], lambda: barrier.__setitem__(ABORTED, 1)
        )
    assert came == [False]
    assert together([lambda: wait_at_barrier(new_barrier(0), 1), lambda: came.append("again")], lambda: None)
    assert came == [False, "again"]


def test_a_call_that_fails_keeps_no_one_waiting_and_its_error_is_raised():
    def fail():
        raise MemoryError("no more")

    for _ in range(2):
        is_off = threading.Event()
        with pytest.raises(MemoryError, match="no more"):
            together([is_off.wait, fail], is_off.set)
    assert together([lambda: 1, lambda: 2], lambda: None) == 1


def test_helpers_are_used_again_after_an_interrupt_before_they_begin(monkeypatch):
    def interrupt(self):
        raise KeyboardInterrupt

    together([lambda: 1, lambda: 2], lambda: None)
    before = threading.active_count()
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "move_away", interrupt)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                together([lambda: 1, lambda: 2], lambda: None)
    assert together([lambda: 1, lambda: 2], lambda: None) == 1
    assert threading.active_count() == before


@pytest.mark.parametrize("n_allowed", [1, 2])
def test_a_helper_begins_beside_the_one_that_it_helps_where_there_is_room(n_allowed):
    get = getattr(os, "sched_getaffinity", None)
    if get is None or len(get(0)) < n_allowed:
        pytest.skip("threads can't be placed here")
    before = get(0)
    allowed = set(sorted(before)[:n_allowed])
    found = []
    os.sched_setaffinity(0, allowed)
    try:
        together([lambda: None, lambda: found.append(get(0))], lambda: None)
    finally:
        os.sched_setaffinity(0, before)
    (processors,) = found
    assert len(processors) == 1
    assert processors <= allowed


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no process can be forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_finds_helpers_of_its_own(monkeypatch):
    monkeypatch.setattr(ThreadCount, "next", lambda self, n_batches: 2)
    trained()
    process = multiprocessing.get_context("fork").Process(target=trained)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_a_run_is_gone_when_training_is_over_and_not_at_the_next_garbage_collection():
    def alive():
        return sum(type(each) is CompiledTraining for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        # numba keeps the frames of the last formula that it could not compile, and what they refer to.
        before = alive()
        trained()
        assert alive() == before
    finally:
        gc.enable()


def may_raise(z):
    if np.isnan(z).any():
        raise ValueError("not a number")
    return z * z


def test_what_runs_in_python_is_not_shared_whatever_compiled_nets_of_its_size_have_found_out(monkeypatch):
    choices = []
    monkeypatch.setattr(
        training, "thread_count_for", lambda *work: choices.append(thread_count_for(*work)) or choices[-1]
    )
    plain = nnframe.Activation("plain", lambda z: z * z, lambda z: 2 * z)
    can_fail = nnframe.Activation("can_fail", may_raise, lambda z: 2 * z)
    for activation in (plain, can_fail):
        net = nnframe.nNet.from_sizes([3, 4, 2], [activation, None], seed=0)
        expectation = pytest.warns(EngineWarning) if activation is can_fail else contextlib.nullcontext()
        with expectation:
            net.backprop(nnframe.pairs(np.ones((64, 3)), np.ones((64, 2))), "mse", 0.01, 32, engine="numba")
    compiled, in_python = choices
    assert compiled is not in_python
    assert in_python.most == 1


def chosen(choice, seconds_of, slices):
    """Return the sizes of so many slices of a batch each, which take so long on a number of threads."""
    sizes = []
    for _ in range(slices):
        sizes.append(choice.next(1))
        choice.tell(sizes[-1], 1, seconds_of(sizes[-1]))
    return sizes


def test_two_threads_are_chosen_where_they_are_faster():
    slow = 4 * SECONDS_WORTH_A_TRIAL
    sizes = chosen(ThreadCount(2), lambda size: slow / size, 2 * TRIALS + FEWEST_SLICES_BETWEEN)
    assert set(sizes[: 2 * TRIALS]) == {1, 2}
    assert set(sizes[-FEWEST_SLICES_BETWEEN + 1 :]) == {2}


def test_one_thread_is_chosen_where_two_are_not_much_faster():
    choice = ThreadCount(4)
    chosen(choice, lambda size: 4 * SECONDS_WORTH_A_TRIAL / (1 + 0.02 * size), 100)
    assert choice.size == 1


def test_it_is_tried_again_after_a_while():
    choice = ThreadCount(2)
    slow = 4 * SECONDS_WORTH_A_TRIAL
    chosen(choice, lambda size: slow * size, 2 * TRIALS + 1)
    assert choice.size == 1
    chosen(choice, lambda size: slow / size, FEWEST_SLICES_BETWEEN + 2 * TRIALS)
    assert choice.size == 2


def test_fewer_threads_that_take_far_longer_are_given_up_at_once():
    choice = ThreadCount(2)
    slow = 4 * SECONDS_WORTH_A_TRIAL
    chosen(choice, lambda size: slow / size, 2 * TRIALS + 1)
    sizes = chosen(choice, lambda size: slow / size, 10 * FEWEST_SLICES_BETWEEN)
    assert 1 in sizes
    assert (1, 2, 1) not in zip(sizes, sizes[1:], sizes[2:], strict=False)


def test_short_work_is_done_by_one_thread():
    choice = ThreadCount(2)
    choice.tell(1, 1, 1e-6)
    assert choice.next(10) == 1


def test_a_slice_is_as_long_as_it_took_the_last_time():
    choice = ThreadCount(1)
    assert choice.batches_in(0.05) == 1
    choice.tell(1, 10, 0.01)
    assert choice.batches_in(0.05) == 50


def test_slices_are_short_while_numbers_of_threads_are_tried():
    choice = ThreadCount(2)
    choice.tell(1, 10, 0.05)
    in_trial = choice.batches_in(10.0)
    chosen(choice, lambda size: 0.005, 2 * TRIALS)
    assert in_trial == SECONDS_PER_TRIAL / 0.005
    assert choice.batches_in(10.0) == 2000

"""A predictor gives what the net's forward pass gives, and loads without numba."""

import threading
import time

import numpy as np
import pytest
from nnframe_numba import (
    EngineWarning,
    code_store,
    engine_warnings,
    native_call,
    part_formulas,
    prediction,
    row_blocks,
    worker_threads,
)
from nnframe_numba.builtin_kernels import BUILT_IN
from nnframe_numba.predictor_source import N_ENTRIES
from nnframe_numba.worker_threads import get_help

import nnframe
from nnframe import Activation, nNet

RNG = np.random.default_rng(0)
TOLERANCES = {np.float32: 1e-5, np.float64: 1e-12}
elu = Activation("elu", lambda z, alpha, steep: np.where(z > 0, z, alpha * np.expm1(steep * z)),
                 params={"alpha": 1.0, "steep": 1})  # fmt: skip
centred = Activation("centred", lambda z: z - z.mean(axis=0))


def make_net(dtype=np.float32, activations=("relu", elu, centred, "softmax")):
    net = nNet.from_sizes([5, 20, 33, 7, 3], activations, seed=1, dtype=dtype)
    for layer in net.layersList:
        layer.bias = RNG.normal(size=layer.bias.shape)
    return net


def assert_agrees(net, X):
    found, expected = net.predictor("numba").rows(X), net.predict(X)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    tolerance = TOLERANCES[net.dtype.type]
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_of_rows_gives_what_the_net_gives(dtype, monkeypatch):
    # So that some of them are shared among threads.
    monkeypatch.setattr(prediction, "MULTIPLICATIONS_PER_THREAD", 500_000)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    net = make_net(dtype)
    for n_rows in (0, 1, 2, 4, 5, 100, 145, 1153, 4001):
        assert_agrees(net, RNG.normal(size=(n_rows, 5)).astype(dtype))


def test_a_net_without_activations_and_a_wide_one_agree():
    assert_agrees(nNet.from_sizes([3, 2], [None], dtype=np.float32), RNG.normal(size=(9, 3)).astype(np.float32))
    wide = nNet.from_sizes([600, 300, 40], ["sigmoid", "tanh"], dtype=np.float32)
    for n_rows in (1, 300):
        assert_agrees(wide, RNG.normal(size=(n_rows, 600)).astype(np.float32))


def test_rows_in_any_order_in_memory_will_do():
    net = make_net()
    X = RNG.normal(size=(6, 5)).astype(np.float32)
    read_only = X.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"x" + X.tobytes(), np.float32, offset=1).reshape(X.shape)
    expected = net.predictor("numba").rows(X)
    for each in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1], read_only, unaligned):
        np.testing.assert_array_equal(net.predictor("numba").rows(each), expected)
    np.testing.assert_array_equal(net.predictor("numba")(X.T), expected.T)


def test_all_values_of_parameters_share_their_code(monkeypatch):
    net = make_net(activations=(elu, None))
    assert_agrees(net, RNG.normal(size=(6, 5)).astype(np.float32))
    monkeypatch.setattr(code_store, "in_compile_thread", lambda function: pytest.fail("it was compiled again"))
    for alpha in (0.5, 2.0, -1.0):
        for layer in net.layersList[:-1]:
            layer.activation = elu.with_params(alpha=alpha, steep=3)
        assert_agrees(net, RNG.normal(size=(6, 5)).astype(np.float32))


def test_several_threads_may_ask_at_once():
    net = make_net()
    X = RNG.normal(size=(400, 5)).astype(np.float32)
    answer, wrong = net.predictor("numba"), []
    # BLAS rounds differently for other numbers of rows.
    expected = {n_rows: answer.rows(X[:n_rows]) for n_rows in (1, 20, 400)}

    def ask(n_rows):
        for _ in range(200):
            if not np.array_equal(answer.rows(X[:n_rows]), expected[n_rows]):
                wrong.append(n_rows)

    threads = [threading.Thread(target=ask, args=(n_rows,)) for n_rows in (1, 1, 20, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def refuses_nan(z):
    if np.isnan(z).any():
        raise ValueError("not a number")
    return np.tanh(z)


def test_what_cannot_be_compiled_runs_on_numpy_with_a_warning_that_says_why(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    net = make_net(activations=(Activation("careful", refuses_nan, lambda z: 1 - np.tanh(z) ** 2), None))
    X = RNG.normal(size=(3, 5)).astype(np.float32)
    with pytest.warns(EngineWarning, match="predictor .* runs on numpy: forward of 'careful': it can raise an error"):
        answer = net.predictor("numba")
    np.testing.assert_array_equal(answer.rows(X), net.predict(X))
    with pytest.raises(nnframe.PluginError, match="not a number"):
        answer.rows(X * np.nan)


def test_machine_code_that_returns_something_else_is_not_used(monkeypatch):
    monkeypatch.setattr(engine_warnings, "_given", set())
    net = make_net()
    X = RNG.normal(size=(3, 5)).astype(np.float32)
    net.predictor("numba")
    monkeypatch.setattr(prediction.Answer, "__call__", lambda self, rows: np.zeros((len(rows), 3), np.float32))
    with pytest.warns(EngineWarning, match="compiled, it returns other numbers"):
        answer = net.predictor("numba")
    np.testing.assert_array_equal(answer.rows(X), net.predict(X))


IN_A_PROCESS = """
import sys, numpy as np, nnframe
net = nnframe.nNet.from_sizes([4, 8, 3], ["tanh", "softmax"], seed=0, dtype=np.float32)
x = np.linspace(-1, 1, 4, dtype=np.float32).reshape(4, 1)
print(net.predictor("numba")(x).tobytes().hex(), "numba" in sys.modules)
"""


def test_a_later_process_loads_the_same_code_without_numba(in_two_processes):
    (first, had_numba), (second, needed_numba) = in_two_processes(IN_A_PROCESS)
    assert first == second
    assert (had_numba, needed_numba) == ("True", "False")


def test_numpy_has_its_fields_where_the_machine_code_looks():
    assert native_call.arrays_are_as_expected()


def test_all_built_in_forms_are_known_without_numba():
    names = [*part_formulas.ACTIVATIONS, *part_formulas.OBJECTIVES]
    assert {f"builtin {name}{mark}" for name in names for mark in ("", "'")} == set(BUILT_IN)


@pytest.fixture
def shared(monkeypatch):
    """Let any number of rows be shared by three threads."""
    monkeypatch.setattr(prediction, "MULTIPLICATIONS_PER_THREAD", 1)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    net = make_net()
    return net, RNG.normal(size=(2000, 5)).astype(np.float32)


def test_answers_do_not_wait_for_helpers_that_never_come(shared, monkeypatch):
    monkeypatch.setattr(prediction, "get_help", lambda call, n_threads: None)
    assert_agrees(*shared)


def test_a_helper_that_comes_late_finds_nothing_to_do(shared, monkeypatch):
    net, X = shared
    calls = []
    monkeypatch.setattr(prediction, "get_help", lambda call, n_threads: calls.append(call))
    outputs = net.predictor("numba").rows(X)
    outputs[...] = 7
    for call in calls:
        call()
    assert calls
    assert (outputs == 7).all()


def test_a_helper_alone_leaves_nothing_to_do_and_does_not_wait(shared, monkeypatch):
    net, X = shared
    monkeypatch.setattr(prediction, "get_help", lambda call, n_threads: call())
    assert_agrees(net, X)


def test_each_block_is_taken_once_by_several_threads():
    blocks, taken = np.zeros(N_ENTRIES, np.int64), [[] for _ in range(4)]

    def take(blocks_of_thread):
        while (block := row_blocks.take_block(blocks)) < 2000:
            blocks_of_thread.append(block)
            row_blocks.finish_block(blocks)

    threads = [threading.Thread(target=take, args=(each,)) for each in taken]
    for thread in threads:
        thread.start()
    row_blocks.wait_for_blocks(blocks, 2000)
    for thread in threads:
        thread.join()
    assert sorted(block for blocks_of_thread in taken for block in blocks_of_thread) == list(range(2000))


def test_helpers_that_get_no_processor_are_not_asked_for_ever():
    release, done = threading.Event(), []
    try:
        for _ in range(50):
            get_help(lambda: (release.wait(), done.append(1)), 1)
        assert len(worker_threads._helping) == worker_threads.CALLS_FOR_HELP_PER_THREAD
    finally:
        release.set()
    while worker_threads._helping:
        time.sleep(0.001)
    assert len(done) == worker_threads.CALLS_FOR_HELP_PER_THREAD

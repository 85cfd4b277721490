"""BLAS gets one thread where more don't help, and what the user set stays."""

import numpy as np
import pytest

from nnframe import nNet, pairs
from nnframe.engines.fast import blas_threads
from nnframe.engines.fast.blas_threads import VARIABLES, FittingThreads, Library, largest_product
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

LARGE, SMALL = (100, 30, 200), (16, 8, 32)
FLOAT32 = np.dtype(np.float32)


class Threads:
    """A library that only counts, and products that are as fast as they are told to be."""

    def __init__(self, monkeypatch, alone, n=4):
        self.n, self.seen = n, []
        library = Library(lambda: self.n, self.set, n_threads=n)
        monkeypatch.setattr(blas_threads, "blas_library", lambda: library)
        monkeypatch.setattr(blas_threads, "_findings", {})
        seconds = (lambda: 1.0) if alone else (lambda: 1.0 if self.n > 1 else 2.0)
        monkeypatch.setattr(blas_threads, "_seconds", lambda A, B, out: seconds())
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)

    def set(self, n):
        self.n = n
        self.seen.append(n)


def test_a_product_that_gains_nothing_from_more_threads_has_one(monkeypatch):
    library = Threads(monkeypatch, alone=True)
    with FittingThreads(LARGE, FLOAT32).chosen():
        assert library.n == 1
    assert library.n == 4


def test_a_product_that_gains_from_more_threads_has_all(monkeypatch):
    library = Threads(monkeypatch, alone=False)
    with FittingThreads(LARGE, FLOAT32).chosen():
        assert library.n == 4
    assert library.n == 4


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_number_of_threads_is_put_back_after_an_error(error, monkeypatch):
    library = Threads(monkeypatch, alone=True)
    with pytest.raises(error), FittingThreads(LARGE, FLOAT32).chosen():
        raise error
    assert library.n == 4


def test_a_small_product_is_never_timed(monkeypatch):
    library = Threads(monkeypatch, alone=True)
    threads = FittingThreads(SMALL, FLOAT32)
    assert not threads.matters
    with threads.chosen():
        pass
    assert library.seen == []


@pytest.mark.parametrize("name", VARIABLES)
def test_what_the_environment_says_stays(name, monkeypatch):
    library = Threads(monkeypatch, alone=True)
    monkeypatch.setenv(name, "4")
    with FittingThreads(LARGE, FLOAT32).chosen():
        assert library.n == 4
    assert library.seen == []


def test_what_was_set_in_the_process_stays(monkeypatch):
    library = Threads(monkeypatch, alone=True)
    threads = FittingThreads(LARGE, FLOAT32)
    library.n = 3
    with threads.chosen():
        assert library.n == 3
    assert library.seen == []


def test_a_finding_is_used_again(monkeypatch):
    library = Threads(monkeypatch, alone=False)
    for _ in range(3):
        with FittingThreads(LARGE, FLOAT32).chosen():
            pass
    # Once to time one thread, and back.
    assert library.seen == [1, 4]


def test_a_run_and_a_step_have_fitting_threads_and_put_them_back(monkeypatch):
    library = Threads(monkeypatch, alone=True)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(400, 30)), rng.normal(size=(400, 2))
    net = nNet.from_sizes([30, 100, 2])
    net.nEpochs(2, pairs(X, Y), "mse", 0.01, 200)
    assert library.seen == [1, 4] * 3
    net.trainer("mse", 0.01).step(X[:200].T, Y[:200].T)
    assert library.seen == [1, 4] * 4


def test_the_largest_product_is_that_of_the_largest_layer():
    net = bind_net(nNet.from_sizes([3, 7, 20, 2]), Settings.of(loss="mse", learning_rate=0.1))
    assert largest_product(net.layers, 5) == (20, 7, 5)


def test_the_library_of_numpy_is_found_and_set():
    library = blas_threads.blas_library()
    if library is None:
        pytest.skip("numpy uses a BLAS whose threads can't be set")
    before = library.get()
    try:
        library.set(1)
        assert library.get() == 1
    finally:
        library.set(before)
    assert library.get() == before

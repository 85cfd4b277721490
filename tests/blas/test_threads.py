"""BLAS gets one thread where more don't help, and what the user set stays."""

import numpy as np
import pytest

from nnframe import nNet, pairs
from nnframe.blas import threads as blas_threads
from nnframe.blas.threads import VARIABLES, FittingThreads, Library, largest_product, product
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
        # On a slow machine, too, no finding expires.
        monkeypatch.setattr(blas_threads, "SECONDS", 1e9)
        seconds = (lambda: 1.0) if alone else (lambda: 1.0 if self.n > 1 else 2.0)
        monkeypatch.setattr(blas_threads, "_seconds", lambda products: seconds())
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


@pytest.mark.parametrize(("ratio", "n_threads"), [(0.5, 1), (1.0, 4), (2.0, 4)])
def test_a_product_with_a_vector_has_one_thread_if_that_is_faster(ratio, n_threads, monkeypatch):
    library = Threads(monkeypatch, alone=True)
    monkeypatch.setattr(blas_threads, "_seconds", lambda products: 1.0 if library.n > 1 else ratio)
    with FittingThreads((784, 128, 1), FLOAT32).chosen():
        assert library.n == n_threads


@pytest.mark.parametrize(("alone", "n_threads"), [(True, 1), (False, 4)])
def test_a_call_has_the_threads_that_suit_it_and_puts_them_back(alone, n_threads, monkeypatch):
    library = Threads(monkeypatch, alone)
    threads = FittingThreads(LARGE, FLOAT32)
    assert [threads.call(lambda: library.n) for _ in range(2)] == [n_threads] * 2
    assert library.n == 4
    with pytest.raises(ZeroDivisionError):
        threads.call(divmod, 1, 0)
    assert library.n == 4


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_number_of_threads_is_put_back_after_an_error(error, monkeypatch):
    library = Threads(monkeypatch, alone=True)
    with pytest.raises(error), FittingThreads(LARGE, FLOAT32).chosen():
        raise error
    assert library.n == 4


def test_where_one_thread_is_known_to_be_good_nothing_is_timed(monkeypatch):
    library = Threads(monkeypatch, alone=False)
    threads = FittingThreads(LARGE, FLOAT32, is_one=True)
    assert threads.call(lambda: library.n) == 1
    assert library.seen == [1, 4]
    library.n = 3
    assert threads.call(lambda: library.n) == 3


def test_an_update_without_gradients_runs_on_one_thread(monkeypatch):
    library = Threads(monkeypatch, alone=False)
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([784, 128, 10])
    net.trainer("mse", 0.01).step(rng.normal(size=(784, 1)), rng.normal(size=(10, 1)))
    assert library.seen == [1, 4]


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


@pytest.mark.parametrize("kind", ["forwardPass", "predict", "predictor", "evaluate"])
def test_answers_have_fitting_threads_and_put_them_back(kind, monkeypatch):
    library = Threads(monkeypatch, alone=True)
    blas_threads._by_shape.clear()
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(300, 30)), rng.normal(size=(300, 2))
    net = nNet.from_sizes([30, 100, 2])
    expected = np.maximum(X @ net.layersList[0].linear.T, 0) @ net.layersList[1].linear.T
    if kind == "evaluate":
        assert net.evaluate(pairs(X, Y), "mse")["loss"] == pytest.approx(((expected - Y) ** 2).mean())
    else:
        answer = {
            "forwardPass": lambda: net.forwardPass(X.T)[-1].T,
            "predict": lambda: net.predict(X),
            "predictor": lambda: net.predictor().rows(X),
        }[kind]
        np.testing.assert_allclose(answer(), expected)
    # The first layer alone: timed on one thread, and then computed on one.
    assert library.seen == [1, 4] * 2
    blas_threads._by_shape.clear()


def test_sizes_that_change_all_the_time_are_timed_for_a_few(monkeypatch):
    timed = []
    Threads(monkeypatch, alone=True)
    monkeypatch.setattr(blas_threads, "_seconds", lambda products: timed.append(products[0][1].shape[1]) or 1.0)
    A = np.ones((256, 784), np.float32)
    blas_threads._by_shape.clear()
    for count in range(2, 200):
        product(A, np.ones((784, count), np.float32))
    blas_threads._by_shape.clear()
    # Each of them once on all threads and once on one.
    assert sorted(set(timed)) == [2, 4, 8, 16, 32, 64]
    assert len(timed) == 12


def test_a_number_that_was_set_before_the_first_look_stays():
    library = blas_threads.blas_library()
    threadpoolctl = pytest.importorskip("threadpoolctl")
    if library is None or library.n_threads < 2:
        pytest.skip("BLAS has one thread anyway, or its threads can't be set")
    with threadpoolctl.threadpool_limits(1):
        blas_threads.blas_library.cache_clear()
        assert blas_threads.blas_library().n_threads == library.n_threads
        net = nNet.from_sizes([30, 100, 2])
        net.nEpochs(2, pairs(np.ones((400, 30)), np.ones((400, 2))), "mse", 0.01, 200)
        assert library.get() == 1
    assert library.get() == library.n_threads


def test_the_largest_product_is_that_of_the_largest_layer():
    net = bind_net(nNet.from_sizes([3, 7, 20, 2]), Settings.of(loss="mse", learning_rate=0.1))
    assert largest_product((layer.weights for layer in net.layers), 5) == (20, 7, 5)


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


@pytest.mark.parametrize(("trains", "shapes"), [(False, [(3, 2)]), (True, [(3, 2), (3, 4)])])
def test_training_times_the_gradient_of_a_product_as_well(trains, shapes):
    products = blas_threads._timed((3, 4, 2), FLOAT32, trains)
    assert [out.shape for _, _, out in products] == shapes
    assert all((A @ B).shape == out.shape for A, B, out in products)

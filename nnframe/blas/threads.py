"""How many threads BLAS multiplies matrices with.

The threads of OpenBLAS spin while they wait for each other. If another process keeps the processor's cores busy, a
small product on two threads may take a hundred times as long as on one: 50 epochs of a 30-100-2 net with batches of 200
took 1.6 s instead of 0.03. So products that BLAS would split are timed from time to time, on one thread and on all, and
run on whichever is faster at the moment. What the user has set, in the environment or with threadpoolctl, stays.

Products of a few sizes stand for all others, so that a program whose sizes change all the time finds their timings at
hand, and a large product isn't timed for longer than it takes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.blas.library import openblas_functions

# Up to these numbers of multiplications, OpenBLAS uses one thread anyway: for matrices, and for a matrix and a vector.
ONE_ANYWAY, ONE_ANYWAY_VECTOR = 2**18, 9216
# In these variables users say how many threads they want.
VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
# All threads must be faster by this factor, since a product that was timed in a quiet moment may be followed by others.
# For a matrix and a vector one thread must be: to choose it takes a tenth of such a product's time.
GAIN = 1.2
TRIES = 5
# A product that is timed has at most so many multiplications, and a power of 2 as its number of columns.
MOST_TIMED = 2**24
# A finding holds for so many seconds, and for so many times what it took to find.
SECONDS, TIMES = 0.5, 100


T = TypeVar("T")


class Library(NamedTuple):
    """The two functions of a BLAS library that matter here, and how many threads it has if nobody says otherwise."""

    get: Callable[[], int]
    set: Callable[[int], object]
    n_threads: int


# The products with a matrix of one shape, by the number of columns of the other.
Known: TypeAlias = "dict[int, FittingThreads]"
# So many shapes are remembered, and as many numbers of columns.
MOST_SIZES = 256
# For a product, whether one thread is faster, and until when that holds.
_by_shape: dict[tuple[int, ...], Known] = {}
_findings: dict[tuple[tuple[int, int, int], DType, bool], tuple[bool, float]] = {}


class FittingThreads:
    """Lets a run's products use as many threads as are good for them.

    Parameters
    ----------
    product : (int, int, int)
        The sizes m, k and n of the largest product of an (m, k) and a (k, n) matrix.
    dtype : numpy.dtype
    is_one : bool, optional
        Whether one thread is known to be good, so that nothing is timed.
    trains : bool, optional
        Whether there is a gradient for each product. With few columns, it is the one that gains less from threads:
        nothing for 256 x 784 by 32, where the product itself takes 0.7 of the time on two.

    Attributes
    ----------
    on_all_until : float
        Until then, by `time.perf_counter`, all threads are the best choice.
    """

    def __init__(self, product: tuple[int, int, int], dtype: DType, is_one: bool = False, trains: bool = False) -> None:
        # The last finding, at hand.
        self._finding = True, 0.0
        self._key, self._is_one = (_stand_in(product), dtype, trains), is_one
        self._library = None if _is_on_one(product) or is_set_by_user() else blas_library()
        self.on_all_until = math.inf if self._library is None else 0.0

    @property
    def matters(self) -> bool:
        """Whether the number of threads makes a difference."""
        return self._library is not None

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Use as many threads as are good for the products, and then as many as before."""
        library = self._library
        if library is None or not self._wants_one(library):
            yield
            return
        try:
            library.set(1)
            yield
        finally:
            library.set(library.n_threads)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function with as many threads as are good for the products in it, in a fifth of `chosen`'s time."""
        if perf_counter() < self.on_all_until:
            return function(*arguments)
        library = self._library
        if library is None or not self._wants_one(library):
            return function(*arguments)
        try:
            library.set(1)
            return function(*arguments)
        finally:
            library.set(library.n_threads)

    def _wants_one(self, library: Library) -> bool:
        before = library.get()
        # Another number was set by the user, or by a run in another thread.
        return before > 1 and before == library.n_threads and (self._is_one or self._is_faster_alone(library))

    def _is_faster_alone(self, library: Library) -> bool:
        now = perf_counter()
        if now < self._finding[1]:
            return self._finding[0]
        alone, until = _findings.get(self._key, (True, 0.0))
        if now >= until:
            timed = _timed(*self._key)
            on_all = _seconds(timed)
            try:
                library.set(1)
                on_one = _seconds(timed)
            finally:
                library.set(library.n_threads)
            is_matrix = self._key[0][2] > 1
            alone = on_one < (GAIN * on_all if is_matrix else on_all / GAIN)
            end = perf_counter()
            until = end + max(SECONDS, TIMES * (end - now))
            _findings[self._key] = alone, until
        self._finding = alone, until
        self.on_all_until = 0.0 if alone else until
        return alone


def largest_product(weights: Iterable[Array], batch_size: int) -> tuple[int, int, int]:
    """Return the sizes of the largest product of a matrix of weights and a batch."""
    m, k = max((matrix.shape for matrix in weights), key=prod)
    return m, k, batch_size


def product(A: Array, B: Array, known: Known | None = None) -> Array:
    """Return the product of two matrices, computed by as many threads as are good for it.

    Parameters
    ----------
    A, B : ndarray, shapes (m, k) and (k, n)
    known : dict, optional
        Where the caller keeps what is found out about products with a matrix of A's shape and dtype: it is looked up
        there in half the time.
    """
    if known is None:
        known = _by_shape.get(A.shape) or _known_for(A.shape)
    count = B.shape[1]
    threads = known.get(count) or _threads_for(A, count, known)
    if perf_counter() < threads.on_all_until:
        result: Array = A.dot(B)
        return result
    return threads.call(A.dot, B)


def _known_for(shape: tuple[int, ...]) -> Known:
    if len(_by_shape) >= MOST_SIZES:
        _by_shape.clear()
    return _by_shape.setdefault(shape, {})


def _threads_for(A: Array, count: int, known: Known) -> FittingThreads:
    if len(known) >= MOST_SIZES:
        known.clear()
    m, k = A.shape
    # Another thread may clear the dict.
    threads = known[count] = FittingThreads((m, k, count), A.dtype)
    return threads


def _is_on_one(product: tuple[int, int, int]) -> bool:
    return prod(product) <= (ONE_ANYWAY_VECTOR if product[2] == 1 else ONE_ANYWAY)


def _stand_in(product: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the sizes of the product that is timed for one."""
    m, k, n = product
    n = 1 << max(n.bit_length() - 1, 0)
    while n > 1 and m * k * n > MOST_TIMED:
        n //= 2
    # Of this size, BLAS might use one thread where it uses several for the other.
    return product if _is_on_one((m, k, n)) else (m, k, n)


def _timed(sizes: tuple[int, int, int], dtype: DType, trains: bool) -> list[tuple[Array, Array, Array]]:
    """Return the matrices to multiply, and those for the results."""
    m, k, n = sizes
    A, rows, out = np.ones((m, k), dtype), np.ones((n, k), dtype), np.empty((m, n), dtype)
    products = [(A, rows.T, out)]
    if trains and n > 1:
        products.append((np.ones((m, n), dtype), rows, np.empty((m, k), dtype)))
    return products


def _seconds(products: Sequence[tuple[Array, Array, Array]]) -> float:
    for A, B, out in products:
        A.dot(B, out)
    began = perf_counter()
    for _ in range(TRIES):
        for A, B, out in products:
            A.dot(B, out)
    return perf_counter() - began


def is_set_by_user() -> bool:
    """Whether the environment says how many threads there should be."""
    return any(os.environ.get(name) for name in VARIABLES)


@lru_cache(maxsize=1)
def blas_library() -> Library | None:
    """Return the BLAS that numpy uses; None if its number of threads can't be set."""
    return _own_library() or _by_threadpoolctl()


def _own_library() -> Library | None:
    """Return the functions of the OpenBLAS that comes with numpy."""
    names = ("openblas_get_num_threads", "openblas_set_num_threads")
    functions = openblas_functions(*names, "openblas_get_num_procs") or openblas_functions(*names)
    if functions is None:
        return None
    get, change, *others = functions.found
    # It starts with a thread for each processor. If it has fewer, threadpoolctl, say, has set them.
    count = others[0] if others else get
    return Library(get, change, count())


def _by_threadpoolctl() -> Library | None:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    controllers = ThreadpoolController().select(user_api="blas").lib_controllers
    if len(controllers) != 1:
        return None
    get, change = controllers[0].get_num_threads, controllers[0].set_num_threads
    return Library(get, change, get())

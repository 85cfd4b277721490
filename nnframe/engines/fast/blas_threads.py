"""How many threads BLAS multiplies matrices with.

The threads of OpenBLAS spin while they wait for each other. If another process keeps the processor's cores busy, a
small product on two threads may take a hundred times as long as on one: 50 epochs of a 30-100-2 net with batches of 200
took 1.6 s instead of 0.03. So products that BLAS would split are timed from time to time, on one thread and on all, and
run on whichever is faster at the moment. What the user has set, in the environment or with threadpoolctl, stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array, DType
from nnframe.contracts.bound import Linear

# Up to these numbers of multiplications, OpenBLAS uses one thread anyway: for matrices, and for a matrix and a vector.
ONE_ANYWAY, ONE_ANYWAY_VECTOR = 2**18, 9216
# In these variables users say how many threads they want.
VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
# The names of OpenBLAS's functions start and end like this in numpy's own build, and in others.
AFFIXES = (("scipy_openblas", "64_"), ("openblas", "64_"), ("openblas", ""))
# All threads must be faster by this factor, since a product that was timed in a quiet moment may be followed by others.
GAIN = 1.2
TRIES = 5
# A finding holds for so many seconds, and for so many times what it took to find.
SECONDS, TIMES = 0.5, 100


class Library(NamedTuple):
    """The two functions of a BLAS library that matter here, and its number of threads when it was found."""

    get: Callable[[], int]
    set: Callable[[int], object]
    n_threads: int


# For a product, whether one thread is faster, and until when that holds.
_findings: dict[tuple[tuple[int, int, int], DType], tuple[bool, float]] = {}


class FittingThreads:
    """Lets a run's products use as many threads as are good for them.

    Parameters
    ----------
    product : (int, int, int)
        The sizes m, k and n of the largest product of an (m, k) and a (k, n) matrix.
    dtype : numpy.dtype
    """

    def __init__(self, product: tuple[int, int, int], dtype: DType) -> None:
        self._key = product, dtype
        limit = ONE_ANYWAY_VECTOR if product[2] == 1 else ONE_ANYWAY
        self._library = None if prod(product) <= limit or is_set_by_user() else blas_library()

    @property
    def matters(self) -> bool:
        """Whether the number of threads makes a difference."""
        return self._library is not None

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Use as many threads as are good for the products, and then as many as before."""
        library = self._library
        before = 1 if library is None else library.get()
        # Another number was set by the user, or by a run in another thread.
        if library is None or before == 1 or before != library.n_threads or not self._is_faster_alone(library):
            yield
            return
        try:
            library.set(1)
            yield
        finally:
            library.set(before)

    def _is_faster_alone(self, library: Library) -> bool:
        alone, until = _findings.get(self._key, (True, 0.0))
        now = time.perf_counter()
        if now >= until:
            (m, k, n), dtype = self._key
            A, B, out = np.ones((m, k), dtype), np.ones((k, n), dtype), np.empty((m, n), dtype)
            on_all = _seconds(A, B, out)
            try:
                library.set(1)
                on_one = _seconds(A, B, out)
            finally:
                library.set(library.n_threads)
            alone = on_one < GAIN * on_all
            end = time.perf_counter()
            _findings[self._key] = alone, end + max(SECONDS, TIMES * (end - now))
        return alone


def largest_product(layers: Sequence[Linear], batch_size: int) -> tuple[int, int, int]:
    """Return the sizes of the largest product of weights and a batch."""
    m, k = max((layer.weights.shape for layer in layers), key=prod)
    return m, k, batch_size


def _seconds(A: Array, B: Array, out: Array) -> float:
    A.dot(B, out)
    began = time.perf_counter()
    for _ in range(TRIES):
        A.dot(B, out)
    return time.perf_counter() - began


def is_set_by_user() -> bool:
    """Whether the environment says how many threads there should be."""
    return any(os.environ.get(name) for name in VARIABLES)


@lru_cache(maxsize=1)
def blas_library() -> Library | None:
    """Return the BLAS that numpy uses; None if its number of threads can't be set."""
    found = _own_library() or _by_threadpoolctl()
    return None if found is None else Library(*found, n_threads=found[0]())


def _own_library() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    """Return the functions of the OpenBLAS that comes with numpy."""
    # Nets whose products are small need neither.
    import ctypes
    from pathlib import Path

    package = Path(np.__file__).parent
    for path in (*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for start, end in AFFIXES:
            get = getattr(library, f"{start}_get_num_threads{end}", None)
            change = getattr(library, f"{start}_set_num_threads{end}", None)
            if get is not None and change is not None:
                return get, change
    return None


def _by_threadpoolctl() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    controllers = ThreadpoolController().select(user_api="blas").lib_controllers
    return (controllers[0].get_num_threads, controllers[0].set_num_threads) if len(controllers) == 1 else None

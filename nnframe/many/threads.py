"""How many threads BLAS uses while jobs run: workers side by side that take all cores each slow each other down."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nnframe.blas.threads import blas_library, is_set_by_user

# What numba reads; it has threads of its own.
NUMBA_THREADS = "NUMBA_NUM_THREADS"

_lock = threading.Lock()
_jobs = 0
_before = 0


@contextmanager
def threads_limited_to(count: int | None, is_worker: bool) -> Iterator[None]:
    """Let BLAS use so many threads for the length of a ``with`` block; None changes nothing.

    What the user has set in the environment stays. The limit holds for the whole process: of several jobs in threads,
    the last that ends takes it back.

    Parameters
    ----------
    count : int or None
    is_worker : bool
        Whether this process runs jobs and nothing else. Then numba, too, is told, if it has not been imported yet.
    """
    if count is None:
        yield
        return
    if is_worker:
        os.environ.setdefault(NUMBA_THREADS, str(count))
    library = None if is_set_by_user() else blas_library()
    if library is None:
        yield
        return
    global _jobs, _before
    with _lock:
        if _jobs == 0:
            _before = library.get()
            library.set(count)
        _jobs += 1
    try:
        yield
    finally:
        with _lock:
            _jobs -= 1
            if _jobs == 0:
                library.set(_before)

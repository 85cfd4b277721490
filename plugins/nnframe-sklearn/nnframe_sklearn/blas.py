"""One BLAS thread while a small net is trained or used.

Products of small matrices gain nothing from a second thread. On a busy machine, or where several workers train at
once, BLAS threads that wait for each other make them ten times slower and more.

`nnframe.blas.threads` times an engine's largest product from time to time, and chooses by that. For an estimator, which
is often one of many that train at once, that comes too late: by its choice alone, on two cores busy with other work,
fits of a 64-300-200-10 net took 1.6 times as long, and fits with lbfgs 1.2 to 2.5 times.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

# Multiplications in the largest product of a batch, above which a second thread may pay.
SMALL_PRODUCT = 8_000_000

_lock = threading.Lock()
_users = 0
_limit: Any = None


@cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes milliseconds.
    return ThreadpoolController()


@contextmanager
def single_thread(multiplications: int) -> Iterator[None]:
    """Limit BLAS to one thread for the length of a ``with`` block, if the products in it are small.

    The limit holds for the whole process. The first thread of the program that enters sets it, and the last that leaves
    restores what was there before.
    """
    if multiplications > SMALL_PRODUCT:
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _limit
    with _lock:
        if _users == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
        _users += 1


def _leave() -> None:
    global _users, _limit
    with _lock:
        _users -= 1
        if _users == 0:
            _limit.restore_original_limits()
            _limit = None

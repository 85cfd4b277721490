"""Warnings of the engine, each given once, and from the caller's thread."""

from __future__ import annotations

import warnings
from threading import Lock

from nnframe import NNFrameError


class LeftToNumpyError(Exception):
    """A net has to be trained by the engine numpy as a whole; the text says why."""


class EngineWarning(NNFrameError, UserWarning):  # noqa: N818
    """Part of a net can't be compiled and runs on numpy, or machine code can't be kept between processes."""


EngineWarning.__module__ = "nnframe_numba"


_given: set[str] = set()
_pending: list[str] = []
_lock = Lock()


def warn_once(reason: str, message: str) -> None:
    """Give a warning at the next `give_warnings`, unless one for this reason has been given before."""
    with _lock:
        if reason not in _given:
            _given.add(reason)
            _pending.append(message)


def give_warnings(stacklevel: int = 2) -> None:
    """Give the warnings that are due."""
    while _pending:
        with _lock:
            message = _pending.pop(0)
        warnings.warn(message, EngineWarning, stacklevel=stacklevel + 1)

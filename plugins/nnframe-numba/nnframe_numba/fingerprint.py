"""Fingerprints of formulas, by which other processes find what was compiled for them."""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe_numba.bytecode import attribute_names, global_names

CONSTANTS = (bool, int, float, str, type(None), np.floating, np.integer, np.bool_)


class _UnknownError(Exception):
    """An object whose content can't be determined."""


def fingerprint(function: Any) -> str | None:
    """Return the fingerprint of a formula: equal for equal code, in any process.

    None if the formula uses an object whose content can't be determined, so that nothing may be kept for it.
    """
    digest = hashlib.sha256()
    try:
        _digest(function, digest.update, set())
    except _UnknownError:
        return None
    return digest.hexdigest()[:32]


def _digest(value: Any, write: Callable[[bytes], None], seen: set[int]) -> None:
    """Write everything that determines a value."""
    write(type(value).__name__.encode())
    if isinstance(value, types.FunctionType):
        if id(value) in seen:
            return
        seen.add(id(value))
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        _digest(
            (value.__code__, value.__defaults__, *sorted((value.__kwdefaults__ or {}).items()), *cells), write, seen
        )
        for name in global_names(value.__code__):
            if name in value.__globals__:
                write(name.encode())
                _digest_global(value.__globals__[name], value.__code__, write, seen)
    elif isinstance(value, types.CodeType):
        write(value.co_code)
        _digest((*value.co_consts, *value.co_names, *value.co_varnames), write, seen)
    elif isinstance(value, tuple):
        for each in value:
            _digest(each, write, seen)
    elif isinstance(value, np.ufunc):
        write(f"{value.__name__} {np.__version__}".encode())
    elif isinstance(value, np.ndarray):
        write(f"{value.dtype} {value.shape}".encode() + value.tobytes())
    elif isinstance(value, CONSTANTS):
        write(repr(value).encode())
    else:
        raise _UnknownError


def _digest_global(value: Any, code: types.CodeType, write: Callable[[bytes], None], seen: set[int]) -> None:
    if not isinstance(value, types.ModuleType):
        _digest(value, write, seen)
        return
    write(f"{value.__name__} {getattr(value, '__version__', '')}".encode())
    if value.__name__ not in ("numpy", "math", "cmath"):
        for name in attribute_names(code):
            if hasattr(value, name):
                write(name.encode())
                _digest_global(getattr(value, name), code, write, seen)

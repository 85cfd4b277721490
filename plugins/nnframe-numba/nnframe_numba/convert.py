"""From a formula in numpy, as a plugin's author wrote it, to a function that numba compiles, and to its fingerprint.

numba can't call plain Python functions and takes global names as they are, so a formula's copy gets globals of its own:
the functions that it calls are converted likewise, and for scalars numpy is replaced by `scalar_numpy`.
"""

from __future__ import annotations

import dis
import hashlib
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from nnframe_numba import scalar_numpy
from nnframe_numba.jit import formula

CONSTANTS = (bool, int, float, str, type(None), np.floating, np.integer, np.bool_, tuple)


class NotConvertible(Exception):
    """A formula that can't be compiled, with the reason."""


def converted(function: Callable[..., Any], settings: Mapping[str, Any], scalar: bool) -> Any:
    """Return a formula with its parameters filled in, ready for numba.

    Parameters
    ----------
    function : callable
    settings : mapping
        What it is called with by keyword.
    scalar : bool
        Whether it will be called with numbers and not with arrays.

    Raises
    ------
    NotConvertible
        If it is nothing that numba could look into.
    """
    inner = _converted(function, scalar, {})
    if not settings:
        return inner
    # numba has no **settings for names that it doesn't know when it compiles.
    names = function.__code__.co_varnames[: function.__code__.co_argcount + function.__code__.co_kwonlyargcount]
    plain = ", ".join(name for name in names if name not in settings)
    given = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    namespace = {"__name__": __name__, "inner": inner}
    exec(f"def call({plain}):\n    return inner({plain}, {given})", namespace)
    return formula(namespace["call"])


def _converted(function: Any, scalar: bool, known: dict[int, Any]) -> Any:
    if isinstance(function, np.ufunc):
        return _ufunc(function)
    if not isinstance(function, types.FunctionType):
        raise NotConvertible(f"{function!r} is no function written in Python")
    if id(function) in known:
        return known[id(function)]
    code = function.__code__
    if any(each.opname == "RAISE_VARARGS" for each in dis.get_instructions(code)):
        raise NotConvertible("it can raise an error, whose message would be lost")
    names = dict(function.__globals__)
    for name in _globals_of(code):
        if name in names:
            names[name] = _converted_global(names[name], code, scalar, known)
    cells = tuple(
        types.CellType(_converted_global(cell.cell_contents, code, scalar, known))
        for cell in function.__closure__ or ()
    )
    copy = types.FunctionType(code, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = formula(copy)
    return known[id(function)]


def _converted_global(value: Any, code: types.CodeType, scalar: bool, known: dict[int, Any]) -> Any:
    if value is np:
        return scalar_numpy if scalar else np
    if isinstance(value, types.FunctionType):
        return _converted(value, scalar, known)
    if isinstance(value, types.ModuleType) and value.__name__ not in ("math", "cmath"):
        module = types.ModuleType(value.__name__)
        for name in _names_of(code):
            if hasattr(value, name):
                setattr(module, name, _converted_global(getattr(value, name), code, scalar, known))
        return module
    return value


def _ufunc(function: np.ufunc) -> Any:
    """Return a function that calls a ufunc, which numba can't take for a formula as it is."""
    arguments = ", ".join(f"x{i}" for i in range(function.nin))
    namespace = {"__name__": __name__, "ufunc": function}
    exec(f"def call({arguments}):\n    return ufunc({arguments})", namespace)
    return formula(namespace["call"])


def fingerprint(function: Any) -> str | None:
    """Return what a formula computes, as a short text: equal for equal code, also in another process.

    None for one that leans on something whose content can't be told, so that nothing may be kept for it.
    """
    digest = hashlib.sha256()
    try:
        _digest(function, digest.update, set())
    except NotConvertible:
        return None
    return digest.hexdigest()[:32]


def _digest(value: Any, write: Callable[[bytes], None], seen: set[int]) -> None:
    """Write all that a value means."""
    write(type(value).__name__.encode())
    if isinstance(value, types.FunctionType):
        if id(value) in seen:
            return
        seen.add(id(value))
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        _digest(
            (value.__code__, value.__defaults__, *sorted((value.__kwdefaults__ or {}).items()), *cells), write, seen
        )
        for name in _globals_of(value.__code__):
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
        raise NotConvertible


def _digest_global(value: Any, code: types.CodeType, write: Callable[[bytes], None], seen: set[int]) -> None:
    if not isinstance(value, types.ModuleType):
        _digest(value, write, seen)
        return
    write(f"{value.__name__} {getattr(value, '__version__', '')}".encode())
    if value.__name__ not in ("numpy", "math", "cmath"):
        for name in _names_of(code):
            if hasattr(value, name):
                write(name.encode())
                _digest_global(getattr(value, name), code, write, seen)


def _globals_of(code: types.CodeType) -> list[str]:
    """Return the global names that a function looks up, those of functions inside it included."""
    return [
        each.argval for part in _nested(code) for each in dis.get_instructions(part) if each.opname == "LOAD_GLOBAL"
    ]


def _names_of(code: types.CodeType) -> list[str]:
    """Return the names of attributes too."""
    return [name for part in _nested(code) for name in part.co_names]


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)

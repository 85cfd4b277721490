"""From a formula in numpy, as a plugin's author wrote it, to a function that numba compiles.

numba can't call plain Python functions and takes global names as they are, so a formula's copy gets globals of its own:
the functions that it calls are converted likewise, and numpy is replaced by `element_numpy` for numbers and by
`column_numpy` for arrays.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnframe.contracts.parameters import HasSpec
from nnframe_numba import column_numpy, element_numpy
from nnframe_numba.bytecode import attribute_names, global_names
from nnframe_numba.jit import element_formula, formula


class NotConvertibleError(Exception):
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
    NotConvertibleError
        If it is nothing that numba could look into.
    """
    inner = _converted(function, scalar, {})
    if not settings:
        return inner
    # numba has no **settings for names that it doesn't know when it compiles.
    if not isinstance(function, types.FunctionType):
        raise NotConvertibleError(f"{function!r} takes no parameters")
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    plain = ", ".join(name for name in arguments if name not in settings)
    if any(isinstance(value, HasSpec) for value in settings.values()):
        raise NotConvertibleError("a parameter of it is a plugin")
    # As constants of the module, since infinity has no literal.
    given = ", ".join(f"{name}=_{name}" for name in settings)
    namespace = {"__name__": __name__, "inner": inner, **{f"_{name}": value for name, value in settings.items()}}
    exec(f"def call({plain}):\n    return inner({plain}, {given})", namespace)
    return (element_formula if scalar else formula)(namespace["call"])


def _converted(function: Any, scalar: bool, known: dict[int, Any]) -> Any:
    if isinstance(function, np.ufunc):
        return _ufunc(function)
    if not isinstance(function, types.FunctionType):
        raise NotConvertibleError(f"{function!r} is no function written in Python")
    if id(function) in known:
        return known[id(function)]
    code = function.__code__
    if any(each.opname == "RAISE_VARARGS" for each in dis.get_instructions(code)):
        raise NotConvertibleError("it can raise an error, whose message would be lost")
    names = dict(function.__globals__)
    for name in global_names(code):
        if name in names:
            names[name] = _converted_global(names[name], code, scalar, known)
    cells = tuple(
        types.CellType(_converted_global(cell.cell_contents, code, scalar, known))
        for cell in function.__closure__ or ()
    )
    if not scalar:
        code = _with_column_names(code)
    copy = types.FunctionType(code, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = (element_formula if scalar else formula)(copy)
    return known[id(function)]


def _with_column_names(code: types.CodeType) -> types.CodeType:
    """Return the code with the functions and methods of `columns` in place of numpy's."""
    replaced = column_numpy.NAMES.keys() - global_names(code)
    if "finfo" in code.co_names:
        # The largest number of a dtype has the name of a method.
        replaced -= {"max", "min"}
    return code.replace(
        co_names=tuple(column_numpy.NAMES[name] if name in replaced else name for name in code.co_names)
    )


def _converted_global(value: Any, code: types.CodeType, scalar: bool, known: dict[int, Any]) -> Any:
    if value is np:
        return element_numpy if scalar else column_numpy
    if isinstance(value, types.FunctionType):
        return _converted(value, scalar, known)
    if isinstance(value, types.ModuleType) and value.__name__ not in ("math", "cmath"):
        module = types.ModuleType(value.__name__)
        for name in attribute_names(code):
            if hasattr(value, name):
                setattr(module, name, _converted_global(getattr(value, name), code, scalar, known))
        return module
    return value


def _ufunc(function: np.ufunc) -> Any:
    """Return a function that calls a ufunc, which numba can't take for a formula as it is."""
    arguments = ", ".join(f"x{i}" for i in range(function.nin))
    namespace: dict[str, Any] = {"__name__": __name__, "ufunc": function}
    exec(f"def call({arguments}):\n    return ufunc({arguments})", namespace)
    return formula(namespace["call"])

"""From a formula in numpy, as a plugin's author wrote it, to a function that numba compiles.

numba can't call plain Python functions and treats globals as constants, so the formula is copied with globals of its
own: the functions that it calls are converted likewise, and numpy is replaced by `element_numpy` for numbers and by
`column_numpy` for arrays.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnframe.contracts.parameters import HasSpec
from nnframe_numba import column_numpy, element_numpy
from nnframe_numba.bytecode import attribute_names, global_names, raises, with_inner_functions, with_tuples
from nnframe_numba.jit import element_formula, formula


class NotConvertibleError(Exception):
    """A formula can't be compiled, for the reason given."""


def converted(
    function: Callable[..., Any],
    n_arguments: int,
    keywords: tuple[str, ...],
    constants: Mapping[str, Any],
    by_element: bool,
) -> Any:
    """Return a formula that takes all its arguments by position, ready for numba.

    Parameters
    ----------
    function : callable
    n_arguments : int
        How many arguments come first, by position.
    keywords : tuple of str
        The arguments that follow them, which the formula takes by keyword.
    constants : mapping
        What it is always called with, by keyword.
    by_element : bool
        Whether it will be called with numbers rather than arrays.

    Raises
    ------
    NotConvertibleError
        If numba couldn't look into it.
    """
    inner = _converted(function, by_element, {})
    if not keywords and not constants:
        return inner
    if not isinstance(function, types.FunctionType):
        raise NotConvertibleError(f"{function!r} takes no parameters")
    if any(isinstance(value, HasSpec) for value in constants.values()):
        raise NotConvertibleError("one of its parameters is a plugin")
    positional = [f"x{i}" for i in range(n_arguments)]
    # Constants are globals, because infinity has no literal.
    given = [f"{name}={name}" for name in keywords] + [f"{name}=constant_{name}" for name in constants]
    namespace = {"__name__": __name__, "inner": inner}
    namespace |= {f"constant_{name}": value for name, value in constants.items()}
    head, arguments = ", ".join([*positional, *keywords]), ", ".join([*positional, *given])
    exec(f"def call({head}):\n    return inner({arguments})", namespace)
    return (element_formula if by_element else formula)(namespace["call"])


def _converted(function: Any, by_element: bool, known: dict[Any, Any]) -> Any:
    if isinstance(function, np.ufunc):
        return _ufunc(function)
    if not isinstance(function, types.FunctionType):
        raise NotConvertibleError(f"{function!r} is not a function written in Python")
    if function in known:
        return known[function]
    code = function.__code__
    if raises(code):
        raise NotConvertibleError("it can raise an error, whose message would be lost")
    names = dict(function.__globals__)
    for name in global_names(code):
        if name in names:
            names[name] = _converted_global(names[name], code, by_element, known)
    cells = tuple(
        types.CellType(_converted_global(cell.cell_contents, code, by_element, known))
        for cell in function.__closure__ or ()
    )
    if by_element:
        globals_ = function.__globals__

        def inner(inner_code: types.CodeType) -> Any:
            return _converted(types.FunctionType(inner_code, globals_), by_element, known)

        code = with_tuples(with_inner_functions(code, inner))
    else:
        code = _with_column_names(code)
    copy = types.FunctionType(code, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[function] = (element_formula if by_element else formula)(copy)
    return known[function]


def _with_column_names(code: types.CodeType) -> types.CodeType:
    """Return the code with the functions and methods of `column_numpy` in place of numpy's."""
    replaced = column_numpy.NAMES.keys() - global_names(code)
    if "finfo" in code.co_names:
        # np.finfo has attributes called min and max.
        replaced -= {"max", "min"}
    names = tuple(column_numpy.NAMES[name] if name in replaced else name for name in code.co_names)
    return code.replace(co_names=names)


def _converted_global(value: Any, code: types.CodeType, by_element: bool, known: dict[Any, Any]) -> Any:
    if value is np:
        return element_numpy if by_element else column_numpy
    if isinstance(value, types.FunctionType):
        return _converted(value, by_element, known)
    if isinstance(value, types.ModuleType) and value.__name__ not in ("math", "cmath"):
        module = types.ModuleType(value.__name__)
        for name in attribute_names(code):
            if hasattr(value, name):
                setattr(module, name, _converted_global(getattr(value, name), code, by_element, known))
        return module
    return value


def _ufunc(function: np.ufunc) -> Any:
    """Return a function that calls a ufunc, which numba doesn't take for a formula as it is."""
    arguments = ", ".join(f"x{i}" for i in range(function.nin))
    namespace: dict[str, Any] = {"__name__": __name__, "ufunc": function}
    exec(f"def call({arguments}):\n    return ufunc({arguments})", namespace)
    return formula(namespace["call"])

"""numba's decorator with the settings of this package, and with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from numba import njit, typeof

from nnframe_numba.compile_thread import in_compile_thread
from nnframe_numba.machine_code import keep_on_disk

F = TypeVar("F", bound=Callable[..., Any])

# As in numpy, 1 / 0 is infinite and not an error.
ERRORS: dict[str, Any] = {"error_model": "numpy"}
# In a sum that may be reordered, a processor adds eight numbers at once. Infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz"}
# Loops allocate nothing. Even so, numba would count references to each array that a variable names, which takes as long
# in every product of a small layer as multiplying five samples.
LOOPS: dict[str, Any] = {"fastmath": FASTMATH, "_nrt": False, **ERRORS}


def kernel(function: F) -> F:
    """Compile a loop of this package, which may reorder sums, and keep it on disk."""
    compiled: F = njit(function, **LOOPS)
    keep_on_disk(compiled, f"{function.__module__}.{function.__name__}")
    return compiled


def separate_kernel(function: F) -> F:
    """Compile a large loop of this package; what is inlined itself calls it. It begins with `never_inline`."""
    # Otherwise numba would inline it into callers that are inlined.
    compiled: F = njit(function, forceinline=False, **LOOPS)
    keep_on_disk(compiled, f"{function.__module__}.{function.__name__}")
    return compiled


def formula(function: F) -> F:
    """Compile what a plugin's author wrote, in the order in which it was written."""
    compiled: F = njit(function, **ERRORS)
    return compiled


def element_formula(function: F) -> F:
    """Compile a formula that takes numbers, and inline it into its loop, which a call would keep from vectors."""
    compiled: F = njit(function, forceinline=True, **ERRORS)
    return compiled


_inlined: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def inlined(function: Any) -> Any:
    """Return a compiled function that is inlined where it is called, which saves the call and costs compilation.

    For a single sample, a call with its arrays takes longer than what it does.
    """
    known = _inlined.get(function)
    if known is None:
        options = {key: value for key, value in function.targetoptions.items() if key in LOOPS}
        known = _inlined[function] = njit(function.py_func, forceinline=True, **options)
    return known


def compile_for(function: Any, arguments: tuple[Any, ...]) -> None:
    """Compile a function for arguments of these types, unless it is already."""
    types = tuple(map(typeof, arguments))
    if types not in function.overloads:
        in_compile_thread(lambda: function.compile(types))


def compiled_first(function: Any) -> Callable[..., Any]:
    """Return a compiled function that is compiled in the compile thread when it is first called.

    Its arguments must have the same types in all calls.
    """
    is_ready = False

    def call(*arguments: Any) -> Any:
        nonlocal is_ready
        if not is_ready:
            compile_for(function, arguments)
            is_ready = True
        return function(*arguments)

    return call

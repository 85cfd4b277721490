"""Slopes that an author states for a function of their own, and those of scipy's functions that activations use."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class Rule(NamedTuple):
    """An element-wise function that is recorded as one step.

    Attributes
    ----------
    name : str
    function : callable
    slopes : tuple of callable
        For each argument, ``slope(*arguments, f)`` with the function's own result f.
    """

    name: str
    function: Callable[..., Any]
    slopes: tuple[Callable[..., Any], ...]


def rule(*slopes: Callable[..., Any]) -> Callable[[F], F]:
    """Have an element-wise function recorded as one step whose slopes are known.

    For a function that can't be recorded, or whose slope is better computed in another way than the function itself.

    Parameters
    ----------
    *slopes : callable
        For each of the function's arguments, ``slope(*arguments, f)``: the slope with respect to it, written with
        numpy; f is the function's result.

    Returns
    -------
    callable
        A decorator.

    Examples
    --------
    >>> @rule(lambda x, f: f * sigmoid(-x))
    ... def sigmoid(x):
    ...     e = np.exp(-np.abs(x))
    ...     return np.where(x >= 0, 1, e) / (1 + e)
    >>> sigmoid(np.zeros(1)).item()
    0.5
    """

    def decorate(function: F) -> F:
        described = Rule(function.__name__, function, slopes)

        @wraps(function)
        def call(*args: Any) -> Any:
            for arg in args:
                record = getattr(arg, "record_rule", None)
                if record is not None:
                    return record(described, args)
            return function(*args)

        return cast(F, call)

    return decorate


def _gaussian(x: Any, f: Any) -> Any:
    return 2 / math.sqrt(math.pi) * np.exp(-x * x)


def _normal(x: Any, f: Any) -> Any:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


# Of functions in scipy.special, by name, so that scipy need not be there: from the function to its slopes.
_SCIPY: dict[str, Callable[[Any], tuple[Callable[..., Any], ...]]] = {
    "erf": lambda erf: (_gaussian,),
    "erfc": lambda erfc: (lambda x, f: -_gaussian(x, f),),
    "ndtr": lambda ndtr: (_normal,),
    "log_ndtr": lambda log_ndtr: (lambda x, f: np.exp(-x * x / 2 - f) / math.sqrt(2 * math.pi),),
    # Not f (1 - f), which loses its digits where f is nearly 1.
    "expit": lambda expit: (lambda x, f: f * expit(-x),),
    "log_expit": lambda log_expit: (lambda x, f: -np.expm1(f),),
    "xlogy": lambda xlogy: (lambda x, y, f: np.log(y), lambda x, y, f: x / y),
    "xlog1py": lambda xlog1py: (lambda x, y, f: np.log1p(y), lambda x, y, f: x / (1 + y)),
}


def rule_of(ufunc: Any) -> Rule | None:
    """Return the rule of a compiled function that isn't numpy's, or None."""
    name = getattr(ufunc, "__name__", "")
    return Rule(name, ufunc, _SCIPY[name](ufunc)) if name in _SCIPY else None

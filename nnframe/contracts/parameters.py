"""Parameters of plugins: their types, their limits, and their text form.

A parameter is a bool, an int, a float, text, None, a tuple of numbers, or another plugin. It keeps the type of its
default value. `Plugin.limits` restricts it further; each entry is one of these:

- an interval in the usual notation, for a number or for each number of a tuple: ``"[0, 1)"`` for 0 <= x < 1,
  ``"(0, inf)"`` for every finite positive number, ``"[1, inf]"`` where infinity is allowed too. ``"[0, 1] or None"``
  also allows None;
- a set of choices: ``{"mean", "sum"}``;
- a class, where the default is None and says nothing about the type: ``str``, ``int``, ``float``, ``tuple``, or a kind
  of plugin such as ``nnframe.Optimizer``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeAlias

from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type


class HasSpec:
    """The base of plugins, as far as parameters need it: a plugin has a text form."""

    @property
    def spec(self) -> str:
        """Name and changed parameters."""
        raise NotImplementedError


Parameter: TypeAlias = bool | int | float | str | tuple[int | float, ...] | HasSpec | None
Limit: TypeAlias = str | Set[Any] | type

NUMBER = r"[-+]?(?:inf|\d+(?:\.\d*)?(?:e[-+]?\d+)?)"
INTERVAL = re.compile(
    rf"(?P<open>[\[(])\s*(?P<low>{NUMBER})\s*,\s*(?P<high>{NUMBER})\s*(?P<close>[\])])(?P<none>\s+or\s+None)?"
)
# Text that needs no quotes.
BARE_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}
NAMES_OF_NUMBERS = ("inf", "infinity", "nan")


@dataclass(frozen=True)
class Interval:
    """An interval of numbers.

    Attributes
    ----------
    text : str
        As the author wrote it.
    low, high : float
        The ends.
    includes_low, includes_high : bool
        Whether the ends belong to it.
    allows_none : bool
        Whether None will do in place of a number.
    """

    text: str
    low: float
    high: float
    includes_low: bool
    includes_high: bool
    allows_none: bool

    def __contains__(self, number: float) -> bool:
        above = self.low <= number if self.includes_low else self.low < number
        return above and (number <= self.high if self.includes_high else number < self.high)

    @property
    def condition(self) -> str:
        """The condition in words: ``"at least 0 and below 1"``."""
        parts = []
        if self.low != -math.inf:
            parts.append(f"{'at least' if self.includes_low else 'above'} {self.low:g}")
        if self.high != math.inf:
            parts.append(f"{'at most' if self.includes_high else 'below'} {self.high:g}")
        none = " or None" if self.allows_none else ""
        finite = "" if parts or math.inf in self or -math.inf in self else "a finite number"
        return (" and ".join(parts) or finite or "a number") + none


def checked_limits(owner: str, params: Mapping[str, Parameter], limits: object) -> dict[str, Limit]:
    """Return the limits of a plugin's parameters, after checking their form.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a limit is for no parameter, or is not an interval, a set or a class.
    """
    if not isinstance(limits, Mapping):
        raise ArgumentTypeError(
            f"limits of {owner} are {with_type(limits)}; expected a dict such as {{'alpha': '[0, 1)'}}"
        )
    for key, limit in limits.items():
        if key not in params:
            raise ArgumentError(
                f"limits of {owner} has {key!r}, which is not one of its params ({', '.join(params) or 'none'})"
            )
        is_interval = isinstance(limit, str) and INTERVAL.fullmatch(limit) is not None
        is_choice = isinstance(limit, (set, frozenset)) and len(limit) > 0
        is_class = isinstance(limit, type) and issubclass(limit, (str, int, float, tuple, HasSpec))
        if not (is_interval or is_choice or is_class):
            raise ArgumentError(
                f"the limit of parameter {key} of {owner} is {shown(limit)}; expected an interval such as '[0, 1)' or "
                f"'(0, inf)', a set of choices such as {{'mean', 'sum'}}, or a class such as str"
            )
    return {key: frozenset(limit) if isinstance(limit, Set) else limit for key, limit in limits.items()}


def interval_of(limit: Limit | None) -> Interval | None:
    """Return a limit as an interval; None if it is none.

    >>> interval_of("[0, 1)").condition
    'at least 0 and below 1'
    """
    match = INTERVAL.fullmatch(limit) if isinstance(limit, str) else None
    if match is None:
        return None
    low, high = float(match["low"]), float(match["high"])
    return Interval(match[0], low, high, match["open"] == "[", match["close"] == "]", match["none"] is not None)


def checked_default(owner: str, key: object, value: object, limit: Limit | None) -> Parameter:
    """Return a parameter's default, as plain Python.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the name is not an identifier, or the value is nothing that a parameter can be, or breaks its limit.
    """
    if not isinstance(key, str) or not key.isidentifier():
        raise ArgumentError(f"{owner}: the parameter name {key!r} is not a Python identifier; rename it")
    plain = _plain(value)
    if plain is None and limit is None:
        raise ArgumentError(
            f"{owner}: parameter {key} is None, which doesn't say what else it can be; add limits={{{key!r}: ...}}: a "
            f"class such as str, a set of choices, or an interval such as '[0, 1]'"
        )
    if not isinstance(plain, (bool, int, float, str, tuple, HasSpec)) and plain is not None:
        raise ArgumentTypeError(
            f"{owner}: parameter {key} is {with_type(value)}; expected an int, a float, a bool, text, None, a tuple of "
            f"numbers or another plugin"
        )
    return _coerced(f"{owner}: parameter {key}", plain, limit, plain)


def coerced_parameter(
    owner: str, params: Mapping[str, Parameter], limits: Mapping[str, Limit], key: str, value: object
) -> Parameter:
    """Return a new value of a parameter with the type of its default; an int is converted to a float, nothing else is.

    Raises
    ------
    ArgumentError
        If there is no such parameter, or the value breaks its limit.
    ArgumentTypeError
        If the value has another type.
    """
    if key not in params:
        raise ArgumentError(f"{owner} has no parameter {key!r}; it has {', '.join(params) or 'none at all'}")
    return _coerced(f"{owner}: parameter {key}", params[key], limits.get(key), value)


def wanted_type(default: Parameter, limit: Limit | None) -> type | None:
    """Return the class of a parameter's values; None if there are several."""
    if isinstance(limit, type):
        return limit
    return None if default is None or isinstance(limit, Set) else type(default)


def format_parameters(parameters: Mapping[str, Parameter]) -> str:
    """Return parameters as they are written after a name; an empty text if there are none.

    >>> format_parameters({"alpha": 0.2, "reduction": "sum", "quantiles": (0.1, 0.9), "best": None})
    '(alpha=0.2, reduction=sum, quantiles=(0.1, 0.9), best=None)'
    """
    inner = ", ".join(f"{key}={format_parameter(value)}" for key, value in parameters.items())
    return f"({inner})" if inner else ""


def format_parameter(value: Parameter) -> str:
    """Return a parameter's value as text from which the same value is read; with quotes if needed."""
    if isinstance(value, HasSpec):
        return value.spec
    if not isinstance(value, str):
        return repr(value)
    is_bare = BARE_TEXT.fullmatch(value) and value.lower() not in (*WORDS, *NAMES_OF_NUMBERS)
    return value if is_bare else repr(value)


def _coerced(what: str, default: Parameter, limit: Limit | None, value: object) -> Parameter:
    plain, interval = _plain(value), interval_of(limit)
    if isinstance(limit, Set):
        return _choice(what, default, limit, plain)
    if plain is None and (default is None or (interval is not None and interval.allows_none)):
        return None
    wanted = wanted_type(default, limit)
    if wanted is None and type(plain) in (int, float):
        wanted = type(plain)
    if wanted is float and type(plain) is int:
        plain = float(plain)
    if wanted is tuple:
        plain = _numbers(plain, default)
    fits = wanted is not None and (isinstance(plain, wanted) if issubclass(wanted, HasSpec) else type(plain) is wanted)
    if not fits:
        raise ArgumentTypeError(f"{what} is {with_type(value)}; expected {_described(default, interval, wanted)}")
    for number in plain if isinstance(plain, tuple) else (plain,):
        if isinstance(number, (int, float)) and not _is_allowed(number, default, interval):
            each = "each number " if wanted is tuple else ""
            expected = f"{each}{interval.condition}" if interval else _described(default, interval, wanted)
            raise ArgumentError(f"{what} is {shown(plain)}; expected {expected}")
    return plain  # type: ignore[return-value]  # its type has just been looked at


def _is_allowed(number: float, default: Parameter, interval: Interval | None) -> bool:
    if interval is not None:
        return number in interval
    # An infinite default allows infinity.
    may_be_infinite = any(isinstance(each, float) and math.isinf(each) for each in _each(default))
    return not math.isnan(number) if may_be_infinite else math.isfinite(number)


def _choice(what: str, default: Parameter, choices: Set[Any], plain: object) -> Parameter:
    for choice in (default, *choices):
        if choice == plain and isinstance(choice, bool) == isinstance(plain, bool):
            return choice  # type: ignore[no-any-return]
    listed = ", ".join(sorted(format_parameter(choice) for choice in choices))
    raise ArgumentError(f"{what} is {shown(plain)}; expected one of {listed}")


def _numbers(value: object, default: Parameter) -> object:
    """Return a value as a tuple of numbers if possible, else the value itself."""
    numbers = tuple(_plain(each) for each in value) if isinstance(value, (tuple, list)) else (value,)
    if not all(type(each) in (int, float) for each in numbers) or (not numbers and default):
        return value if isinstance(value, list) or numbers == (value,) else list(numbers)
    if isinstance(default, tuple) and any(isinstance(each, float) for each in default):
        return tuple(map(float, numbers))  # type: ignore[arg-type]
    return numbers


def _described(default: Parameter, interval: Interval | None, wanted: type | None) -> str:
    """Return what is expected of a parameter, for an error message."""
    if wanted is not None and issubclass(wanted, HasSpec):
        kind = wanted.__name__
        return f"a plugin of the class {kind}, such as nnframe.registry.get({kind.lower()!r}, ...)"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", tuple: "a tuple of numbers"}
    name = names.get(wanted, "a number") if wanted is not None else "a number"
    if interval is not None:
        each = " each" if wanted is tuple else ""
        return f"{name}{each}, {interval.condition}"
    if wanted in (float, tuple) and not any(isinstance(each, float) and math.isinf(each) for each in _each(default)):
        name = name.replace("number", "finite number")
    return name if default is None else f"{name}, as its default {format_parameter(default)}"


def _each(default: Parameter) -> tuple[Parameter, ...]:
    return default if isinstance(default, tuple) else (default,)


def _plain(value: object) -> object:
    """Return numpy numbers as Python numbers, because np.float64 would turn float32 arrays into float64."""
    if type(value) in (bool, int, float, str, tuple):
        return tuple(map(_plain, value)) if isinstance(value, tuple) else value
    if isinstance(value, HasSpec) or value is None:
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value

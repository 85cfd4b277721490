"""What every kind of plugin object has: a name, parameters, and a spelling of both."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type

Parameter: TypeAlias = bool | int | float
Self = TypeVar("Self", bound="Plugin")

NAME_PATTERN = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Plugin:
    """A named set of pure functions with numeric parameters; the base of `Activation`, `Loss` and all other kinds.

    Parameters
    ----------
    name : str
        Letters, digits, ``_``, ``-`` and ``.``. Case does not matter, it is kept in lower case.
    params : mapping of str to number, optional
        The parameters that every function is called with, by keyword, and their default values: each an int,
        a float or a bool, and of that type from then on.
    overrides : mapping of str to number, optional
        The parameters that differ from their defaults. Left to `with_params`.
    doc : str, optional
        What it computes: the formula and its source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the name or a parameter can't be used, or a function is not callable.
    """

    name: str
    params: Mapping[str, Parameter] = field(default_factory=dict, kw_only=True, hash=False)
    overrides: Mapping[str, Parameter] = field(default_factory=dict, kw_only=True, hash=False)
    doc: str | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME_PATTERN.fullmatch(self.name):
            raise ArgumentError(
                f"name is {shown(self.name)}; wanted letters, digits, '_', '-' and '.', such as 'leaky_relu'"
            )
        object.__setattr__(self, "name", self.name.lower())
        params = {key: _checked_parameter(self.name, key, value) for key, value in self.params.items()}
        object.__setattr__(self, "params", MappingProxyType(params))
        changed = {}
        for key, value in self.overrides.items():
            coerced = _coerced_parameter(self.name, params, key, value)
            if coerced != params[key]:
                changed[key] = coerced
        object.__setattr__(self, "overrides", MappingProxyType(changed))

    @property
    def settings(self) -> dict[str, Parameter]:
        """The parameters as they are passed to the functions: the defaults, with what was changed."""
        return {**self.params, **self.overrides}

    @property
    def base(self: Self) -> Self:
        """The same plugin with default parameters."""
        return replace(self, overrides={}) if self.overrides else self

    @property
    def spec(self) -> str:
        """Name and changed parameters, as text that finds this plugin again: ``"leaky_relu(alpha=0.2)"``."""
        return self.name + format_parameters(self.overrides)

    @property
    def first_function(self) -> Callable[..., Any] | None:
        """The function that the plugin is about: an activation's `forward`, a loss's `value`, a callback's `make`."""
        values = (getattr(self, f.name) for f in fields(self))
        return next((value for value in values if callable(value)), None)

    @property
    def documentation(self) -> str:
        """`doc`, or the docstring of the first function; empty where there is neither."""
        first = self.first_function
        # A ufunc's or a builtin's docstring says what that is, not what the plugin is.
        return inspect.cleandoc(self.doc or (first.__doc__ if inspect.isfunction(first) else None) or "")

    def with_params(self: Self, **changes: Parameter) -> Self:
        """Return the same plugin with other parameters.

        Parameters
        ----------
        **changes : int, float or bool
            New values by name; parameters that aren't named keep theirs.

        Raises
        ------
        ArgumentError
            If there is no parameter of that name, or the value isn't finite.
        ArgumentTypeError
            If the value is of another type than the default.
        """
        return replace(self, overrides={**self.overrides, **changes}) if changes else self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec}>"

    def __reduce__(self) -> tuple[Callable[..., Plugin], tuple[type[Plugin], dict[str, Any]]]:
        # Read-only mappings don't pickle, so they travel as dicts.
        state = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return _rebuild, (type(self), {k: dict(v) if isinstance(v, Mapping) else v for k, v in state.items()})

    def _require_callable(self, *names: str) -> None:
        """Raise unless each of the named fields holds a function, or None where that is its default."""
        defaults = {f.name: f.default for f in fields(self)}
        for name in names:
            value = getattr(self, name)
            if not callable(value) and not (value is None and defaults[name] is None):
                raise ArgumentTypeError(
                    f"{name} of {type(self).__name__.lower()} {self.name!r} is {shown(value)}; wanted a function"
                )


def format_parameters(parameters: Mapping[str, Parameter]) -> str:
    """Return parameters as they stand behind a name: ``"(alpha=0.2)"``, or nothing where there are none."""
    inner = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
    return f"({inner})" if inner else ""


def _rebuild(cls: type[Plugin], state: dict[str, Any]) -> Plugin:
    return cls(**state)


def _checked_parameter(owner: str, key: str, value: object) -> Parameter:
    if not isinstance(key, str) or not key.isidentifier():
        raise ArgumentError(f"{owner}: the parameter name {key!r} is not a Python identifier; rename it")
    if not isinstance(value, (bool, int, float)):
        raise ArgumentTypeError(f"{owner}: parameter {key} is {with_type(value)}; wanted an int, float or bool")
    if not math.isfinite(value):
        raise ArgumentError(f"{owner}: parameter {key} is {value!r}; wanted a finite number")
    # numpy's float64 is a float too, and would turn float32 arrays into float64.
    return float(value) if isinstance(value, float) else value


def _coerced_parameter(owner: str, params: Mapping[str, Parameter], key: str, value: object) -> Parameter:
    """Return a new value in the type of its default: a whole number will do for a float, nothing else bends."""
    if key not in params:
        known = ", ".join(params) or "none at all"
        raise ArgumentError(f"{owner} has no parameter {key!r}; it has {known}")
    wanted = type(params[key])
    plain = getattr(value, "item", lambda: value)()
    checked = _checked_parameter(owner, key, plain)
    if wanted is float and type(checked) is int:
        return float(checked)
    if type(checked) is not wanted:
        raise ArgumentTypeError(
            f"{owner}: parameter {key} is {shown(value)}, of type {type(checked).__name__}; "
            f"wanted {wanted.__name__}, as its default {params[key]!r}"
        )
    return checked

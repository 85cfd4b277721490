"""The base of all kinds of plugin objects: a name, parameters, and a text form of both."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, TypeVar

from nnframe.contracts.parameters import (
    HasSpec,
    Limit,
    Parameter,
    checked_default,
    checked_limits,
    coerced_parameter,
    format_parameters,
)
from nnframe.errors import ArgumentError, ArgumentTypeError, shown, with_type

Self = TypeVar("Self", bound="Plugin")

NAME_PATTERN = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Plugin(HasSpec):
    """A named set of pure functions with parameters; the base of `Activation`, `Loss` and all other kinds.

    Parameters
    ----------
    name : str
        Letters, digits, ``_``, ``-`` and ``.``. Case does not matter, it is kept in lower case.
    params : mapping of str to parameter, optional
        The parameters that every function is called with, by keyword, and their default values: each an int, a float,
        a bool, text, None, a tuple of numbers or another plugin, and of that type from then on.
    limits : mapping of str to limit, optional
        What parameters may be: an interval such as ``"[0, 1)"``, a set of choices, or a class; see
        `nnframe.contracts.parameters`. Without a limit, a number may be any finite one.
    overrides : mapping of str to parameter, optional
        The parameters that differ from their defaults. Left to `with_params`.
    doc : str, optional
        What it computes: the formula and its source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the name, a parameter or a limit can't be used, or a function is not callable.
    """

    name: str
    params: Mapping[str, Parameter] = field(default_factory=dict, kw_only=True, hash=False)
    limits: Mapping[str, Limit] = field(default_factory=dict, kw_only=True, hash=False)
    overrides: Mapping[str, Parameter] = field(default_factory=dict, kw_only=True, hash=False)
    doc: str | None = field(default=None, kw_only=True, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME_PATTERN.fullmatch(self.name):
            raise ArgumentError(
                f"name is {shown(self.name)}; expected letters, digits, '_', '-' and '.', such as 'leaky_relu'"
            )
        object.__setattr__(self, "name", self.name.lower())
        for field_name in ("params", "overrides", "limits"):
            value = getattr(self, field_name)
            if not isinstance(value, Mapping):
                raise ArgumentTypeError(
                    f"{field_name} of {self.name!r} is {with_type(value)}; expected a dict by the names of parameters"
                )
        limits = checked_limits(self.name, self.params, self.limits)
        params = {key: checked_default(self.name, key, value, limits.get(key)) for key, value in self.params.items()}
        object.__setattr__(self, "params", MappingProxyType(params))
        object.__setattr__(self, "limits", MappingProxyType(limits))
        changed = {}
        for key, value in self.overrides.items():
            coerced = coerced_parameter(self.name, params, limits, key, value)
            if coerced != params[key]:
                changed[key] = coerced
        object.__setattr__(self, "overrides", MappingProxyType(changed))

    @property
    def settings(self) -> dict[str, Parameter]:
        """The parameters that the functions are called with: the defaults and the overrides."""
        return {**self.params, **self.overrides}

    @property
    def base(self: Self) -> Self:
        """The same plugin with default parameters."""
        return replace(self, overrides={}) if self.overrides else self

    @property
    def spec(self) -> str:
        """Name and overrides, as text that finds this plugin again: ``"leaky_relu(alpha=0.2)"``."""
        return self.name + format_parameters(self.overrides)

    @classmethod
    def from_function(cls: type[Self], function: object) -> Self | None:
        """Return a plugin made of a single function and named after it; None if the argument is not a function.

        Only for kinds that need nothing but a function, and have it as their second field.
        """
        if isinstance(function, type) or not callable(function):
            return None
        name = getattr(function, "__name__", type(function).__name__)
        kind: Callable[..., Self] = cls
        return kind(re.sub(r"[^A-Za-z0-9_.-]", "", name) or "function", function)

    @property
    def first_function(self) -> Callable[..., Any] | None:
        """The main function: an activation's `forward`, a loss's `value`, a callback's `make`."""
        values = (getattr(self, f.name) for f in fields(self))
        return next((value for value in values if callable(value)), None)

    @property
    def documentation(self) -> str:
        """`doc`, or the docstring of the first function; empty where there is neither."""
        first = self.first_function
        # The docstring of a ufunc or builtin describes that function, not the plugin.
        return inspect.cleandoc(self.doc or (first.__doc__ if inspect.isfunction(first) else None) or "")

    def with_params(self: Self, **changes: Parameter) -> Self:
        """Return the same plugin with other parameters.

        Parameters
        ----------
        **changes : int, float, bool, str, None, tuple of numbers or Plugin
            New values by name; parameters that aren't named keep theirs.

        Raises
        ------
        ArgumentError
            If there is no parameter of that name, or the value breaks its limit.
        ArgumentTypeError
            If the value has another type than the default.
        """
        return replace(self, overrides={**self.overrides, **changes}) if changes else self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec}>"

    def __reduce__(self) -> tuple[Callable[..., Plugin], tuple[type[Plugin], dict[str, Any]]]:
        # Read-only mappings can't be pickled, dicts can.
        state = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return _rebuild, (type(self), {k: dict(v) if isinstance(v, Mapping) else v for k, v in state.items()})

    def _require_callable(self, *names: str) -> None:
        """Raise unless each of the named fields is a function, or None if that is its default."""
        defaults = {f.name: f.default for f in fields(self)}
        for name in names:
            value = getattr(self, name)
            if not callable(value) and not (value is None and defaults[name] is None):
                raise ArgumentTypeError(
                    f"{name} of {type(self).__name__.lower()} {self.name!r} is {shown(value)}; expected a function"
                )


def _rebuild(cls: type[Plugin], state: dict[str, Any]) -> Plugin:
    return cls(**state)

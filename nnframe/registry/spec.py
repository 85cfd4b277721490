"""Names as users write them: ``relu``, ``leaky_relu(alpha=0.2)``, ``nnframe-swish/swish``."""

from __future__ import annotations

import re
from typing import NamedTuple

from nnframe.contracts.plugin import NAME_PATTERN, Parameter
from nnframe.errors import ArgumentError, shown
from nnframe.registry.provider import Provider

SPEC_PATTERN = re.compile(
    rf"\s*(?:(?P<provider>{NAME_PATTERN.pattern})\s*/)?"
    rf"\s*(?P<name>{NAME_PATTERN.pattern})"
    r"\s*(?:\((?P<parameters>[^()]*)\))?\s*"
)
BOOLEANS = {"true": True, "false": False}


class Spec(NamedTuple):
    """A name taken apart.

    Attributes
    ----------
    provider : str or None
        The distribution or module before the slash.
    name : str
        In lower case.
    parameters : dict of str to number
        Those set in brackets.
    """

    provider: str | None
    name: str
    parameters: dict[str, Parameter]

    @property
    def qualified_name(self) -> str:
        """Name and provider as they are looked up, without parameters."""
        return f"{self.provider}/{self.name}" if self.provider else self.name

    def admits(self, provider: Provider) -> bool:
        """Whether a provider's objects may be meant."""
        return self.provider is None or provider.matches(self.provider)


def parse_spec(text: str) -> Spec:
    """Take ``"provider/name(key=value, ...)"`` apart; provider and brackets may be missing.

    Values are numbers as Python writes them, or true and false. Nothing is evaluated.

    Raises
    ------
    ArgumentError
        If the text has another form, a value is no number, or a parameter is set twice.
    """
    match = SPEC_PATTERN.fullmatch(text)
    if not match:
        raise ArgumentError(
            f"{shown(text)} is not a name; wanted letters, digits, '_', '-' and '.', with parameters in brackets where "
            f"there are any: 'relu', 'leaky_relu(alpha=0.2)' or 'distribution/name'"
        )
    parameters: dict[str, Parameter] = {}
    for part in (match["parameters"] or "").split(","):
        if not part.strip():
            continue
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key.isidentifier():
            raise ArgumentError(f"{text!r}: {part.strip()!r} sets no parameter; wanted key=number, as in 'alpha=0.2'")
        if key in parameters:
            raise ArgumentError(f"{text!r} sets the parameter {key} twice; set it once")
        parameters[key] = _parse_number(text, key, value)
    return Spec(match["provider"], match["name"].lower(), parameters)


def _parse_number(text: str, key: str, value: str) -> Parameter:
    if value.lower() in BOOLEANS:
        return BOOLEANS[value.lower()]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    raise ArgumentError(f"{text!r}: parameter {key} is {value!r}; wanted a number, true or false")

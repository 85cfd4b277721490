"""Which parameters of a formula are arguments of its compiled code, so that one piece of code does for all values."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from nnframe.contracts.parameters import Parameter, format_parameters


def numeric(settings: Mapping[str, Parameter]) -> dict[str, bool | int | float]:
    """Return the parameters that compiled code can take as arguments."""
    return {name: value for name, value in settings.items() if isinstance(value, (bool, int, float))}


def table_entry(value: bool | int | float) -> int:
    """Return the 64 bits of a number as compiled code reads them from a table."""
    return struct.unpack("<q", struct.pack("<d", value))[0] if isinstance(value, float) else int(value)


def described(settings: Mapping[str, Parameter], are_arguments: bool) -> str:
    """Return what compiled code depends on: the types of those that are arguments, the values of all others."""
    arguments = numeric(settings) if are_arguments else {}
    kinds = ", ".join(f"{name}: {type(value).__name__}" for name, value in arguments.items())
    return kinds + format_parameters({name: value for name, value in settings.items() if name not in arguments})

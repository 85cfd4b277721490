"""What a compiled Python function refers to."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator


def global_names(code: types.CodeType) -> list[str]:
    """Return the global names that a function looks up, those of functions inside it included."""
    return _arguments(code, ("LOAD_GLOBAL",))


def attribute_names(code: types.CodeType) -> list[str]:
    """Return the names of attributes and methods that it looks up, likewise."""
    return _arguments(code, ("LOAD_ATTR", "LOAD_METHOD"))


def _arguments(code: types.CodeType, operations: tuple[str, ...]) -> list[str]:
    instructions = (each for part in _nested(code) for each in dis.get_instructions(part))
    return list(dict.fromkeys(each.argval for each in instructions if each.opname in operations))


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)

"""What a compiled Python function refers to."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator


def global_names(code: types.CodeType) -> list[str]:
    """Return the global names that a function looks up, those of functions inside it included."""
    instructions = (each for part in _nested(code) for each in dis.get_instructions(part))
    return list(dict.fromkeys(each.argval for each in instructions if each.opname == "LOAD_GLOBAL"))


def attribute_names(code: types.CodeType) -> list[str]:
    """Return the names of attributes that it looks up, likewise; global names among them."""
    return [name for part in _nested(code) for name in part.co_names]


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)

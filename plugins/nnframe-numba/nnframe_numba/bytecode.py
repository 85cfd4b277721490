"""What a compiled Python function refers to, and small changes to it."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterator
from typing import Any


def global_names(code: types.CodeType) -> list[str]:
    """Return the global names that a function looks up, including those of functions inside it."""
    return _arguments(code, ("LOAD_GLOBAL",))


def attribute_names(code: types.CodeType) -> list[str]:
    """Return the names of attributes and methods that it looks up, likewise."""
    return _arguments(code, ("LOAD_ATTR", "LOAD_METHOD"))


def raises(code: types.CodeType) -> bool:
    """Return whether it has a raise or assert statement."""
    return any(each.opname == "RAISE_VARARGS" for each in dis.get_instructions(code))


def with_tuples(code: types.CodeType) -> types.CodeType:
    """Return the same code with a tuple in place of each list that is written out.

    numba's lists hold one type, tuples any.
    """
    operations = bytearray(code.co_code)
    instructions = list(dis.get_instructions(code))
    tuple_operation, nothing = dis.opmap["BUILD_TUPLE"], dis.opmap["NOP"]
    for i, each in enumerate(instructions):
        if each.opname != "BUILD_LIST":
            continue
        if each.arg:
            operations[each.offset] = tuple_operation
        elif [after.opname for after in instructions[i + 1 : i + 3]] == ["LOAD_CONST", "LIST_EXTEND"]:
            # A list of constants is an empty list that is extended by a constant tuple.
            for offset in (each.offset, instructions[i + 2].offset):
                operations[offset : offset + 2] = bytes([nothing, 0])
    return code.replace(co_code=bytes(operations))


def with_inner_functions(code: types.CodeType, convert: Callable[[types.CodeType], Any]) -> types.CodeType:
    """Return the same code with constants in place of the functions that it defines, such as lambdas.

    Those that take variables from it stay as they are.
    """
    operations, constants = bytearray(code.co_code), list(code.co_consts)
    instructions = list(dis.get_instructions(code))
    nothing = bytes([dis.opmap["NOP"], 0])
    for i, each in enumerate(instructions):
        if each.opname != "LOAD_CONST" or not isinstance(each.argval, types.CodeType) or each.argval.co_freevars:
            continue
        after = instructions[i + 1 : i + 3]
        if after[0].opname == "LOAD_CONST":
            # Until Python 3.10, the name of the function stands between.
            name, after = after[0], after[1:]
            operations[name.offset : name.offset + 2] = nothing
        following = instructions[instructions.index(after[0]) + 1]
        if after[0].opname != "MAKE_FUNCTION" or after[0].arg or following.opname == "SET_FUNCTION_ATTRIBUTE":
            continue
        operations[after[0].offset : after[0].offset + 2] = nothing
        constants[constants.index(each.argval)] = convert(each.argval)
    return code.replace(co_code=bytes(operations), co_consts=tuple(constants))


def _arguments(code: types.CodeType, operations: tuple[str, ...]) -> list[str]:
    instructions = (each for part in _nested(code) for each in dis.get_instructions(part))
    return list(dict.fromkeys(each.argval for each in instructions if each.opname in operations))


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)

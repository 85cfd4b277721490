"""Machine code that is called without numba: kept in memory and on disk, or compiled anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nnframe import Array
from nnframe_numba import disk_cache, native_call
from nnframe_numba.compile_thread import in_compile_thread
from nnframe_numba.parameters import numeric
from nnframe_numba.part_formulas import Formula, PartFormula
from nnframe_numba.recently_used import RecentlyUsed


class ObjectFile(NamedTuple):
    """What was compiled.

    Attributes
    ----------
    code : bytes
    externals : list of str
        The symbols that it refers to.
    parametrized : list of str
        The parts whose parameters are in the table; those of others are constants.
    constants : dict of str to int
        What a table for it depends on.
    """

    code: bytes
    externals: list[str]
    parametrized: list[str]
    constants: dict[str, int]


class LoadedCode(NamedTuple):
    """Machine code that is loaded, or the reason why there is none.

    Attributes
    ----------
    bind : callable or None
        ``bind(table, kept)`` returns the function for a table, and keeps what it points to.
    parametrized, constants
        As in `ObjectFile`.
    reason : str
    """

    bind: Callable[[Array, Any], Callable[..., Any]] | None
    parametrized: list[str]
    constants: dict[str, int]
    reason: str = ""


class CodeStore:
    """The machine code for one purpose.

    Parameters
    ----------
    purpose : str
        What the names of its files begin with.
    most : int
        How much of it a process remembers.
    """

    def __init__(self, purpose: str, most: int) -> None:
        self._purpose = purpose
        self._loaded: RecentlyUsed[LoadedCode] = RecentlyUsed(most)

    def code_for(
        self, variant: tuple[object, ...], formulas: Mapping[str, PartFormula], make: Callable[[], ObjectFile | str]
    ) -> LoadedCode:
        """Return machine code from memory, from disk, or compiled anew.

        Parameters
        ----------
        variant : tuple
            What it depends on besides the formulas.
        formulas : mapping of str to PartFormula
            The parts that it is made of.
        make : callable
            Compiles it, or returns why it can't be compiled.
        """
        if None in formulas.values():
            return LoadedCode(None, [], {}, "an activation or the loss is more than a formula that can be recorded")
        # With parameters as arguments if all formulas can be compiled so, else with their values as constants.
        keys = []
        for are_arguments in (True, False):
            parts = (each.key(are_arguments) if isinstance(each, Formula) else each for each in formulas.values())
            keys.append((*variant, *parts))
        for key in keys:
            found = self._loaded.get(key)
            if found is not None:
                return found
        can_be_kept = all(isinstance(part, str) for part in keys[0][len(variant) :])
        names = [f"{self._purpose}_{disk_cache.digest(*map(str, key), native_call.cpu())}.code" for key in keys]
        for key, name in zip(keys, names, strict=True):
            content = disk_cache.read(name) if can_be_kept else None
            if content is not None:
                return self._loaded.keep(key, _unpacked(content))
        content, are_arguments = in_compile_thread(lambda: _packed(make(), formulas))
        index = 0 if are_arguments else 1
        if can_be_kept:
            disk_cache.write(names[index], content)
        return self._loaded.keep(keys[index], _unpacked(content))


def _packed(made: ObjectFile | str, formulas: Mapping[str, PartFormula]) -> tuple[bytes, bool]:
    """Return the content of a file, and whether all numeric parameters are arguments of the machine code."""
    if isinstance(made, str):
        return native_call.packed({"reason": made}), False
    with_parameters = {name for name, each in formulas.items() if isinstance(each, Formula) and numeric(each.settings)}
    header = {"externals": made.externals, "parametrized": made.parametrized, "constants": made.constants}
    return native_call.packed(header, made.code), with_parameters <= set(made.parametrized)


def _unpacked(content: bytes) -> LoadedCode:
    """Load the content of a file."""
    header, bind, reason = native_call.unpacked(content)
    return LoadedCode(bind, header.get("parametrized", []), header.get("constants", {}), reason)

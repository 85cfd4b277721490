"""A formula in the first way that numba can compile, and that gives what the formula gives on numpy.

Before a compiled formula is used, it is held against the plain one: what means something else for one number than for
an array is found out, and not trained with. What was found is kept on disk, so that no later process has to try.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nnframe.contracts.parameters import Parameter, format_parameters
from nnframe.contracts.plugin import Plugin
from nnframe.errors import PluginError, one_line
from nnframe_numba import disk_cache
from nnframe_numba.conversion import NotConvertibleError, converted
from nnframe_numba.fingerprint import fingerprint

# Wide enough for all that rounding does to a formula, narrow enough to tell one formula from another.
TOLERANCES = {"float32": 1e-3, "float64": 1e-8}


class CompiledPart(NamedTuple):
    """A part of an epoch that a plugin decides.

    Attributes
    ----------
    function : callable
    key : str or None
        Equal for equal parts, in every process; None for what can't be told and so can't be kept on disk.
    reason : str or None
        Why it runs on numpy; None where it is compiled.
    is_small : bool
        Whether calling it may take longer than what it does.
    """

    function: Callable[..., Any]
    key: str | None
    reason: str | None = None
    is_small: bool = True


class Candidate(NamedTuple):
    """A formula that is to become a part of an epoch.

    Attributes
    ----------
    plugin : Plugin
    formula : callable
        The function of it that is wanted.
    part : str
        What that is called.
    ways : mapping of str to callable
        From "element" and "array" to what makes a part of a converted formula, the best first.
    on_numpy : callable
        The part as numpy runs it.
    sample : tuple
        Arguments of the part, an array first.
    filled : tuple of int
        Which of them it fills.
    settings : mapping of str to number
        What the formula is always called with.
    """

    plugin: Plugin
    formula: Callable[..., Any]
    part: str
    ways: Mapping[str, Callable[[Any], Any]]
    on_numpy: Callable[..., Any]
    sample: tuple[Any, ...]
    filled: tuple[int, ...]
    settings: Mapping[str, Parameter]


class MismatchError(Exception):
    """A compiled formula that gives something else than the plain one."""


# What this process has compiled already, by the formula and how it is called.
_selected: dict[tuple[Any, ...], CompiledPart] = {}


def selected(candidate: Candidate) -> CompiledPart:
    """Return the part in the first way that works, or on numpy with the reason why none does."""
    function, part, ways = candidate.formula, candidate.part, candidate.ways
    if not isinstance(function, (types.FunctionType, np.ufunc)):
        return CompiledPart(
            candidate.on_numpy, None, f"{part} of {candidate.plugin.spec!r}: it is no function in Python"
        )
    content = fingerprint(function)
    context = (part, format_parameters(candidate.settings), str(candidate.sample[0].dtype), *ways)
    known = (content or function, *context)
    if known in _selected:
        return _selected[known]
    key = content and disk_cache.digest(content, *context)
    note = (key and disk_cache.read_note(key)) or None
    reason = note["reason"] if note is not None and note["way"] is None else None
    if reason is None:
        for way in [note["way"]] if note is not None else ways:
            try:
                made = ways[way](converted(function, candidate.settings, scalar=way == "element"))
                if note is None:
                    _compare(made, candidate)
            except Exception as error:
                # numba fails in many ways, and each of them leaves numpy.
                reason = _first_line(error)
                continue
            if key and note is None:
                disk_cache.keep_note(key, {"way": way})
            _selected[known] = CompiledPart(made, key and f"{way} {key}", is_small=way == "element")
            return _selected[known]
        if key:
            disk_cache.keep_note(key, {"way": None, "reason": reason})
    return CompiledPart(candidate.on_numpy, None, f"{part} of {candidate.plugin.spec!r}: {reason}")


def _compare(made: Callable[..., Any], candidate: Candidate) -> None:
    """Raise unless the compiled part does on the sample what numpy does."""
    mine, wanted = (tuple(copy.copy(argument) for argument in candidate.sample) for _ in range(2))
    with np.errstate(all="ignore"):
        try:
            candidate.on_numpy(*wanted)
        except PluginError as error:
            # With wrong shapes, say: compiled, it would read what lies behind an array, and nobody would be told.
            raise NotConvertibleError(f"it fails on a sample, {one_line(error.__cause__ or error)}") from error
        made(*mine)
    tolerance = TOLERANCES[str(candidate.sample[0].dtype)]
    for i in candidate.filled:
        if not np.allclose(mine[i], wanted[i], rtol=tolerance, atol=tolerance, equal_nan=True):
            raise MismatchError("compiled, it gives other numbers")


def _first_line(error: Exception) -> str:
    """Return what is wrong in a line; numba explains itself in many."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During:", "File", "[", "<", "-"))]
    return telling[0] if telling else one_line(error)

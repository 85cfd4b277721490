"""From a plugin's formula to a compiled part of an epoch, in the first way that numba can compile.

Before a compiled formula is used, it is compared with the plain one on a sample: what means something else for a number
than for an array is found out, and not trained with. What was found is kept on disk, so that no later process has to
try.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from nnframe.contracts.parameters import format_parameters
from nnframe.errors import PluginError, one_line
from nnframe.formula.refusal import NotRecordableError
from nnframe_numba import disk_cache
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.conversion import NotConvertibleError, converted
from nnframe_numba.fingerprint import fingerprint
from nnframe_numba.machine_code import keep_on_disk
from nnframe_numba.parameters import described, numeric
from nnframe_numba.part_formulas import Formula
from nnframe_numba.recently_used import RecentlyUsed

# Wide enough for what rounding does to a formula, narrow enough to tell one formula from another.
TOLERANCES = {"float32": 1e-3, "float64": 1e-8}
# How many compiled formulas a process remembers.
MOST_PARTS = 512


class CompiledPart(NamedTuple):
    """A part of an epoch that a plugin decides.

    Attributes
    ----------
    function : callable
    key : str or None
        Equal for equal parts, in every process; None for what can't be identified and so can't be kept on disk.
    reason : str or None
        Why it runs on numpy; None where it is compiled.
    is_small : bool
        Whether calling it may take longer than what it does, so that it should be inlined.
    parameters : tuple
        What the function is called with after all its other arguments.
    """

    function: Callable[..., Any]
    key: str | None
    reason: str | None = None
    is_small: bool = True
    parameters: tuple[Any, ...] = ()


class Way(NamedTuple):
    """A way to make a part of a formula.

    Attributes
    ----------
    call : {"element", "array", "column"}
        Whether the formula is called with numbers, with arrays, or is recorded and becomes loops over columns.
    make : callable
        Returns the part for the converted formula; or by column, for a `Formula`, the names of its parameters that are
        arguments, and a dtype.
    note : str
        What tells it from others that call the formula alike.
    """

    call: Literal["element", "array", "column"]
    make: Callable[..., Any]
    note: str = ""

    @property
    def is_small(self) -> bool:
        """See `CompiledPart`."""
        return self.call == "element" and not self.note


class Candidate(NamedTuple):
    """A formula that is to become a part of an epoch.

    Attributes
    ----------
    formula : Formula
    ways : sequence of Way
        The best first.
    on_numpy : callable
        The part as numpy runs it.
    sample : tuple
        Arguments of the part, an array first.
    filled : tuple of int
        Which of them it fills.
    """

    formula: Formula
    ways: Sequence[Way]
    on_numpy: Callable[..., Any]
    sample: tuple[Any, ...]
    filled: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of its arrays."""
        dtype: np.dtype[Any] = self.sample[0].dtype
        return dtype


class MismatchError(Exception):
    """A compiled formula returns something else than the plain one."""


# The parts of this process by formula and call, without their parameters; and the parts that were tried out with some.
_made: RecentlyUsed[CompiledPart] = RecentlyUsed(MOST_PARTS)
_tried: RecentlyUsed[CompiledPart] = RecentlyUsed(MOST_PARTS)
# The attempts that worked with parameters as arguments, whatever their values were.
_labels: RecentlyUsed[str] = RecentlyUsed(MOST_PARTS)


def compiled_part(candidate: Candidate) -> CompiledPart:
    """Return the part in the first way that works, or on numpy with the reason why none does.

    Raises
    ------
    NotCompiledError
        If it would have to be compiled, and this is not the thread for it.
    """
    formula = candidate.formula
    function = formula.function
    if not isinstance(function, (types.FunctionType, np.ufunc)):
        return _on_numpy(candidate, "it is not a function written in Python")
    content = fingerprint(function)
    context = (formula.label, format_parameters(formula.settings), str(candidate.dtype))
    known = (content or function, *context)
    found = _tried.get(known)
    if found is None:
        require_compile_thread()
        key = content and disk_cache.digest(content, *context)
        found = _tried.keep(known, _first_that_works(candidate, content, key))
    return found if found.reason is None else _on_numpy(candidate, found.reason)


def _on_numpy(candidate: Candidate, reason: str) -> CompiledPart:
    formula = candidate.formula
    return CompiledPart(candidate.on_numpy, None, f"{formula.part} of {formula.plugin.spec!r}: {reason}")


class Attempt(NamedTuple):
    """One of the things to try.

    Attributes
    ----------
    way : Way
    is_recorded : bool
        Whether to compile what `nnframe.formula` records of the formula, and not the formula itself.
    are_arguments : bool
        Whether its numeric parameters are arguments of the compiled code, which then does for all their values.
    """

    way: Way
    is_recorded: bool
    are_arguments: bool

    @property
    def label(self) -> str:
        """What notes call it."""
        return f"{self.way.call} {self.way.note} {self.is_recorded} {self.are_arguments}"


def _attempts(candidate: Candidate) -> list[Attempt]:
    """Return what to try, the best first."""
    attempts = []
    for way in candidate.ways:
        can_be_recorded = way.call != "column" and not candidate.formula.keywords
        for is_recorded in (False, True) if can_be_recorded else (False,):
            for are_arguments in (True, False) if numeric(candidate.formula.settings) else (False,):
                attempts.append(Attempt(way, is_recorded, are_arguments))
    # Loops, for all values of the parameters if possible, and arrays where there are no loops.
    return sorted(attempts, key=lambda attempt: (attempt.way.call == "array", not attempt.are_arguments))


def _first_that_works(candidate: Candidate, content: str | None, key: str | None) -> CompiledPart:
    note = (key and disk_cache.read_note(key)) or None
    if note is not None and note["way"] is None:
        return CompiledPart(candidate.on_numpy, None, note["reason"])
    kinds = (candidate.formula.label, described(candidate.formula.settings, True), str(candidate.dtype))
    shared_key = content and disk_cache.digest(content, *kinds, "for all values")
    label = None if note is None else note["way"]
    if label is None:
        label = _labels.get((content or candidate.formula.function, *kinds)) or _shared_label(shared_key)
    errors: list[Exception] = []
    # What worked for other values is compiled already, and what failed would fail again.
    for attempt in sorted(_attempts(candidate), key=lambda attempt: attempt.label != label):
        if note is not None and note["way"] != attempt.label:
            continue
        try:
            made = _part(candidate, content, attempt)
            if note is None:
                _compare(made, candidate)
        except Exception as error:
            # numba fails in many ways, and after each of them numpy is left.
            errors.append(error)
            continue
        if attempt.are_arguments:
            _labels.keep((content or candidate.formula.function, *kinds), attempt.label)
        if key and shared_key and note is None and attempt.label != label:
            disk_cache.keep_note(shared_key if attempt.are_arguments else key, {"way": attempt.label})
        return made
    reason = _reason(errors)
    if key:
        disk_cache.keep_note(key, {"way": None, "reason": reason})
    return CompiledPart(candidate.on_numpy, None, reason)


def _shared_label(shared_key: str | None) -> str | None:
    note = (shared_key and disk_cache.read_note(shared_key)) or None
    return None if note is None else str(note["way"])


def _reason(errors: Sequence[Exception]) -> str:
    """Return why no way works: if possible with the line and what to write instead, which numba doesn't say."""
    reasons = []
    for kind in (NotConvertibleError, NotRecordableError):
        reasons += [_first_line(error) for error in errors if isinstance(error, kind)][:1]
    return "; ".join(reasons) or _first_line(errors[0])


def _part(candidate: Candidate, content: str | None, attempt: Attempt) -> CompiledPart:
    """Return the part for its parameters; the same function for all values of those that are arguments."""
    wanted, dtype = candidate.formula, candidate.dtype
    arguments = numeric(wanted.settings) if attempt.are_arguments else {}
    constants = {name: value for name, value in wanted.settings.items() if name not in arguments}
    parameters = described(wanted.settings, attempt.are_arguments)
    context = (attempt.label, wanted.label, parameters, str(dtype))
    known = (content or wanted.function, *context)
    made = _made.get(known)
    if made is None:
        way, n_arguments = attempt.way, len(wanted.arguments)
        if way.call == "column":
            function = way.make(wanted, tuple(arguments), dtype)
        else:
            formula, keywords = wanted.function, (*wanted.keywords, *arguments)
            if attempt.is_recorded:
                formula, constants = _recorded(candidate, tuple(arguments)), {}
            function = way.make(converted(formula, n_arguments, keywords, constants, way.call == "element"))
        key = content and disk_cache.digest(content, *context)
        if key:
            keep_on_disk(function, f"part_{key}")
        made = _made.keep(known, CompiledPart(function, key, is_small=way.is_small))
    return made._replace(parameters=tuple(arguments.values()))


def _recorded(candidate: Candidate, symbols: Sequence[str]) -> Callable[..., Any]:
    """Return what can be recorded of a formula, as a function; parameters that are no symbols become numbers.

    numba compiles it where it can't compile the formula: np.piecewise has become np.where, say.
    """
    # A net whose formulas all compile doesn't wait for it.
    from nnframe.formula.derive import specialized
    from nnframe.formula.graph import Shape
    from nnframe.formula.recording import record
    from nnframe.formula.simplify import simplified_graph
    from nnframe.formula.source import source_of

    formula, dtype = candidate.formula, candidate.dtype
    roots = record(formula.function, formula.arguments, formula.settings, symbols, dtype)
    roots = tuple(specialized(roots, {}, simplified_graph()))
    shape = Shape.ROW if candidate.sample[candidate.filled[0]].ndim == 1 else Shape.FULL
    names = [*formula.arguments, *symbols]
    return source_of("formula", roots, names, shapes=[shape], dtype=dtype, compiles=True).function()


def _compare(made: CompiledPart, candidate: Candidate) -> None:
    """Raise unless the compiled part does on the sample what numpy does."""
    mine, expected = (tuple(copy.copy(argument) for argument in candidate.sample) for _ in range(2))
    with np.errstate(all="ignore"):
        try:
            candidate.on_numpy(*expected)
        except PluginError as error:
            # With wrong shapes, say: compiled, it would read what lies behind an array, and nobody would be told.
            raise NotConvertibleError(f"it fails on a sample: {one_line(error.__cause__ or error)}") from error
        made.function(*mine, *made.parameters)
    tolerance = TOLERANCES[str(candidate.dtype)]
    for i in candidate.filled:
        if not np.allclose(mine[i], expected[i], rtol=tolerance, atol=tolerance, equal_nan=True):
            raise MismatchError("compiled, it returns other numbers")


def _first_line(error: Exception) -> str:
    """Return what is wrong in one line; numba explains itself in many."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During:", "File", "[", "<", "-"))]
    return telling[0] if telling else one_line(error)

"""What can't be recorded: which construct it is, in which line, and what to write in its place."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from nnframe.errors import one_line

# Frames that the author of a formula did not write.
_INNER = (str(Path(__file__).parent), str(Path(np.__file__).parent))
_LIBRARIES = tuple(f"{os.sep}site-packages{os.sep}{name}{os.sep}" for name in ("scipy", "numba", "pandas", "torch"))


class NotRecordableError(Exception):
    """A formula does something that a recording can't hold.

    Attributes
    ----------
    construct : str
        What it does, such as ``"an if on values"``.
    instead : str
        What to write in its place.
    place : str
        The line, as ``"line 12 of activation.py: return z if z > 0 else 0"``; empty where it isn't known.
    raised : BaseException or None
        What the formula raised itself.
    """

    def __init__(self, construct: str, instead: str, place: str = "", raised: BaseException | None = None) -> None:
        self.construct = construct
        self.instead = instead
        self.place = place
        self.raised = raised
        where = f" ({place})" if place else ""
        super().__init__(f"{construct} can't be recorded{where}; {instead}")


class NeedsNumberError(NotRecordableError):
    """A formula needs the value of a parameter, to branch on it or to call math."""


def refusal(construct: str, instead: str) -> NotRecordableError:
    """Return the error for a construct in the author's line that is running now."""
    return NotRecordableError(construct, instead, place_of(author_frame()))


def raised_by(error: BaseException) -> NotRecordableError:
    """Return the error for a formula that raises an error of its own while it is recorded."""
    frame, trace = None, error.__traceback__
    while trace is not None:
        if not _is_inner(trace.tb_frame):
            frame, line = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    place = f"; {place_of(frame, line)}" if frame is not None else ""
    # The author knows nothing of symbols.
    reason = one_line(error).replace("'Symbol'", "'array'").replace("type Symbol", "an array")
    return NotRecordableError("the formula", f"it raises {reason}{place}", raised=error)


def author_frame() -> FrameType | None:
    """Return the innermost frame that is neither of this package nor of numpy or scipy."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_inner(frame):
        frame = frame.f_back
    return frame


def _is_inner(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_INNER) or any(library in file for library in _LIBRARIES)


def vectorized() -> bool:
    """Whether np.vectorize is what asks."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_inner(frame):
        if isinstance(frame.f_locals.get("self"), np.vectorize):
            return True
        frame = frame.f_back
    return False


def place_of(frame: FrameType | None, number: int | None = None) -> str:
    """Return a line, by default the one that a frame is at, with its text where the source is at hand."""
    if frame is None:
        return ""
    file, number = frame.f_code.co_filename, number or frame.f_lineno
    line = linecache.getline(file, number).strip()
    name = Path(file).name if not file.startswith("<") else file
    return f"line {number} of {name}" + (f": {line}" if line else "")


def augments(frame: FrameType | None) -> bool:
    """Whether the line that a frame is at has an assignment such as ``x += z``."""
    return any(isinstance(node, ast.AugAssign) for node in _syntax(frame))


def truth_refusal() -> NotRecordableError:
    """Return the error for a symbol whose truth is asked for, by if, and, or, not, a chained comparison or max()."""
    frame = author_frame()
    construct, instead = "an if on values", "write np.where(condition, yes, no), which takes all elements at once"
    for node in _syntax(frame):
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            construct, instead = "a chained comparison", "write (low < z) & (z < high) in place of low < z < high"
        elif isinstance(node, ast.BoolOp):
            word, sign = ("and", "&") if isinstance(node.op, ast.And) else ("or", "|")
            construct, instead = f"{word} on values", f"write {sign}, with each comparison in parentheses"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            construct, instead = "not on values", "write ~ in place of not"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BUILTINS:
            construct, instead = f"Python's {node.func.id}()", f"write {_BUILTINS[node.func.id]}"
        elif isinstance(node, ast.While):
            construct, instead = "a while on values", "write a loop of fixed length, and np.where in it"
        elif isinstance(node, ast.Assert):
            construct, instead = "an assert on values", "leave it out"
        else:
            continue
        break
    return NotRecordableError(construct, instead, place_of(frame))


_BUILTINS = {
    "max": "np.maximum(a, b)",
    "min": "np.minimum(a, b)",
    "sum": "np.sum(x, axis=0)",
    "any": "np.any(condition, axis=0)",
    "all": "np.all(condition, axis=0)",
    "bool": "condition * 1.0 for a number, or leave bool() out",
    "sorted": "the formula without sorting",
}


def loop_refusal() -> NotRecordableError:
    """Return the error for a symbol that is iterated over: by for, or by Python's sum() and the like."""
    frame = author_frame()
    construct, instead = "a loop over the elements", "write the formula for the whole array, with sums over axis=0"
    for node in _syntax(frame):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BUILTINS:
            construct, instead = f"Python's {node.func.id}()", f"write {_BUILTINS[node.func.id]}"
            break
    return NotRecordableError(construct, instead, place_of(frame))


def array_refusal() -> NotRecordableError:
    """Return the error for a symbol that is to become an array of numbers, by np.array or in a compiled function."""
    frame = author_frame()
    if any(isinstance(node, (ast.List, ast.Tuple, ast.ListComp)) for node in _syntax(frame)):
        return NotRecordableError(
            "a list of arrays",
            "write np.maximum(a, b), np.minimum(a, b), a + b or np.where(condition, a, b) in place of np.array([a, b])",
            place_of(frame),
        )
    return NotRecordableError(
        "np.array or np.asarray of an argument, or a compiled function",
        "use the array itself, numpy's functions, z.copy() for a copy, and np.zeros_like(z) for an array to fill",
        place_of(frame),
    )


def number_refusal(asked: str) -> NotRecordableError:
    """Return the error for a symbol that is to become one Python number, as float() and math's functions ask for."""
    frame = author_frame()
    for node in _syntax(frame):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                if function.value.id in ("math", "cmath"):
                    return NotRecordableError(
                        f"{function.value.id}.{function.attr}",
                        f"write {_numpy_name(function.attr)}, which takes arrays",
                        place_of(frame),
                    )
                if function.attr == "item":
                    break
            if isinstance(function, ast.Name) and function.id in ("float", "int", "range", "round"):
                return NotRecordableError(
                    f"{function.id}()", "leave it out: the formula is for arrays, not for one number", place_of(frame)
                )
            if isinstance(function, ast.Name) and hasattr(np, _NAMES.get(function.id, function.id)):
                # from math import exp
                return NotRecordableError(
                    f"math's {function.id}", f"write {_numpy_name(function.id)}, which takes arrays", place_of(frame)
                )
    return NotRecordableError(
        asked, "write it with numpy's functions, which take arrays, not with float() or those of math", place_of(frame)
    )


_NAMES = {"pow": "power", "fabs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}


def _numpy_name(name: str) -> str:
    found = _NAMES.get(name, name)
    if name in ("erf", "erfc"):
        return f"scipy.special.{name}"
    return f"np.{found}" if hasattr(np, found) else "numpy's function of that kind"


def _syntax(frame: FrameType | None) -> list[Any]:
    """Return the syntax that stands in the line a frame is at; nothing where the source isn't at hand."""
    if frame is None:
        return []
    line = frame.f_lineno
    try:
        tree = ast.parse("".join(linecache.getlines(frame.f_code.co_filename)))
    except SyntaxError:
        return []
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.expr, ast.stmt))
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        # The function around a line says nothing about the line.
        and not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Module))
        and (isinstance(node, ast.expr) or node.lineno == line)
    ]

"""From the text of an epoch and its pieces to functions that run, compiled as far as can be and is worth it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numba import njit

from nnframe_numba import blas, parts, products, single, steps, storage
from nnframe_numba.jit import ERRORS, inlined
from nnframe_numba.selection import Piece
from nnframe_numba.source import Shape, epoch_source, staged_source

LOOPS = {
    name: getattr(module, name)
    for module, names in (
        (products, ("linear", "backward", "descend", "gradient")),
        (single, ("linear_single", "backward_single", "descend_single", "gradient_single")),
        (parts, ("put_back", "samples_of", "meet")),
        (steps, ("add_up", "weigh", "scale", "drop", "multiply", "penalize", "clip")),
    )
    for name in names
}

ON_BLAS = {"linear": blas.linear, "backward": blas.backward, "gradient": blas.gradient}

# What this process has compiled already, by the text and the pieces in it.
_functions: dict[tuple[Any, ...], Callable[..., Any]] = {}


def epoch_function(shape: Shape, pieces: Mapping[str, Piece]) -> Callable[..., float]:
    """Return the function `run` of an epoch, which takes the pieces by the names that the text has for them."""
    if not shape.on_blas and not any(piece.reason for piece in pieces.values()):
        return _compiled("run", epoch_source(shape), pieces, copies=shape.single)
    source, stages = staged_source(shape)
    namespace = _namespace(source, None, {}, copies=False)
    if shape.on_blas:
        namespace |= ON_BLAS
    for name, text in stages.items():
        called = {part: piece for part, piece in pieces.items() if f"{part}(" in text}
        if any(piece.reason for piece in called.values()):
            namespace[name] = _namespace(text, None, called, copies=False)[name]
        else:
            # An update that is compiled can't be interrupted half-way.
            namespace[name] = _compiled(name, text, called, copies=False)
    run: Callable[..., float] = namespace["run"]
    return run


def _compiled(name: str, source: str, pieces: Mapping[str, Piece], copies: bool) -> Callable[..., Any]:
    """Return a function of the text, compiled, and kept on disk if all its pieces can be told in another process."""
    known = (source, *(piece.key or piece.function for piece in pieces.values()))
    if known not in _functions:
        keys = [piece.key for piece in pieces.values() if piece.key]
        path = None
        if len(keys) == len(pieces):
            path = storage.source_file(f"{name}_{storage.digest(source, *keys)}", source)
        namespace = _namespace(source, path, pieces, copies)
        _functions[known] = njit(namespace[name], nogil=True, cache=path is not None, **ERRORS)
    return _functions[known]


def _namespace(source: str, path: Path | None, pieces: Mapping[str, Piece], copies: bool) -> dict[str, Any]:
    """Return what the text defines, with all that it calls; the module's name is where numba looks for it later.

    With `copies`, small functions are copied into where they are called.
    """
    called = {name: (function, True) for name, function in LOOPS.items() if f"{name}(" in source}
    called |= {name: (piece.function, piece.is_small) for name, piece in pieces.items()}
    namespace: dict[str, Any] = {"__name__": __name__}
    for name, (function, is_small) in called.items():
        namespace[name] = inlined(function) if copies and is_small else function
    exec(compile(source, str(path or "<epoch>"), "exec"), namespace)
    return namespace

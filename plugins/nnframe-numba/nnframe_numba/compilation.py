"""From the text of an epoch and its pieces to functions that run, compiled as far as can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numba import njit

from nnframe_numba import parts, products, single, steps, storage
from nnframe_numba.jit import ERRORS, inlined
from nnframe_numba.selection import Piece
from nnframe_numba.source import Shape, divided_source, epoch_source

LOOPS = {
    name: getattr(module, name)
    for module, names in (
        (products, ("linear", "backward", "descend", "gradient")),
        (single, ("linear_single", "backward_single", "descend_single", "gradient_single")),
        (parts, ("samples_of", "meet")),
        (steps, ("add_up", "weigh", "scale", "drop", "multiply", "penalize", "clip")),
    )
    for name in names
}

# What this process has compiled already, by the text and the pieces in it.
_compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}


def epoch_function(
    shape: Shape, pieces: Mapping[str, Piece], update_weights: Callable[[float], None] | None
) -> Callable[..., float]:
    """Return the function `run` of an epoch.

    Parameters
    ----------
    shape : Shape
    pieces : mapping of str to Piece
        By the names that the text has for them.
    update_weights : callable or None
        What the text calls so; None where all is compiled.
    """
    if update_weights is not None or any(piece.reason for piece in pieces.values()):
        return _in_python(shape, pieces, update_weights)
    source = epoch_source(shape)
    known = (source, *(piece.key or piece.function for piece in pieces.values()))
    if known not in _compiled:
        # Machine code outlives the process only if every part can be recognized in the next one.
        keys = [piece.key for piece in pieces.values() if piece.key]
        path = None
        if len(keys) == len(pieces):
            path = storage.source_file(f"epoch_{storage.digest(source, *keys)}", source)
        namespace = _namespace(source, path, pieces, copies=shape.single)
        _compiled[known] = njit(namespace["run"], nogil=True, cache=path is not None, **ERRORS)
    return _compiled[known]


def _in_python(
    shape: Shape, pieces: Mapping[str, Piece], update_weights: Callable[[float], None] | None
) -> Callable[..., float]:
    """Return `run` as it stands, which calls the compiled loops one by one."""
    source = divided_source(shape)
    path = storage.source_file(f"update_{storage.digest(source)}", source)
    namespace = _namespace(source, path, pieces, copies=False)
    namespace["update_weights"] = update_weights
    if update_weights is None:
        # Compiled as a whole, the update can't be interrupted half-way.
        known = (source,)
        if known not in _compiled:
            _compiled[known] = njit(namespace["update"], cache=path is not None, **ERRORS)
        namespace["update"] = _compiled[known]
    run: Callable[..., float] = namespace["run"]
    return run


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

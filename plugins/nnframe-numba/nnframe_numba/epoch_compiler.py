"""From the text of an epoch and its parts to functions that run, compiled as far as can be and is worth it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numba import njit

from nnframe_numba import barrier, blas, disk_cache, epoch_kernels, matrix_products, matrix_vector
from nnframe_numba.epoch_source import EpochVariant, epoch_source, staged_source
from nnframe_numba.formula_compiler import CompiledPart
from nnframe_numba.jit import ERRORS, inlined

LOOPS = {
    name: getattr(module, name)
    for module, names in (
        (matrix_products, ("linear", "backward", "add_gradient", "store_gradient")),
        (matrix_vector, ("linear_single", "backward_single", "add_gradient_single", "store_gradient_single")),
        (barrier, ("reset_tickets", "share_of_samples", "wait_at_barrier")),
        (epoch_kernels, ("add_up", "weigh", "scale", "drop", "multiply", "penalize", "clip")),
    )
    for name in names
}

ON_BLAS = {"linear": blas.linear, "backward": blas.backward, "store_gradient": blas.store_gradient}

# What this process has compiled already, by the text and the parts in it.
_functions: dict[tuple[Any, ...], Callable[..., Any]] = {}


def epoch_function(variant: EpochVariant, parts: Mapping[str, CompiledPart]) -> Callable[..., float]:
    """Return the function `train_batches`, which takes the parts by the names that the text has for them."""
    if not variant.on_blas and not any(part.reason for part in parts.values()):
        return _compiled("train_batches", epoch_source(variant), parts, copies=variant.single)
    source, stages = staged_source(variant)
    namespace = _namespace(source, None, {}, copies=False)
    if variant.on_blas:
        namespace |= ON_BLAS
    for name, text in stages.items():
        called = {label: part for label, part in parts.items() if f"{label}(" in text}
        if any(part.reason for part in called.values()):
            namespace[name] = _namespace(text, None, called, copies=False)[name]
        else:
            # An update that is compiled can't be interrupted half-way.
            namespace[name] = _compiled(name, text, called, copies=False)
    train_batches: Callable[..., float] = namespace["train_batches"]
    return train_batches


def _compiled(name: str, source: str, parts: Mapping[str, CompiledPart], copies: bool) -> Callable[..., Any]:
    """Return a function of the text, compiled, and kept on disk if all its parts can be told in another process."""
    known = (source, *(part.key or part.function for part in parts.values()))
    if known not in _functions:
        keys = [part.key for part in parts.values() if part.key]
        path = None
        if len(keys) == len(parts):
            path = disk_cache.source_file(f"{name}_{disk_cache.digest(source, *keys)}", source)
        namespace = _namespace(source, path, parts, copies)
        _functions[known] = njit(namespace[name], nogil=True, cache=path is not None, **ERRORS)
    return _functions[known]


def _namespace(source: str, path: Path | None, parts: Mapping[str, CompiledPart], copies: bool) -> dict[str, Any]:
    """Return what the text defines, with all that it calls; the module's name is where numba looks for it later.

    With `copies`, small functions are copied into where they are called.
    """
    called = {name: (function, True) for name, function in LOOPS.items() if f"{name}(" in source}
    called |= {name: (part.function, part.is_small) for name, part in parts.items()}
    namespace: dict[str, Any] = {"__name__": __name__}
    for name, (function, is_small) in called.items():
        namespace[name] = inlined(function) if copies and is_small else function
    exec(compile(source, str(path or "<epoch>"), "exec"), namespace)
    return namespace

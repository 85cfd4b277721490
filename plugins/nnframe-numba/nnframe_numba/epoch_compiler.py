"""From the source of an epoch and its parts to functions that run, compiled as far as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numba import njit

from nnframe_numba import (
    barrier,
    blas,
    denormals,
    disk_cache,
    epoch_kernels,
    intrinsics,
    matrix_products,
    matrix_vector,
)
from nnframe_numba.batch_source import BatchVariant
from nnframe_numba.compile_thread import require_compile_thread
from nnframe_numba.epoch_source import epoch_source, staged_source
from nnframe_numba.formula_compiler import CompiledPart
from nnframe_numba.jit import ERRORS, compiled_first, inlined
from nnframe_numba.machine_code import keep_on_disk
from nnframe_numba.recently_used import RecentlyUsed

KERNELS = {
    name: getattr(module, name)
    for module, names in (
        (matrix_products, ("linear", "backward", "gradient")),
        (matrix_vector, ("linear_single", "backward_single", "add_gradient_single", "store_gradient_single")),
        (barrier, ("reset_tickets", "share_of_samples", "wait_at_barrier")),
        (epoch_kernels, ("add_up", "weigh", "scale", "drop", "multiply", "penalize", "clip")),
        (epoch_kernels, ("add_learned_gradient", "store_learned_gradient", "weigh_shares", "limit")),
    )
    for name in names
}
# Parts of LLVM's language rather than functions.
INTRINSICS = {
    "np": np,
    "flat": intrinsics.flat,
    "flush_denormals": denormals.flush_denormals,
    "restore_denormals": denormals.restore_denormals,
}
# What these do in Python.
IN_PYTHON: dict[str, Callable[..., Any]] = {
    "flat": lambda array: array.reshape(-1),
    "flush_denormals": lambda: 0,
    "restore_denormals": lambda mode: None,
}

# How many compiled functions a process remembers.
MOST_FUNCTIONS = 128
_functions: RecentlyUsed[Callable[..., Any]] = RecentlyUsed(MOST_FUNCTIONS)


def epoch_function(variant: BatchVariant, parts: Mapping[str, CompiledPart]) -> Callable[..., float]:
    """Return the function `train_batches`, which calls the parts by their names in the source.

    Raises
    ------
    NotCompiledError
        If something has to be compiled, and this is not the thread for it.
    """
    if not variant.on_blas and not any(part.reason for part in parts.values()):
        return compiled_function("train_batches", epoch_source(variant), parts, inline=variant.single)
    source, stages = staged_source(variant)
    namespace = _python_namespace(source, {})
    if variant.on_blas:
        namespace |= blas.PRODUCTS
    for name, text in stages.items():
        called = {label: part for label, part in parts.items() if f"{label}(" in text}
        if any(part.reason for part in called.values()):
            namespace[name] = _python_namespace(text, called)[name]
        else:
            # An update that is compiled can't be interrupted half-way.
            namespace[name] = compiled_first(compiled_function(name, text, called, inline=False))
    train_batches: Callable[..., float] = namespace["train_batches"]
    return train_batches


def compiled_function(name: str, source: str, parts: Mapping[str, CompiledPart], inline: bool) -> Callable[..., Any]:
    """Return a function of the source, to be compiled by numba, and kept on disk if all its parts have keys.

    Parameters
    ----------
    name : str
        The function's.
    source : str
    parts : mapping of str to CompiledPart
        What it calls.
    inline : bool
        Whether small functions are inlined into it.
    """
    known = (source, *(part.key or part.function for part in parts.values()))
    found = _functions.get(known)
    if found is None:
        require_compile_thread()
        found = njit(_namespace(source, parts, inline)[name], nogil=True, **ERRORS)
        keys = [part.key for part in parts.values() if part.key]
        if len(keys) == len(parts):
            keep_on_disk(found, f"{name}_{disk_cache.digest(source, *keys)}")
        found = _functions.keep(known, found)
    return found


def _python_namespace(source: str, parts: Mapping[str, CompiledPart]) -> dict[str, Any]:
    """Return what the source defines, to be run in Python, with compiled loops where it calls some."""
    namespace = _namespace(source, {}, inline=False)
    # In place, because these are the globals of what has been defined.
    namespace |= {name: compiled_first(namespace[name]) for name in KERNELS if name in namespace}
    namespace |= {name: part.function for name, part in parts.items()} | IN_PYTHON
    return namespace


def _namespace(source: str, parts: Mapping[str, CompiledPart], inline: bool) -> dict[str, Any]:
    """Return what the source defines, with all that it calls."""
    namespace = namespace_of(source, parts, inline)
    exec(compile(source, "<epoch>", "exec"), namespace)
    return namespace


def namespace_of(source: str, parts: Mapping[str, CompiledPart], inline: bool) -> dict[str, Any]:
    """Return what the source calls."""
    called = {name: (function, True) for name, function in KERNELS.items() if f"{name}(" in source}
    called |= {name: (part.function, part.is_small) for name, part in parts.items()}
    # The name of a module that numba can import when it loads the code later.
    namespace: dict[str, Any] = {"__name__": __name__, **INTRINSICS}
    for name, (function, is_small) in called.items():
        namespace[name] = inlined(function) if inline and is_small else function
    return namespace

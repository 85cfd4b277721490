"""C functions of the OpenBLAS that comes with numpy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# What stands before and after the names of its functions, in numpy's own build and in others. "64_" says how many bits
# integers have.
AFFIXES = (("scipy_", "64_"), ("", "64_"), ("", ""))


class Functions(NamedTuple):
    """Some functions of a library.

    Attributes
    ----------
    found : list of ctypes function
    has_long_integers : bool
        Whether integers among their arguments have 64 bits rather than 32.
    """

    found: list[Any]
    has_long_integers: bool


def openblas_functions(*names: str) -> Functions | None:
    """Return functions of numpy's own OpenBLAS by their names in C; None if there is no such library."""
    # Nets whose products are small need neither.
    import ctypes
    from pathlib import Path

    package = Path(np.__file__).parent
    for path in (*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for start, end in AFFIXES:
            found = [getattr(library, f"{start}{name}{end}", None) for name in names]
            if None not in found:
                return Functions(found, bool(end))
    return None

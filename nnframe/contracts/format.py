"""The contract for file formats: how a manifest and arrays become a file, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nnframe.arrays import Array
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, shown

SUFFIX = re.compile(r"\.[a-z0-9_-]+")


@dataclass(frozen=True, repr=False)
class Format(Plugin):
    """A file format: a container for a manifest and arrays. ``net.save(path)`` picks it by the path's suffix.

    nnframe does the rest: it writes to a temporary file that replaces the old one in a single step, adds a checksum
    to the manifest, and compares what was read with it. So a format need not detect damage: whatever it raises or
    returns for a damaged file becomes a `ModelFileError`. It must not execute anything in the
    file, nor allocate more memory than the file's size justifies.

    Parameters
    ----------
    name : str
        What users call it. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    write : callable
        ``write(path, manifest, arrays, **params)`` fills an empty file. The manifest is a dict that `json.dumps`
        takes; arrays is a dict of ndarrays of any shape in C order and native byte order, with dtype float32,
        float64, or an integer of 8 to 64 bits. Names of arrays are parts of ASCII letters, digits, ``_``, ``-`` and
        ``.``, separated by ``/``. The path's suffix is not the user's.
    read : callable
        ``read(path, **params) -> (manifest, arrays)``, both equal to what was written: the same names, dtypes, shapes
        and bits. The arrays are writable and own their memory.
    read_manifest : callable
        ``read_manifest(path, **params) -> manifest``, without reading the arrays where that is possible.
    suffixes : tuple of str
        The file suffixes it is chosen by, in lower case and with the dot: ``(".onnx",)``. Name an entry point after
        each, such as ``format.onnx``: no other plugin is imported to save or load a file with that suffix.
    params : mapping, optional
        Parameters and their defaults.
    doc : str, optional
        Description and source. ``doc=__doc__`` uses the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.
    """

    write: Callable[..., object]
    read: Callable[..., tuple[dict[str, Any], dict[str, Array]]]
    read_manifest: Callable[..., dict[str, Any]]
    suffixes: tuple[str, ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("write", "read", "read_manifest")
        if (
            not isinstance(self.suffixes, tuple)
            or not self.suffixes
            or not all(isinstance(suffix, str) and SUFFIX.fullmatch(suffix) for suffix in self.suffixes)
        ):
            raise ArgumentError(
                f"suffixes of format {self.name!r} is {shown(self.suffixes)}; expected a tuple of suffixes in lower "
                f"case with the dot, such as ('.onnx',)"
            )

"""Files: a manifest and arrays in the format that the path asks for, written in one step and read without trust."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.format import Format
from nnframe.contracts.plugin import NAME_PATTERN
from nnframe.errors import ArgumentError, NNFrameError, PluginError, one_line, shown
from nnframe.registry.blame import blamed_error
from nnframe.registry.known import install_advice
from nnframe.saving.atomic import replacing
from nnframe.saving.failures import DAMAGED, DefectError, file_path, opened, reading
from nnframe.saving.json_text import require_json
from nnframe.saving.manifest import check_arrays, check_version, full_manifest, without_own_keys

T = TypeVar("T")

DEFAULT_FORMAT = "nnf"


def write_file(
    path: str | os.PathLike[str],
    manifest: Mapping[str, Any],
    arrays: Mapping[str, Array],
    file_format: Format | None = None,
) -> None:
    """Write a manifest and arrays to a file, which replaces an existing one in a single step.

    Parameters
    ----------
    path : str or os.PathLike
    manifest : mapping of str to JSON value
        What `read_file` returns: dicts, lists, str, numbers, bools and None. The keys ``format``, ``format_version``,
        ``nnframe_version``, ``arrays`` and ``crc32`` are reserved.
    arrays : mapping of str to ndarray
        Of dtype float32, float64, or an integer of 8 to 64 bits. A name may consist of parts separated by slashes.
    file_format : Format, optional
        Default: the one that the path's suffix asks for.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be stored, or the suffix is unknown.
    ModelFileError
        If the file can't be written.
    PluginError
        If the format's plugin is broken.
    """
    place = file_path(path)
    chosen = file_format or format_for_writing(place)
    full = full_manifest(manifest, arrays)
    stored = {name: np.asarray(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    with replacing(place) as temporary:
        try:
            chosen.write(temporary, full, stored, **chosen.settings)
        except (OSError, MemoryError, NNFrameError):
            raise
        except Exception as error:
            raise blamed_error(PluginError, chosen, "write", f"raised {one_line(error)}") from error


def read_file(
    path: str | os.PathLike[str], file_format: Format | None = None
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the manifest and the arrays that `write_file` wrote.

    Raises
    ------
    ModelFileError
        If `write_file` did not write the file, or it has changed since.
    NameConflictError, PluginError
        If several installed plugins provide its format, or the one that does is broken.
    """
    place = file_path(path)
    chosen = file_format or _format_for_reading(place)
    with reading(place):
        manifest, arrays = _content(chosen, _call(chosen, chosen.read, place))
        check_version(manifest)
        check_arrays(manifest, arrays)
        return without_own_keys(manifest), arrays


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a file's manifest, with what it says about the file, without reading the arrays.

    Raises
    ------
    ModelFileError
        If `write_file` did not write it, as far as the manifest shows; the checksum is not compared.
    NameConflictError, PluginError
        As `read_file`.
    """
    place = file_path(path)
    chosen = _format_for_reading(place)
    with reading(place):
        manifest, _ = _content(chosen, (_call(chosen, chosen.read_manifest, place), {}))
        check_version(manifest)
        return manifest


def format_for_writing(path: str | os.PathLike[str]) -> Format:
    """Return the format that a path's suffix asks for; "nnf" for a path without a suffix.

    Raises
    ------
    ArgumentError
        If no format has that suffix, with what to install where that is known.
    NameConflictError, PluginError
        If several installed plugins provide it, or the one that does is broken.
    """
    place = file_path(path)
    found = _format_with_suffix(place)
    if found is None:
        suffix = place.suffix.lower()
        advice = install_advice("format", suffix) or "end the name in .nnf or .safetensors"
        raise ArgumentError(f"path is {str(path)!r}, and no installed format has the suffix {suffix!r}; {advice}")
    return found


def _format_for_reading(path: Path) -> Format:
    """Return the format of a file's suffix. Where there is none, the content shows whether nnframe wrote the file."""
    found = _format_with_suffix(path)
    if found is not None:
        return found
    advice = install_advice("format", path.suffix.lower())
    if advice:
        with reading(path):
            opened(path).close()
            raise DefectError(f"no installed format has the suffix {path.suffix!r}", advice)
    return registry.resolve(Format, DEFAULT_FORMAT)


def _format_with_suffix(path: Path) -> Format | None:
    name = path.suffix.lower()[1:] or DEFAULT_FORMAT
    if not NAME_PATTERN.fullmatch(name):
        return None
    return registry.find(Format, name, lambda each: f".{name}" in each.suffixes)


def _call(chosen: Format, function: Callable[..., T], path: Path) -> T:
    """Return what a format reads. A damaged file can raise any exception, so each is reported as the file's."""
    # No format has to think of folders, pipes and devices.
    opened(path).close()
    try:
        return function(path, **chosen.settings)
    except (OSError, MemoryError, NNFrameError, DefectError):
        raise
    except Exception as error:
        provider = registry.provider_of(chosen)
        raise DefectError(
            f"the format {chosen.name} of {provider or 'an object'} can't read it ({one_line(error):.200})", DAMAGED
        ) from error


def _content(chosen: Format, read: object) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what a format has read, if it is a manifest and arrays."""
    manifest, arrays = read if isinstance(read, tuple) and len(read) == 2 else (None, None)
    if not isinstance(manifest, dict) or not isinstance(arrays, dict):
        raise DefectError(f"the format {chosen.name} read {shown(read)}, expected a dict and a dict of arrays")
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DefectError(f"the format {chosen.name} read {shown(arrays)}, expected a dict of arrays")
    # The built-in formats have checked it.
    if registry.provider_of(chosen) != registry.BUILTIN_PROVIDER:
        try:
            require_json(manifest, "its manifest")
        except NNFrameError as error:
            raise DefectError(str(error)) from error
    return manifest, arrays

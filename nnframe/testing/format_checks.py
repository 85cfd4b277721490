"""Checks of file formats."""

from __future__ import annotations

import json
import math
import random
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.format import Format
from nnframe.errors import ModelFileError, one_line
from nnframe.saving.files import read_file, write_file
from nnframe.testing.outcome import CheckFailure

MANIFEST: dict[str, Any] = {
    "text": 'größe \u2603 \U0001f600 " \\ \n \0',
    "numbers": [0, -1, 10**99, 0.1, 1e-300, -1.7976931348623157e308],
    "constants": [None, True, False],
    "deep": {"a": [[], {}, [{"b": [1]}]], "": 1},
}
DAMAGES = 60


def sample_arrays() -> dict[str, Array]:
    """Return arrays of every dtype, of many shapes, and with numbers that are easily lost."""
    arrays: dict[str, Array] = {
        f"layers/{name}/x": np.arange(-3, 3).astype(name).reshape(2, 3)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    }
    odd = [math.nan, -math.nan, math.inf, -0.0, 5e-324, 1e-45, 0.1]
    arrays |= {f"odd_{dtype}": np.array(odd, dtype) for dtype in ("float32", "float64")}
    arrays |= {"number": np.array(1.5), "none": np.ones((0, 3)), "deep": np.ones((1, 2, 1, 3), np.float32)}
    arrays |= {"columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big-endian": np.arange(3, dtype=">f8")}
    return arrays


def what_is_written_is_read_bit_for_bit(plugin: Format) -> None:
    """The manifest and all arrays come back as they were, with and without arrays."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        for manifest, arrays in ((MANIFEST, sample_arrays()), ({}, {}), (MANIFEST, {})):
            write_file(path, manifest, arrays, plugin)
            _require_same(*_read(path, plugin), manifest, arrays)


def the_manifest_is_read_without_the_arrays(plugin: Format) -> None:
    """`read_manifest` returns the manifest that `read` returns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        write_file(path, MANIFEST, sample_arrays(), plugin)
        alone, (whole, _) = plugin.read_manifest(path, **plugin.settings), plugin.read(path, **plugin.settings)
        if alone != whole:
            raise CheckFailure(f"read_manifest returned {alone!r:.200}; expected {whole!r:.200}, as read returns it")


def long_content_survives(plugin: Format) -> None:
    """A manifest of several megabytes and arrays larger than a buffer come back."""
    manifest = {"columns": [{"name": f"column {i}", "mean": i / 7} for i in range(60_000)]}
    arrays = {"x": np.arange(300_000.0), **{f"many/{i}": np.full(i % 5, i) for i in range(2000)}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        write_file(path, manifest, arrays, plugin)
        _require_same(*_read(path, plugin), manifest, arrays)


def arrays_can_be_changed(plugin: Format) -> None:
    """The arrays that are read are writable, and changing them changes neither the file nor another reader's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        arrays = {"x": np.ones(3)}
        write_file(path, {}, arrays, plugin)
        read = _read(path, plugin)[1]["x"]
        try:
            read[:] = 7
        except ValueError as error:
            raise CheckFailure(
                f"an array that was read can't be changed ({error}); return a copy, not a view"
            ) from error
        _require_same(*_read(path, plugin), {}, arrays)


def damaged_files_are_refused(plugin: Format) -> None:
    """A file that is cut short or has changed bytes is refused, or what it says is unchanged; nothing else happens."""
    rng = random.Random(0)
    manifest, arrays = {"text": "some", "numbers": [1, 2.5]}, {"x": np.arange(6.0).reshape(2, 3), "y": np.arange(3)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        write_file(path, manifest, arrays, plugin)
        good = path.read_bytes()
        for i in range(DAMAGES):
            place = rng.randrange(len(good))
            changed = bytearray(good)
            changed[place] ^= 1 << rng.randrange(8)
            path.write_bytes(good[:place] if i % 3 == 0 else bytes(changed))
            what = f"a file that is cut off at byte {place}" if i % 3 == 0 else f"a file whose byte {place} was changed"
            try:
                found = read_file(path, plugin)
            except ModelFileError:
                continue
            except BaseException as error:
                raise CheckFailure(
                    f"{what} ends in {one_line(error)}; expected an exception of another class"
                ) from error
            try:
                _require_same(*found, manifest, arrays)
            except CheckFailure as failure:
                raise CheckFailure(f"{what} is read as something else; expected an exception") from failure


def a_failure_leaves_the_old_file(plugin: Format) -> None:
    """A manifest that can't be stored leaves the file as it was, and nothing beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{plugin.suffixes[0]}"
        write_file(path, {}, {"x": np.ones(3)}, plugin)
        before = path.read_bytes()

        def broken(path: Path, manifest: Any, arrays: Any, **settings: Any) -> None:
            plugin.write(path, manifest, arrays, **settings)
            raise OSError("No space left on device")

        failing = Format(plugin.name, broken, plugin.read, plugin.read_manifest, suffixes=plugin.suffixes)
        with suppress(ModelFileError):
            write_file(path, {}, {"x": np.zeros(5)}, failing)
        if path.read_bytes() != before or len(list(Path(folder).iterdir())) != 1:
            names = ", ".join(each.name for each in Path(folder).iterdir())
            raise CheckFailure(f"after a write that failed, the folder has {names}; write to the path alone")


def _read(path: Path, plugin: Format) -> tuple[dict[str, Any], dict[str, Array]]:
    try:
        return read_file(path, plugin)
    except ModelFileError as error:
        raise CheckFailure(f"a file that was just written is refused: {error}") from error


def _require_same(
    manifest: dict[str, Any], arrays: dict[str, Array], expected: dict[str, Any], expected_arrays: dict[str, Array]
) -> None:
    if json.dumps(manifest) != json.dumps(expected):
        raise CheckFailure(f"the manifest is {manifest!r:.200}; expected {expected!r:.200}")
    if arrays.keys() != expected_arrays.keys():
        raise CheckFailure(f"the arrays are {', '.join(arrays)}; expected {', '.join(expected_arrays)}")
    for name, array in arrays.items():
        wanted = expected_arrays[name].astype(expected_arrays[name].dtype.newbyteorder("="))
        if (array.dtype, array.shape, array.tobytes()) != (wanted.dtype, wanted.shape, wanted.tobytes()):
            raise CheckFailure(
                f"array {name!r} of dtype {wanted.dtype} and shape {wanted.shape} is read as one of dtype "
                f"{array.dtype} and shape {array.shape}, or with other bits; expected the same ones"
            )

"""The same content as an archive's in a file of safetensors, the extra of that name, which other libraries read too.

The manifest stands in the file's metadata. safetensors has no check sums, so that one stands there as well.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnframe.arrays import Array
from nnframe.errors import MissingDependencyError, one_line, shown
from nnframe.saving.atomic import replacing
from nnframe.saving.failures import FOREIGN, DefectError, file_path, reading, require_file
from nnframe.saving.layout import as_stored
from nnframe.saving.manifest import MOST_BYTES, array_entries, decode, encode, without_own_keys

MANIFEST_KEY, CHECK_SUM_KEY = "nnframe", "nnframe_crc32"
DTYPES = {
    "float32": "F32", "float64": "F64", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64",
}  # fmt: skip


def write_archive(path: str | os.PathLike[str], manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write arrays and what they are into a file; see `archive.write_archive`."""
    library = import_safetensors()
    place = file_path(path)
    text = encode(manifest, arrays)
    stored = {name: as_stored(array) for name, array in arrays.items()}
    metadata = {MANIFEST_KEY: text.decode("utf-8"), CHECK_SUM_KEY: _check_sum(text, stored.values())}
    with replacing(place) as temporary:
        try:
            library.numpy.save_file(stored, temporary, metadata)
        except library.SafetensorError as error:
            raise OSError(one_line(error)) from error


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the manifest and the arrays that `write_archive` wrote; see `archive.read_archive`."""
    place = file_path(path)
    with reading(place), _opened(place) as file:
        text, stated = _metadata(file)
        document = decode(text)
        entries = array_entries(document)
        if set(file.keys()) != {entry.name for entry in entries}:
            raise DefectError("its arrays are not those that its manifest lists")
        for entry in entries:
            stored = file.get_slice(entry.name)
            if stored.get_dtype() != DTYPES[entry.dtype.name] or tuple(stored.get_shape()) != entry.shape:
                raise DefectError(f"array {entry.name!r} is not what its manifest says")
        arrays = {entry.name: file.get_tensor(entry.name) for entry in entries}
        if _check_sum(text, arrays.values()) != stated:
            raise DefectError("its check sum is wrong")
        return without_own_keys(document), arrays


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the manifest of a file with all that it says of itself; see `archive.read_document`."""
    place = file_path(path)
    with reading(place), _opened(place) as file:
        return decode(_metadata(file)[0])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    library = import_safetensors()
    require_file(path)
    try:
        with library.safe_open(path, framework="numpy") as file:
            yield file
    except library.SafetensorError as error:
        raise DefectError(f"it is no file of safetensors ({shown(str(error), 200)})", FOREIGN) from error


def _metadata(file: Any) -> tuple[bytes, str | None]:
    """Return the manifest's text and the check sum."""
    metadata = file.metadata() or {}
    if MANIFEST_KEY not in metadata:
        raise DefectError("its metadata has no manifest of nnframe", FOREIGN)
    text = metadata[MANIFEST_KEY].encode("utf-8")
    if len(text) > MOST_BYTES:
        raise DefectError(f"its manifest has {len(text)} bytes, and can have {MOST_BYTES}")
    return text, metadata.get(CHECK_SUM_KEY)


def _check_sum(text: bytes, arrays: Iterable[Array]) -> str:
    crc = zlib.crc32(text)
    for array in arrays:
        crc = zlib.crc32(as_stored(array).data, crc)
    return f"{crc:08x}"


def import_safetensors() -> Any:
    """Return safetensors.

    Raises
    ------
    MissingDependencyError
        If it is missing.
    """
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingDependencyError(
            'files of safetensors need safetensors: install it with pip install "nnframe[safetensors]"'
        ) from None
    return safetensors

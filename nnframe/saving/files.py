"""Model files: a net and notes, in the format that the file's name asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnframe.errors import ArgumentTypeError, shown, with_type
from nnframe.saving import archive
from nnframe.saving.failures import DefectError, file_path, reading
from nnframe.saving.manifest import array_entries, without_own_keys
from nnframe.saving.model import SavedModel, Stored, describe, rebuild, saved_model

if TYPE_CHECKING:
    from types import ModuleType

    from nnframe.network import nNet

SAFETENSORS_SUFFIX = ".safetensors"
MODEL, NOTES = "model", "notes"
# What the manifest of a file says that holds a training run, in place of the two.
KIND, CHECKPOINT = "kind", "checkpoint"


def save_model(net: nNet, path: str | os.PathLike[str], notes: Mapping[str, Any] | None = None) -> None:
    """Write a net and notes into a file; see `nNet.save`."""
    if not isinstance(notes, (dict, type(None))):
        raise ArgumentTypeError(f"notes is {with_type(notes)}; wanted a dict, or None")
    place = file_path(path)
    part, arrays = describe(net)
    _format(place).write_archive(place, {MODEL: part, NOTES: notes or {}}, arrays)


def load_model(path: str | os.PathLike[str]) -> tuple[nNet, dict[str, Any]]:
    """Return a net and its notes; see `nnframe.load`."""
    place = file_path(path)
    manifest, arrays = _format(place).read_archive(place)
    with reading(place):
        _saved_model(manifest, arrays)
    return rebuild(manifest[MODEL], arrays, place), manifest[NOTES]


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a file's manifest, with all that the file says of itself; nothing else is read.

    Raises
    ------
    ModelFileError
        If it isn't as it was saved, as far as the manifest tells.
    MissingDependencyError
        If safetensors is needed and isn't installed.
    """
    place = file_path(path)
    document: dict[str, Any] = _format(place).read_document(place)
    return document


def is_checkpoint(document: Mapping[str, Any]) -> bool:
    """Return whether a file holds a training run, and not a model."""
    return document.get(KIND) == CHECKPOINT


def model_in(document: Mapping[str, Any], path: str | os.PathLike[str]) -> SavedModel:
    """Return the net that a manifest tells of, without asking for any plugin.

    Raises
    ------
    ModelFileError
        If it tells of none, or of one that can't be built from the arrays.
    """
    with reading(file_path(path)):
        entries = {entry.name: entry for entry in array_entries(document)}
        return _saved_model(without_own_keys(document), entries)


def check_format(path: str | os.PathLike[str]) -> None:
    """Raise if a file of such a name needs a library that is missing.

    Raises
    ------
    MissingDependencyError
        If it is safetensors.
    """
    chosen = _format(file_path(path))
    if chosen is not archive:
        chosen.import_safetensors()


def _saved_model(manifest: Mapping[str, Any], arrays: Mapping[str, Stored]) -> SavedModel:
    """Return the net that a file holds, and nothing but notes beside it."""
    if is_checkpoint(manifest):
        raise DefectError("it is a checkpoint of a training run", "Checkpoint(path) in callbacks goes on from it")
    if set(manifest) != {MODEL, NOTES}:
        what = ", ".join(map(shown, manifest)) or "nothing"
        raise DefectError(
            f"it holds {what:.200}, where a saved model holds model and notes", "load it with what saved it"
        )
    if not isinstance(manifest[NOTES], dict):
        raise DefectError(f"its notes are {shown(manifest[NOTES])}, which is no dict")
    model = saved_model(manifest[MODEL], arrays)
    wanted = 2 * len(model.layers)
    if len(arrays) != wanted:
        raise DefectError(f"it has {len(arrays)} arrays, and its model {wanted}")
    return model


def _format(path: Path) -> ModuleType:
    """Return the module that reads and writes files of such a name."""
    if path.suffix.lower() != SAFETENSORS_SUFFIX:
        return archive
    from nnframe.saving import safetensors_file

    return safetensors_file

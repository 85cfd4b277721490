"""Model files: the layers of a net and metadata, in the format that the path asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nnframe.arrays import Array
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentTypeError, shown, with_type
from nnframe.layer import denseLayer
from nnframe.saving.failures import DefectError, file_path, reading
from nnframe.saving.files import format_for_writing, read_file, write_file
from nnframe.saving.losses import check_loss, described_loss
from nnframe.saving.manifest import array_entries, full_manifest, without_own_keys
from nnframe.saving.metadata import pack, packed_names, unpack
from nnframe.saving.model import SavedModel, Stored, describe, layer_names, rebuild, saved_model

MODEL, METADATA, LOSS = "model", "metadata", "loss"
# What the manifests of a training run's checkpoint and of an ensemble have besides.
KIND, CHECKPOINT, ENSEMBLE = "kind", "checkpoint", "ensemble"


def save_layers(
    layers: Sequence[denseLayer],
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    loss: str | Loss | None = None,
) -> None:
    """Write layers that fit each other, metadata, and the loss that reads the outputs to a file; see `nNet.save`."""
    chosen = format_for_writing(path)
    write_file(path, *_contents(layers, metadata, loss), chosen)


def require_savable(
    layers: Sequence[denseLayer],
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None = None,
    loss: str | Loss | None = None,
) -> None:
    """Raise if a net can't be saved, without writing anything: a cheap check before long training.

    Parameters
    ----------
    layers : sequence of denseLayer
        Those of the net, such as ``net.layersList``.
    path : str or os.PathLike
        Where it will be saved.
    metadata : dict, optional
        What will be saved with it. Values may still change, but not how many there are.
    loss : str, Loss or None, optional
        What `nNet.trained_for` will be.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an activation was never registered, the metadata can't be stored or is too long, or no format has the suffix.
    """
    format_for_writing(path)
    full_manifest(*_contents(layers, metadata, loss))


def load_layers(path: str | os.PathLike[str]) -> tuple[list[denseLayer], dict[str, Any], str | None]:
    """Return a net's layers from the input to the output, the metadata, and the loss; see `nnframe.load`."""
    manifest, arrays = read_file(path)
    with reading(file_path(path)):
        _checked(manifest, arrays)
        return rebuild(manifest[MODEL], arrays), unpack(manifest[METADATA], arrays), manifest.get(LOSS)


def is_checkpoint(manifest: Mapping[str, Any]) -> bool:
    """Whether a file holds the checkpoint of a training run, and not a model."""
    return manifest.get(KIND) == CHECKPOINT


def model_in(manifest: Mapping[str, Any], path: str | os.PathLike[str]) -> SavedModel:
    """Return the net that a manifest describes, without looking for any plugin.

    Raises
    ------
    ModelFileError
        If it describes none, or one that can't be built from the arrays.
    """
    with reading(file_path(path)):
        return _checked(without_own_keys(manifest), {entry.name: entry for entry in array_entries(manifest)})


def metadata_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a manifest for which `model_in` passes, with a description in place of each array."""
    described = {entry.name: f"array of shape {entry.shape}, {entry.dtype.name}" for entry in array_entries(manifest)}
    return unpack(manifest[METADATA], described)


def _contents(
    layers: Sequence[denseLayer], metadata: Mapping[str, Any] | None, loss: str | Loss | None
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the manifest and the arrays of a model file."""
    if not isinstance(metadata, (dict, type(None))):
        raise ArgumentTypeError(f"metadata is {with_type(metadata)}; expected a dict, or None")
    part, arrays = describe(layers)
    packed, more = pack(metadata or {}, METADATA)
    manifest = {MODEL: part, METADATA: packed}
    return manifest | ({} if loss is None else {LOSS: described_loss(loss)}), arrays | more


def _checked(manifest: Mapping[str, Any], arrays: Mapping[str, Stored]) -> SavedModel:
    """Return the net of a file, if there is nothing but that and its metadata in it."""
    if is_checkpoint(manifest):
        raise DefectError("it is a checkpoint of a training run", "Checkpoint(path) in callbacks resumes it")
    if manifest.get(KIND) == ENSEMBLE:
        raise DefectError("it is an ensemble of several nets", "nnframe.Ensemble.load(path) reads it")
    if set(manifest) - {LOSS} != {MODEL, METADATA}:
        what = ", ".join(map(shown, manifest)) or "nothing"
        raise DefectError(
            f"it holds {what:.200}, expected model and metadata", "load it with the program that saved it"
        )
    if LOSS in manifest:
        check_loss(manifest[LOSS])
    metadata = manifest[METADATA]
    if not isinstance(metadata, dict):
        raise DefectError(f"its metadata is {shown(metadata)}, expected a dict")
    model = saved_model(manifest[MODEL], arrays)
    expected = [*layer_names(model.layers), *packed_names(metadata)]
    if not all(isinstance(name, str) for name in expected) or sorted(expected) != sorted(arrays):
        raise DefectError(f"it has {len(arrays)} arrays, and its model and metadata need {len(expected)}")
    return model

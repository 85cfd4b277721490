"""Several nets in one file."""

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
from nnframe.saving.metadata import pack, packed_names, unpack
from nnframe.saving.model import describe, layer_names, rebuild, saved_model
from nnframe.saving.model_file import ENSEMBLE, KIND, METADATA

MODELS, LOSSES = "models", "losses"
# No ensemble has as many.
MOST_NETS = 10_000


def save_nets(
    nets: Sequence[Sequence[denseLayer]],
    path: str | os.PathLike[str],
    metadata: Mapping[str, Any] | None,
    losses: Sequence[str | Loss | None],
) -> None:
    """Write several nets' layers and losses, and metadata, to a file; raises what `nNet.save` does."""
    chosen = format_for_writing(path)
    if not isinstance(metadata, (dict, type(None))):
        raise ArgumentTypeError(f"metadata is {with_type(metadata)}; expected a dict, or None")
    parts: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for i, layers in enumerate(nets):
        part, own = describe(layers)
        parts.append(part)
        arrays |= {_prefix(i) + name: array for name, array in own.items()}
    packed, more = pack(metadata or {}, METADATA)
    manifest: dict[str, Any] = {KIND: ENSEMBLE, MODELS: parts, METADATA: packed}
    if any(loss is not None for loss in losses):
        manifest[LOSSES] = [None if loss is None else described_loss(loss) for loss in losses]
    write_file(path, manifest, arrays | more, chosen)


def load_nets(path: str | os.PathLike[str]) -> tuple[list[list[denseLayer]], dict[str, Any], list[str | None]]:
    """Return the layers of each net, the metadata, and the loss of each net; raises what `nnframe.load` does."""
    manifest, arrays = read_file(path)
    with reading(file_path(path)):
        if manifest.get(KIND) != ENSEMBLE or set(manifest) - {LOSSES} != {KIND, MODELS, METADATA}:
            raise DefectError("it is not an ensemble", "nnframe.load reads a single net")
        parts, metadata = manifest[MODELS], manifest[METADATA]
        if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_NETS:
            raise DefectError(f"its nets are {shown(parts)}, expected a list of 1 to {MOST_NETS:,}")
        if not isinstance(metadata, dict):
            raise DefectError(f"its metadata is {shown(metadata)}, expected a dict")
        losses = manifest.get(LOSSES, [None] * len(parts))
        if not isinstance(losses, list) or len(losses) != len(parts):
            raise DefectError(f"its losses are {shown(losses)}, expected one for each net")
        for loss in losses:
            if loss is not None:
                check_loss(loss)
        own = [_arrays_of(i, arrays) for i in range(len(parts))]
        expected: list[Any] = list(packed_names(metadata))
        for i, part in enumerate(parts):
            expected += [_prefix(i) + name for name in layer_names(saved_model(part, own[i]).layers)]
        if not all(isinstance(name, str) for name in expected) or sorted(expected) != sorted(arrays):
            raise DefectError(f"it has {len(arrays)} arrays, and its nets and metadata need {len(expected)}")
        nets = [rebuild(part, each) for part, each in zip(parts, own, strict=True)]
        sizes = {(layers[0].n_in, layers[-1].n_out) for layers in nets}
        if len(sizes) > 1:
            raise DefectError("its nets have different numbers of inputs or outputs")
        return nets, unpack(metadata, arrays), losses


def _prefix(number: int) -> str:
    return f"nets/{number}/"


def _arrays_of(number: int, arrays: Mapping[str, Array]) -> dict[str, Array]:
    prefix = _prefix(number)
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}

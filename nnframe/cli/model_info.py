"""What ``nnframe info`` prints. Only the file's manifest is read, and no plugin is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nnframe.cli.metadata import in_short, metadata_text
from nnframe.cli.output import show, show_json, table
from nnframe.saving.files import read_manifest
from nnframe.saving.model import SavedModel
from nnframe.saving.model_file import LOSS, METADATA, is_checkpoint, metadata_in, model_in


def show_file(file: Path, as_json: bool) -> None:
    """Print what is in a file; see `nnframe.cli.commands.info`."""
    manifest = read_manifest(file)
    about = {"bytes": file.stat().st_size}
    about |= {key: manifest[key] for key in ("format_version", "nnframe_version")}
    if is_checkpoint(manifest):
        told = {key: value for key, value in manifest.items() if key not in {*about, "format", "arrays", "crc32"}}
    else:
        model = model_in(manifest, file)
        loss = {LOSS: manifest[LOSS]} if LOSS in manifest else {}
        told = _description(model) | loss | {"metadata": manifest[METADATA]}
    if as_json:
        show_json(about | told)
        return
    versions = f"saved by nnframe {about['nnframe_version']}, format {about['format_version']}"
    show(f"{file}: {about['bytes']:,} bytes, {versions}")
    if is_checkpoint(manifest):
        _show_checkpoint(told)
    else:
        _show_model(model, metadata_in(manifest), manifest.get(LOSS))


def _show_model(model: SavedModel, metadata: dict[str, Any], loss: str | None) -> None:
    plural = "" if len(model.sequence) == 1 else "s"
    show(f"nNet of {len(model.sequence)} layer{plural}, {model.n_parameters:,} parameters, {model.dtype}\n")
    show(table([("layer", "size", "activation", "from", "parameters"), *_rows(model)]))
    if loss is not None:
        show(f"\ntrained for the loss {in_short(loss)}, which reads the predictions from the outputs")
    if metadata:
        show(f"\n{metadata_text(metadata)}")


def _show_checkpoint(run: dict[str, Any]) -> None:
    """Print how far a run got, and its settings; none of its values have been checked."""
    ended = f"; it ended: {in_short(run['stopped'])}" if run.get("stopped") else ""
    within = f" and batch {in_short(run['batch'])} of the next" if run.get("batch") else ""
    where = f"after epoch {in_short(run.get('epoch'))}{within}"
    show(f"checkpoint of a training run {where}, seed {in_short(run.get('seed'))}{ended}")
    show("to resume it, pass Checkpoint(path) in callbacks\n")
    settings = run.get("settings")
    if isinstance(settings, dict):
        show(table([("setting", "value"), *((in_short(key), in_short(value)) for key, value in settings.items())]))


def _description(model: SavedModel) -> dict[str, Any]:
    return {
        "dtype": model.dtype,
        "n_parameters": model.n_parameters,
        "layers": [
            layer._asdict() | {"activation": layer.activation._asdict() if layer.activation else None}
            for layer in model.layers
        ],
        "sequence": model.sequence,
    }


def _rows(model: SavedModel) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    first: dict[int, int] = {}
    for place, i in enumerate(model.sequence, start=1):
        layer = model.layers[i]
        name, origin = (layer.activation.spec, layer.activation.origin) if layer.activation else ("linear", "")
        name += f", learns {', '.join(layer.learned)}" if layer.learned else ""
        again = "" if first.setdefault(i, place) == place else f", the same as in layer {first[i]}"
        rows.append((str(place), f"{layer.n_in} -> {layer.n_out}", name, origin, f"{layer.n_parameters:,}{again}"))
    return rows

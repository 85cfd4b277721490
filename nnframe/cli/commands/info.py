"""Show what is in a saved model or a checkpoint, without loading it or any plugin.

For a model, the layers, activations and metadata; for a checkpoint, how far the training run got and its settings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nnframe.cli.notes import notes_text, plain
from nnframe.cli.output import say, table
from nnframe.contracts.command import Command
from nnframe.contracts.hookspecs import hookimpl
from nnframe.errors import shown
from nnframe.saving.files import read_manifest
from nnframe.saving.model import SavedModel
from nnframe.saving.model_file import METADATA, is_checkpoint, model_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", type=Path, help="a saved model, or a checkpoint")
    parser.add_argument("--json", action="store_true", help="print JSON, with the metadata in full")


def show_file(options: argparse.Namespace) -> None:
    """Print what is in a file.

    Raises
    ------
    ModelFileError
        If it is neither a saved model nor a checkpoint.
    """
    manifest = read_manifest(options.file)
    about = {"bytes": options.file.stat().st_size}
    about |= {key: manifest[key] for key in ("format_version", "nnframe_version")}
    if is_checkpoint(manifest):
        told = {key: value for key, value in manifest.items() if key not in {*about, "format", "arrays", "crc32"}}
    else:
        model = model_in(manifest, options.file)
        told = _description(model) | {"metadata": manifest[METADATA]}
    if options.json:
        say(json.dumps(about | told, indent=2))
        return
    versions = f"saved by nnframe {about['nnframe_version']}, format {about['format_version']}"
    say(f"{options.file}: {about['bytes']:,} bytes, {versions}")
    if is_checkpoint(manifest):
        _show_checkpoint(told)
    else:
        _show_model(model, told["metadata"])


def _show_model(model: SavedModel, metadata: dict[str, Any]) -> None:
    plural = "" if len(model.sequence) == 1 else "s"
    say(f"nNet of {len(model.sequence)} layer{plural}, {model.n_parameters:,} parameters, {model.dtype}\n")
    say(table([("layer", "size", "activation", "from", "parameters"), *_rows(model)]))
    if metadata:
        say(f"\n{notes_text(metadata)}")


def _show_checkpoint(run: dict[str, Any]) -> None:
    """Print how far a run is, and with which settings; nothing of it has been checked."""
    ended = f"; it ended: {plain(run['stopped'])}" if run.get("stopped") else ""
    within = f" and batch {shown(run['batch'])} of the next" if run.get("batch") else ""
    where = f"after epoch {shown(run.get('epoch'))}{within}"
    say(f"checkpoint of a training run {where}, seed {shown(run.get('seed'))}{ended}")
    say("Checkpoint(path) in callbacks goes on from it\n")
    settings = run.get("settings")
    if isinstance(settings, dict):
        say(table([("setting", "value"), *((plain(key), plain(value)) for key, value in settings.items())]))


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
        again = "" if first.setdefault(i, place) == place else f", the same as in layer {first[i]}"
        rows.append((str(place), f"{layer.n_in} -> {layer.n_out}", name, origin, f"{layer.n_parameters:,}{again}"))
    return rows


info = Command("info", add_arguments, show_file, help="show what is in a saved model or a checkpoint", doc=__doc__)


@hookimpl
def nnframe_commands() -> list[Command]:
    """Return info."""
    return [info]

"""``nnframe info``: what is in a saved model, without loading it or any plugin."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nnframe.cli.output import say, table
from nnframe.errors import shown
from nnframe.saving.files import NOTES, read_model
from nnframe.saving.model import SavedModel


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the subcommand to a parser."""
    parser = commands.add_parser(
        "info",
        help="show what is in a saved model",
        description="Show the layers, activations and notes of a model that net.save wrote. Nothing but the manifest "
        "is read, and no plugin is loaded.",
    )
    parser.add_argument("file", type=Path, help="a saved model")
    parser.add_argument("--json", action="store_true", help="print JSON, with the notes in full")
    parser.set_defaults(run=show_model)


def show_model(options: argparse.Namespace) -> None:
    """Print what is in a file.

    Raises
    ------
    ModelFileError
        If it is no saved model.
    """
    document, model = read_model(options.file)
    size = options.file.stat().st_size
    notes = document[NOTES]
    if options.json:
        say(json.dumps(_description(document, model, size) | {"notes": notes}, indent=2))
        return
    versions = f"saved by nnframe {document['nnframe_version']}, format {document['format_version']}"
    say(f"{options.file}: {size:,} bytes, {versions}")
    plural = "" if len(model.sequence) == 1 else "s"
    say(f"nNet of {len(model.sequence)} layer{plural}, {model.n_parameters:,} parameters, {model.dtype}\n")
    say(table(("layer", "size", "activation", "from", "parameters"), _rows(model)))
    if notes:
        say("\nnotes")
        for key, value in notes.items():
            say(f"  {shown(key)[1:-1]}: {shown(value)}")


def _description(document: dict[str, Any], model: SavedModel, size: int) -> dict[str, Any]:
    return {
        "bytes": size,
        "format_version": document["format_version"],
        "nnframe_version": document["nnframe_version"],
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

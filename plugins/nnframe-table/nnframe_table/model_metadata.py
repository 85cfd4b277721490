"""What a model file says beside its net: the columns and the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from nnframe import registry
from nnframe.contracts.loss import Loss
from nnframe.network import nNet
from nnframe.saving.failures import DefectError
from nnframe_table.column import Column, Numeric
from nnframe_table.columns import Columns
from nnframe_table.metadata import from_metadata, to_metadata
from nnframe_table.sources.numpy_file import TARGET
from nnframe_table.target import Classification, Regression, Target

METADATA = "table"
LOSS = "loss"


class TableMetadata(Struct, frozen=True):
    """What a model file says about the table."""

    columns: tuple[Column, ...]
    target: Target
    missing: tuple[str, ...] | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        Columns(self.columns, self.missing, self.decimal)


def metadata_of(columns: Columns, target: Target) -> dict[str, Any]:
    """Return what `load` needs beside a net and its loss, in the form in which it is saved."""
    return {METADATA: to_metadata(TableMetadata(columns.features, target, columns.missing, columns.decimal))}


def described(net: nNet, metadata: Mapping[str, Any]) -> tuple[Columns, Target]:
    """Return the columns and the target of a net, also of one that was trained on plain arrays."""
    if METADATA in metadata:
        held: TableMetadata = from_metadata(metadata[METADATA], TableMetadata)
        return Columns(held.columns, held.missing, held.decimal), held.target
    if LOSS not in metadata or "data" not in metadata:
        raise DefectError("it holds a net without columns", "load it with nnframe.load(path), and give it arrays")
    n_in = net.layersList[0].n_in
    n_targets = net.layersList[-1].n_out // (
        1 if net.trained_for is None else registry.resolve(Loss, net.trained_for).n_outputs
    )
    columns = Columns(tuple(Numeric(str(i), 0.0, 1.0) for i in range(n_in)))
    if "classes" in metadata:
        classes = from_metadata(metadata["classes"], Annotated[tuple[str | int, ...], Meta(min_length=1)])
        return columns, Classification(TARGET, tuple(map(str, classes)))
    if n_targets > 1:
        raise DefectError(
            f"its net predicts {n_targets} numbers", "load it with nnframe.load(path), and give it arrays"
        )
    return columns, Regression(TARGET, 0.0, 1.0)

"""Metadata with numpy arrays in it: JSON in which each array is replaced by its name, and the arrays by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import ArgumentError
from nnframe.inputs.array_likes import require_plain
from nnframe.saving.json_text import MOST_LEVELS

# A dict with this key alone stands for the array whose name is the value.
ARRAY_KEY = "$array"


def pack(value: dict[str, Any], prefix: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return metadata without its arrays, and these by names that begin with a prefix.

    Raises
    ------
    ArgumentError
        If a dict in it has the reserved key.
    ArgumentTypeError
        If an array means more than its numbers: some are masked, or they have a unit.
    """
    arrays: dict[str, Array] = {}

    def packed(item: Any, level: int) -> Any:
        # What is nested deeper is refused later, and may be endless.
        if level > MOST_LEVELS:
            return item
        if isinstance(item, np.ndarray):
            require_plain(item, f"an array of {prefix}")
            name = f"{prefix}/{len(arrays)}"
            arrays[name] = item
            return {ARRAY_KEY: name}
        if type(item) is dict:
            if ARRAY_KEY in item:
                raise ArgumentError(f"{prefix} has the key {ARRAY_KEY!r}, which is reserved; rename it")
            return {key: packed(each, level + 1) for key, each in item.items()}
        return [packed(each, level + 1) for each in item] if type(item) is list else item

    return packed(value, 0), arrays


def unpack(value: dict[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that `pack` took apart, with what `arrays` has in place of each array."""

    def unpacked(item: Any) -> Any:
        if type(item) is dict:
            if ARRAY_KEY in item:
                return arrays[item[ARRAY_KEY]]
            return {key: unpacked(each) for key, each in item.items()}
        return [unpacked(each) for each in item] if type(item) is list else item

    return {key: unpacked(each) for key, each in value.items()}


def packed_names(value: Any) -> Iterator[Any]:
    """Yield the names of the arrays in packed metadata from a file, whatever they are."""
    if type(value) is dict:
        if ARRAY_KEY in value:
            yield value[ARRAY_KEY] if len(value) == 1 else None
        else:
            for each in value.values():
                yield from packed_names(each)
    elif type(value) is list:
        for each in value:
            yield from packed_names(each)

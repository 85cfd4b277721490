"""What a model file says about its table, as declared types that msgspec checks."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from nnframe.errors import shown
from nnframe.saving.failures import DefectError

T = TypeVar("T")


def to_metadata(value: Any) -> Any:
    """Return structs as the dicts, lists and numbers that JSON knows."""
    return msgspec.json.decode(msgspec.json.encode(value))


def from_metadata(value: Any, declared: Any) -> Any:
    """Return what `to_metadata` made of a value of the declared type.

    Raises
    ------
    DefectError
        If it is anything else.
    """
    try:
        return msgspec.convert(value, declared)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DefectError(f"what it says about its table is not valid: {shown(str(error), 200)[1:-1]}") from error

"""Parameters of plugins as JSON, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from nnframe import registry
from nnframe.contracts.plugin import NAME_PATTERN, Plugin
from nnframe.registry.kinds import KINDS, kind_named, kind_of
from nnframe.saving.failures import DefectError

MOST_LETTERS = 100
MOST_TEXT_LETTERS = 10_000
# JSON has no infinity, and text is a value of its own: {"float": "inf"}.
FLOAT = "float"
INFINITIES = ("inf", "-inf")
# A parameter that is a plugin itself.
PLUGIN_FIELDS = {"kind", "name", "parameters"}
PLUGIN_NAME = re.compile(rf"({NAME_PATTERN.pattern}/)?{NAME_PATTERN.pattern}")


def to_json(value: Any) -> Any:
    """Return a parameter's value as JSON: a bool, number, text, None, tuple of numbers, or plugin."""
    if isinstance(value, Plugin):
        provider = registry.provider_of(value)
        name = f"{provider.name}/{value.name}" if provider else value.name
        parameters = {key: to_json(each) for key, each in value.settings.items()}
        return {"kind": kind_of(type(value)).name, "name": name, "parameters": parameters}
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    return {FLOAT: str(value)} if isinstance(value, float) and not math.isfinite(value) else value


def are_parameters(item: object) -> bool:
    """Return whether a value from a file can be the parameters of a plugin, by name."""
    return isinstance(item, dict) and all(
        key.isidentifier() and len(key) <= MOST_LETTERS and (_is_number(value) or _is_other(value))
        for key, value in item.items()
    )


def from_json(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of parameters for which `are_parameters` holds.

    Raises
    ------
    DefectError
        If one is a plugin that is not there.
    """
    return {key: _value(value) for key, value in item.items()}


def _value(item: Any) -> Any:
    if isinstance(item, list):
        return tuple(map(_value, item))
    if not isinstance(item, dict):
        return item
    if FLOAT in item:
        return float(item[FLOAT])
    found = registry.find(kind_named(item["kind"]).type, item["name"])
    if found is None:
        raise DefectError(f"it needs the {item['kind']} {item['name']!r}, which is not installed")
    return found.with_params(**from_json(item["parameters"]))


def _is_number(item: object) -> bool:
    return type(item) in (bool, int, float) or (
        isinstance(item, dict) and set(item) == {FLOAT} and item[FLOAT] in INFINITIES
    )


def _is_other(item: object) -> bool:
    if isinstance(item, str):
        return len(item) <= MOST_TEXT_LETTERS
    if isinstance(item, list):
        return all(map(_is_number, item))
    return item is None or (
        isinstance(item, dict)
        and set(item) == PLUGIN_FIELDS
        and isinstance(item["kind"], str)
        and item["kind"] in KINDS
        and isinstance(item["name"], str)
        and len(item["name"]) <= MOST_LETTERS
        and PLUGIN_NAME.fullmatch(item["name"]) is not None
        and are_parameters(item["parameters"])
    )

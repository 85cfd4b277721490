"""The state of a callback as JSON and arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array


def packed(state: Mapping[str, Any], prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
    """Return the state of a callback as JSON, and add its arrays to those of the file.

    Parameters
    ----------
    state : mapping of str to value
        Texts, numbers, bools, None, arrays, and lists of arrays.
    prefix : str
        The start of the names of its arrays.
    arrays : dict of str to ndarray
        The arrays of the file, to which its own are added.

    Raises
    ------
    TypeError
        If it holds something else.
    """
    return {key: _packed_value(key, value, f"{prefix}/{key}", arrays) for key, value in state.items()}


def unpacked(packed_state: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return the state for which `packed` returned this JSON."""
    state: dict[str, Any] = {}
    for key, value in packed_state.items():
        if "arrays" in value:
            found = [arrays[name] for name in value["arrays"]]
            state[key] = found if value["is_list"] else found[0]
        else:
            state[key] = float(value["float"]) if "float" in value else value["value"]
    return state


def _packed_value(key: str, value: Any, name: str, arrays: dict[str, Array]) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"arrays": [name], "is_list": False}
    if isinstance(value, (list, tuple)) and all(isinstance(each, np.ndarray) for each in value):
        names = [f"{name}/{i}" for i in range(len(value))]
        arrays.update(zip(names, value, strict=True))
        return {"arrays": names, "is_list": True}
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return {"float": str(plain)}
    if plain is None or isinstance(plain, (bool, int, float, str)):
        return {"value": plain}
    raise TypeError(
        f"{key} is of type {type(value).__name__}; expected text, a number, None, an array or a list of arrays"
    )

"""A plugin's functions with their parameters bound, results checked, and errors blamed on their provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.plugin import Plugin
from nnframe.errors import PluginError, one_line, shown
from nnframe.registry.blame import blamed_error, raised

NO_PARAMETERS: Mapping[str, Array] = MappingProxyType({})


def guarded(
    plugin: Plugin,
    part: str,
    function: Callable[..., Any],
    per_column: bool = False,
    parameters: Mapping[str, Array] = NO_PARAMETERS,
) -> Callable[..., Array]:
    """Return a plugin's function with its parameters bound; it raises `PluginError` for any error.

    The result must have the shape of the first argument, or with `per_column` one number for each of its columns. It is
    given the first argument's dtype, for a formula that widens float32 must not slow down the whole net. What comes
    with nnframe is known to do all that, and returned as it is.

    Parameters
    ----------
    plugin : Plugin
    part : str
        What the function is called in errors.
    function : callable
    per_column : bool, optional
    parameters : mapping of str to ndarray, optional
        The live arrays of learned parameters.
    """
    settings = {**plugin.settings, **parameters}
    if is_built_in(plugin) and not settings:
        return function

    def call(*arrays: Array) -> Array:
        like = arrays[0]
        shape = like.shape[-1:] if per_column else like.shape
        try:
            result = function(*arrays, **settings)
        except (Exception, SystemExit) as error:
            raise raised(plugin, part, error) from error
        if type(result) is np.ndarray and result.shape == shape and result.dtype == like.dtype:
            return result
        return converted(result, plugin, part, shape, like)

    return call


def in_place(activation: Activation, part: str) -> Callable[..., object] | None:
    """Return an in-place form with its parameters bound; it raises `PluginError` for any error."""
    function: Callable[..., object] | None = getattr(activation, part)
    if function is None:
        return None
    settings = activation.settings
    if is_built_in(activation) and not settings:
        return function

    def call(*arrays: Array) -> None:
        try:
            function(*arrays, **settings)
        except (Exception, SystemExit) as error:
            raise raised(activation, part, error) from error

    return call


def is_built_in(plugin: Plugin) -> bool:
    """Return whether a plugin comes with nnframe."""
    return registry.provider_of(plugin) == registry.BUILTIN_PROVIDER


def converted(result: object, plugin: Plugin, part: str, shape: tuple[int, ...], like: Array) -> Array:
    """Return what a plugin's function returned as an array of a shape, with the dtype of another array.

    Raises
    ------
    PluginError
        If it can't be converted.
    """
    try:
        array = np.asarray(result)
    except ValueError as error:
        raise blamed_error(PluginError, plugin, part, f"returned no array: {one_line(error)}") from error
    if array.dtype.kind not in "fiub":
        what = f"returned {shown(result)}, of dtype {array.dtype}; expected real numbers"
        raise blamed_error(PluginError, plugin, part, what)
    if array.shape != shape:
        what = f"returned an array of shape {array.shape} for an argument of shape {like.shape}; expected {shape}"
        raise blamed_error(PluginError, plugin, part, what)
    return array.astype(like.dtype)

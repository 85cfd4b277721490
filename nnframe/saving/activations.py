"""Activations in a manifest: looked up by name and provider, never taken from the file itself."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nnframe import registry
from nnframe.contracts.activation import Activation
from nnframe.contracts.parameters import format_parameters
from nnframe.contracts.plugin import NAME_PATTERN, Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, ChangedFormulaWarning, NameConflictError, shown
from nnframe.layer import denseLayer
from nnframe.registry.binding import bind_activation
from nnframe.registry.formula_values import POINTS, are_values, first_change, values_of
from nnframe.registry.installed import DISABLE_VARIABLE
from nnframe.registry.provider import normalized
from nnframe.registry.spec import parse_spec
from nnframe.saving.failures import DefectError
from nnframe.saving.manifest import VERSION
from nnframe.saving.parameters import MOST_LETTERS, are_parameters, from_json, to_json

# A distribution's name as packages have it, so that the advice to install it is a single harmless command.
DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# Whoever wrote the file chose that name.
IF_TRUSTED = "if you trust the source of the file"


class SavedActivation(NamedTuple):
    """An activation in a file.

    Attributes
    ----------
    name : str
        As the layer spells it: with or without the provider and a slash before it.
    parameters : dict of str to JSON value
        All of them, since another version of the plugin may have other defaults.
    provider : str
        The distribution, or the module if it was registered in code.
    version : str or None
        The distribution's version.
    values : list of float or text, or None
        What it returned for `POINTS`; a value that is not finite as text. None if it raised.
    """

    name: str
    parameters: dict[str, Any]
    provider: str
    version: str | None
    values: list[Any] | None

    @property
    def plain_name(self) -> str:
        """The name alone."""
        return self.name.rpartition("/")[2]

    @property
    def qualified_name(self) -> str:
        """Provider and name."""
        return f"{self.provider}/{self.plain_name}"

    @property
    def spec(self) -> str:
        """Name and parameters, as text."""
        return self.name + format_parameters(self.parameters)

    @property
    def origin(self) -> str:
        """Who provides it, with the version or how it was registered."""
        return f"{self.provider} {self.version or '(registered in code)'}"


def describe_activation(layer: denseLayer, place: str) -> dict[str, Any]:
    """Return what a manifest says about a layer's activation.

    Raises
    ------
    ArgumentError
        If it was never registered, so that nothing can find it by name.
    """
    activation = layer.resolved_activation
    assert activation is not None
    provider = registry.provider_of(activation)
    if provider is None:
        raise ArgumentError(
            f"{place} has the activation {activation.spec!r}, which is not registered, so a file can't refer to it by "
            f"name; call nnframe.registry.register(...) before saving, and before loading"
        )
    parameters = {key: to_json(value) for key, value in activation.settings.items()}
    item = SavedActivation(_spelled(layer, activation), parameters, *provider, values_of(activation))._asdict()
    try:
        saved_activation(f"the activation of {place}", item)
    except DefectError as defect:
        raise ArgumentError(f"{defect.what}; rename it, or register it under another name") from None
    return item


def saved_activation(place: str, item: object) -> SavedActivation:
    """Return a part of a manifest as an activation that can be looked up.

    Raises
    ------
    DefectError
        If it isn't one.
    """
    if not isinstance(item, dict) or set(item) != set(SavedActivation._fields):
        raise DefectError(f"{place} is {shown(item)}, expected {', '.join(SavedActivation._fields)}")
    name, parameters, provider, version, values = (item[field] for field in SavedActivation._fields)
    if not _matches(DISTRIBUTION if version is not None else NAME_PATTERN, provider):
        raise DefectError(f"{place} is of {shown(provider)}, which is not a distribution or module")
    if version is not None and not _matches(VERSION, version):
        raise DefectError(f"{place} has the version {shown(version)}, which is not a version")
    *before, plain = name.split("/", 1) if isinstance(name, str) else [name]
    if not _matches(NAME_PATTERN, plain) or not all(normalized(prefix) == normalized(provider) for prefix in before):
        raise DefectError(f"{place} has the name {shown(name)}, which {provider} can't have")
    if not are_parameters(parameters):
        raise DefectError(f"{place} has the parameters {shown(parameters)}, which are not allowed")
    if values is not None and not are_values(values):
        raise DefectError(f"{place} has the values {shown(values)}, expected {len(POINTS)} numbers")
    return SavedActivation(name, parameters, provider, version, values)


def find_activation(saved: SavedActivation) -> str | Activation:
    """Return what to build a layer with: the activation's name as the layer spelled it, with its parameters, or itself.

    Only plugins that the file names are imported: its provider, and what has the activation's name.

    Raises
    ------
    DefectError
        If no plugin of this process provides it.
    PluginError
        If the plugin that should is broken.

    Warns
    -----
    ChangedFormulaWarning
        If it computes something else than when it was saved.
    """
    found = _registered(saved)
    try:
        found = replace(found, overrides=from_json(saved.parameters))
    except (ArgumentError, ArgumentTypeError, NameConflictError) as error:
        raise DefectError(
            f"it was saved with {shown(saved.spec)} of {saved.origin}, and what has this name now is another: {error}",
            _remedy(saved),
        ) from error
    _warn_if_changed(saved, found)
    if any(isinstance(value, Plugin) for value in found.overrides.values()):
        # Text would lose where these come from.
        return found
    try:
        plain = registry.find(Activation, saved.name)
    except NameConflictError:
        plain = None
    unchanged = plain is not None and plain.base == found.base
    return (saved.name if unchanged else saved.qualified_name) + format_parameters(found.overrides)


def _registered(saved: SavedActivation) -> Activation:
    found = registry.find(Activation, saved.qualified_name)
    if found is not None:
        return found
    if saved.version is not None:
        raise DefectError(
            f"it needs the activation {saved.plain_name!r} of {saved.origin}, {_absence(saved.provider)}",
            _remedy(saved),
        )
    # A module's name changes when code moves from a notebook into a package; the activation's stays.
    try:
        found = registry.find(Activation, saved.plain_name)
    except NameConflictError:
        found = None
    if found is None:
        raise DefectError(
            f"it needs the activation {saved.plain_name!r}, which {saved.provider} registered in code", _remedy(saved)
        )
    return found


def _warn_if_changed(saved: SavedActivation, found: Activation) -> None:
    if saved.values is None:
        return
    now = values_of(found)
    if now is None:
        # It could be computed when the net was saved. Called this way, a failure names the plugin.
        bind_activation(found).forward(np.array(POINTS).reshape(-1, 1))
        return
    change = first_change(saved.values, now)
    if change is not None:
        warnings.warn(
            f"the activation {saved.spec!r} computes something else than when the net was saved, and so does the net: "
            f"it returned {change.before:.6g} for {change.z:g} with {saved.origin}, and returns {change.after:.6g} "
            f"with {registry.provider_of(found)}; {_remedy_of_change(saved)}",
            ChangedFormulaWarning,
            stacklevel=2,
        )


def _absence(provider: str) -> str:
    installed = _installed_version(provider)
    return f"but {provider} {installed} doesn't provide it" if installed else "which is not installed"


def _remedy(saved: SavedActivation) -> str:
    """Return what a user can do about an activation that is missing or has changed."""
    if saved.version is None:
        return "call nnframe.registry.register(...) with the one it was saved with, or import the module that does"
    if saved.provider == registry.BUILTIN_PROVIDER.name:
        return "pip install --upgrade nnframe"
    if _installed_version(saved.provider) is None:
        return f"pip install {saved.provider}, {IF_TRUSTED}"
    disabled = os.environ.get(DISABLE_VARIABLE)
    otherwise = f"; or change {DISABLE_VARIABLE}, which is {shown(disabled)}" if disabled else ""
    return f"pip install {saved.provider}=={saved.version}, {IF_TRUSTED}{otherwise}"


def _remedy_of_change(saved: SavedActivation) -> str:
    if saved.version is None:
        return "register the one it was saved with, or save the net again if the change is meant"
    return f"pip install {saved.provider}=={saved.version}, {IF_TRUSTED}; or save the net again if the change is meant"


def _installed_version(distribution: str) -> str | None:
    # Costs tens of milliseconds, and only errors need it.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _spelled(layer: denseLayer, activation: Activation) -> str:
    """Return an activation's name as a layer spells it."""
    return parse_spec(layer.activation).qualified_name if isinstance(layer.activation, str) else activation.name


def _matches(pattern: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and len(text) <= MOST_LETTERS and pattern.fullmatch(text) is not None

"""Activations in a manifest: found again by name and provider, never taken from the file itself."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any, NamedTuple

from nnframe import registry
from nnframe.contracts.activation import Activation
from nnframe.contracts.parameters import Parameter, format_parameters
from nnframe.contracts.plugin import NAME_PATTERN
from nnframe.errors import ArgumentError, ArgumentTypeError, NameConflictError, UnknownNameError, shown
from nnframe.layer import denseLayer
from nnframe.registry.installed import DISABLE_VARIABLE
from nnframe.registry.provider import normalized
from nnframe.registry.spec import parse_spec
from nnframe.saving.failures import DefectError
from nnframe.saving.manifest import VERSION

MOST_LETTERS = 100
# A distribution's name as packages have it, so that the advice to install it is a command and no more.
DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# Whoever wrote the file chose that name.
IF_TRUSTED = "if you trust where the file comes from"


class SavedActivation(NamedTuple):
    """An activation as a file has it.

    Attributes
    ----------
    name : str
        As the layer spells it: with the provider and a slash before it or without.
    parameters : dict of str to number
        All of them, for a newer version of the plugin may have other defaults.
    provider : str
        The distribution, or the module for one registered in code.
    version : str or None
        The distribution's version.
    """

    name: str
    parameters: dict[str, Parameter]
    provider: str
    version: str | None

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
        """Who provides it, with the version or how else it got there."""
        return f"{self.provider} {self.version or '(registered in code)'}"


def describe_activation(layer: denseLayer, place: str) -> dict[str, Any] | None:
    """Return what a manifest says of a layer's activation.

    Raises
    ------
    ArgumentError
        If it was never registered, so that nothing can find it by its name.
    """
    activation = layer.resolved_activation
    if activation is None:
        return None
    provider = registry.provider_of(activation)
    if provider is None:
        raise ArgumentError(
            f"{place} has the activation {activation.spec!r}, which is not registered, so that its name in a file "
            f"would find nothing; nnframe.registry.register(...) it before saving, and before loading"
        )
    item = SavedActivation(_spelled(layer, activation), activation.settings, *provider)._asdict()
    try:
        saved_activation(place, item)
    except DefectError as defect:
        raise ArgumentError(f"{defect.what}; rename it, or register it under another name") from None
    return item


def saved_activation(place: str, item: object) -> SavedActivation:
    """Return a part of a manifest as an activation that can be looked for.

    Raises
    ------
    DefectError
        If it can't be one.
    """
    if not isinstance(item, dict) or set(item) != set(SavedActivation._fields):
        raise DefectError(f"{place} has {shown(item)} as activation, which isn't {', '.join(SavedActivation._fields)}")
    name, parameters, provider, version = (item[field] for field in SavedActivation._fields)
    if not _matches(DISTRIBUTION if version is not None else NAME_PATTERN, provider):
        raise DefectError(f"{place} has an activation of {shown(provider)}, which is no distribution or module")
    if version is not None and not _matches(VERSION, version):
        raise DefectError(f"{place} has an activation of the version {shown(version)}, which is none")
    *before, plain = name.split("/", 1) if isinstance(name, str) else [name]
    if not _matches(NAME_PATTERN, plain) or not all(normalized(prefix) == normalized(provider) for prefix in before):
        raise DefectError(f"{place} has an activation of the name {shown(name)}, which {provider} can't have")
    if not isinstance(parameters, dict) or not all(
        key.isidentifier() and len(key) <= MOST_LETTERS and type(value) in (bool, int, float)
        for key, value in parameters.items()
    ):
        raise DefectError(f"{place} has an activation with the parameters {shown(parameters)}, which aren't numbers")
    return SavedActivation(name, parameters, provider, version)


def find_activation(saved: SavedActivation) -> str:
    """Return what to build a layer with: the activation's name, as the layer spelled it, and its changed parameters.

    Raises
    ------
    DefectError
        If no plugin of this process provides it.
    PluginError
        If the plugin that should is broken.
    """
    found = _registered(saved)
    try:
        found = replace(found, overrides=saved.parameters)
    except (ArgumentError, ArgumentTypeError) as error:
        raise DefectError(
            f"it was saved with {shown(saved.spec)} of {saved.origin}, and what has this name now is another: {error}",
            _remedy(saved),
        ) from error
    parameters = format_parameters(found.overrides)
    try:
        unchanged = registry.get("activation", saved.name + parameters) == found
    except NameConflictError:
        unchanged = False
    return (saved.name if unchanged else saved.qualified_name) + parameters


def _registered(saved: SavedActivation) -> Activation:
    try:
        return registry.resolve(Activation, saved.qualified_name)
    except UnknownNameError:
        if saved.version is not None:
            raise DefectError(
                f"it needs the activation {saved.plain_name!r} of {saved.origin}, {_absence(saved.provider)}",
                _remedy(saved),
            ) from None
    # A module's name changes when code moves from a notebook into a package; the activation's stays.
    try:
        return registry.resolve(Activation, saved.plain_name)
    except UnknownNameError:
        raise DefectError(
            f"it needs the activation {saved.plain_name!r}, which {saved.provider} registered in code", _remedy(saved)
        ) from None


def _absence(provider: str) -> str:
    installed = _installed_version(provider)
    return f"and {provider} {installed} doesn't give it" if installed else "which is not installed"


def _remedy(saved: SavedActivation) -> str:
    """Return what a user can do about an activation that is missing or another."""
    if saved.version is None:
        return (
            "before loading, nnframe.registry.register(...) the one it was saved with, or import the module that does"
        )
    if saved.provider == registry.BUILTIN_PROVIDER.name:
        return "pip install --upgrade nnframe"
    if _installed_version(saved.provider) is None:
        return f"pip install {saved.provider}, {IF_TRUSTED}"
    disabled = os.environ.get(DISABLE_VARIABLE)
    otherwise = f"; or change {DISABLE_VARIABLE}, which is {shown(disabled)}" if disabled else ""
    return f"pip install {saved.provider}=={saved.version}, {IF_TRUSTED}{otherwise}"


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

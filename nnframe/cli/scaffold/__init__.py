"""Writes new distributions from templates."""

from __future__ import annotations

import builtins
import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from nnframe import registry
from nnframe.contracts.hookspecs import API_RELEASES, API_VERSION
from nnframe.contracts.plugin import NAME_PATTERN
from nnframe.errors import ArgumentError
from nnframe.registry.kinds import KINDS

TEMPLATES = "templates"
# For each kind that has a template: how its objects are used by name.
USES = {
    "activation": "nnframe train digits --activation {name}",
    "loss": "nnframe train digits --loss {name}",
    "optimizer": "nnframe train digits --optimizer {name}",
    "schedule": 'net.nEpochs(..., schedule="{name}")',
    "metric": 'net.nEpochs(..., metrics=["{name}"])',
    "callback": 'net.nEpochs(..., callbacks=["{name}"])',
    "engine": "nnframe train digits --engine {name}",
    "command": "nnframe {name}",
    "reader": "nnframe train {name}",
    "format": 'net.save("model.{suffix}")',
}
# The names that generated modules define themselves, and the builtins that a formula may use, such as len.
NAMES_IN_TEMPLATES = {
    *("np", "json", "time", "hookimpl", "registry", "pairs", "nullcontext", "forward", "value", "gradient", "update"),
    *("factor", "prepare", "speed", "add_arguments", "run", "open_data", "write", "read", "read_manifest"),
    *(kind.hook for kind in KINDS.values()),
}
NAMES_IN_USE = NAMES_IN_TEMPLATES | set(dir(builtins))
# Files and folders beside the package, and what it imports.
NO_PACKAGES = {"build", "dist", "nnframe", "setup", "tests"}
# PEP 508.
DISTRIBUTION_PATTERN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def write_distribution(parent: Path, distribution: str, wanted: Mapping[str, Sequence[str]]) -> tuple[Path, list[Path]]:
    """Write a complete distribution with a working formula for each name, in a new folder.

    Parameters
    ----------
    parent : pathlib.Path
        The folder that the new one goes into.
    distribution : str
        The name to install it by; also the new folder's.
    wanted : mapping of str to sequence of str
        The names that it provides, at least one, for each kind in `USES`.

    Returns
    -------
    folder : pathlib.Path
    formulas : list of pathlib.Path
        The files to edit, one for each name.

    Raises
    ------
    ArgumentError
        If a name can't be used or is taken, or the folder exists. Nothing is written then.
    """
    package = _checked_package(distribution)
    _check_names(distribution, wanted)
    folder = parent / distribution
    if folder.exists():
        raise ArgumentError(f"{folder} exists and is not overwritten; choose another name, or remove the folder first")
    if not parent.is_dir():
        raise ArgumentError(f"{parent} is not a folder; create it first")
    names = [(kind, name.lower()) for kind in USES for name in wanted.get(kind, ())]
    words = {
        "distribution": distribution,
        "package": package,
        "release": API_RELEASES[API_VERSION],
        "usage": ", ".join(f"`{USES[kind].format(name=name, suffix=_module(name))}`" for kind, name in names),
        "provided": " and ".join(f"the {kind} {name}" for kind, name in names),
        "entry_points": "\n".join(f"    {_claim(kind, name)} = {package}.{_module(name)}" for kind, name in names),
        "formulas": "\n".join(f"| `{package}/{_module(name)}.py` | the {kind} {name} |" for kind, name in names),
    }
    # Moved into place at the end, so that a failure leaves no half-written distribution.
    with tempfile.TemporaryDirectory(dir=parent, prefix=".new-plugin-") as scratch:
        made = Path(scratch) / distribution
        (made / package).mkdir(parents=True)
        (made / "tests").mkdir()
        (made / package / "py.typed").touch()
        for template, target in (
            ("setup.cfg", "setup.cfg"),
            ("setup.py", "setup.py"),
            ("README.md", "README.md"),
            ("gitignore", ".gitignore"),
            ("package.py", f"{package}/__init__.py"),
            ("test_plugin.py", "tests/test_plugin.py"),
        ):
            _fill(template, made / target, words)
        for kind, name in names:
            module = _module(name)
            own = {"name": name, "variable": _variable(name), "module": module, "suffix": module}
            _fill(f"{kind}.py", made / package / f"{module}.py", own)
        shutil.move(made, folder)
    return folder, [folder / package / f"{_module(name)}.py" for _, name in names]


def _fill(template: str, target: Path, words: dict[str, str]) -> None:
    # In a zip file there is no path to open.
    text = files(__package__).joinpath(TEMPLATES).joinpath(f"{template}.txt").read_text(encoding="utf-8")
    target.write_text(Template(text).substitute(words), encoding="utf-8")


def _claim(kind: str, name: str) -> str:
    """Return the name of an entry point: with the kind before it where that is what nnframe looks for."""
    return f"{kind}.{_module(name) if kind == 'format' else name}" if kind in ("command", "reader", "format") else name


def _module(name: str) -> str:
    return re.sub(r"[-.]", "_", name)


def _variable(name: str) -> str:
    """Return the object's name in its module, which must not hide another name there."""
    module = _module(name)
    return f"{module}_plugin" if module in NAMES_IN_USE else module


def _checked_package(distribution: str) -> str:
    """Return the name of a distribution's package."""
    package = re.sub(r"[-.]+", "_", distribution).lower()
    if not DISTRIBUTION_PATTERN.fullmatch(distribution) or not package.isidentifier():
        raise ArgumentError(
            f"{distribution!r} is not a distribution name; expected letters, digits and hyphens, starting with a "
            f"letter, such as 'nnframe-softsign'"
        )
    if package in sys.stdlib_module_names | NO_PACKAGES:
        raise ArgumentError(
            f"the package name {package!r} is reserved; choose another, such as 'nnframe-{distribution}'"
        )
    # The author may have installed the same distribution before.
    if find_spec(package) is not None and not any(row.is_from(distribution) for row in registry.overview()):
        raise ArgumentError(f"a package {package!r} is already installed; choose another name")
    return package


def _check_names(distribution: str, wanted: Mapping[str, Sequence[str]]) -> None:
    if not any(wanted.values()):
        raise ArgumentError("the distribution would be empty; add --activation NAME, --loss NAME or another kind")
    taken = {(row.kind, row.name): row for row in registry.overview()}
    modules = set()
    for kind, names in wanted.items():
        for name in names:
            module = _module(name.lower())
            usable = NAME_PATTERN.fullmatch(name) and module.isidentifier() and module[0].isalpha()
            if not usable or keyword.iskeyword(module):
                raise ArgumentError(
                    f"{name!r} is not a name for a new {kind}; expected letters, digits and '_', starting with a "
                    f"letter, such as 'softsign'"
                )
            row = taken.get((kind, name.lower())) or taken.get((None, name.lower()))
            if row is not None and not row.is_from(distribution):
                raise ArgumentError(
                    f"the {kind} {name!r} is taken by {row.provider} {row.version}; choose another name"
                )
            if module in modules:
                raise ArgumentError(f"{name!r} is given twice; each name needs its own file, so choose another")
            modules.add(module)

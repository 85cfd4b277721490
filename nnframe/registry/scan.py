"""Finds the entry points of installed distributions, without importing any.

Each distribution is read separately, so that a damaged one doesn't affect others. Of several with the same name, the
first on sys.path counts, because Python imports that one. Folders that pip renamed because it could not remove them
(``~nframe-1.0.dist-info``) don't count.

Distributions in folders on sys.path, as pip installs them, are listed here; importlib.metadata, whose import takes
longer than that, is only asked where there may be others: in zip files and eggs, or from an importer of somebody else.
"""

# pathlib takes as long to import as all of this takes.
# ruff: noqa: PTH113, PTH118, PTH123, PTH208
from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nnframe.errors import one_line, shown
from nnframe.registry.entry_point import EntryPoint
from nnframe.registry.installed import InstalledDistribution, InstalledPlugin
from nnframe.registry.provider import normalized

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "nnframe"
ENTRY_POINTS = "entry_points.txt"
# module:object [extra]
VALUE = r"[\w.]+(\s*:\s*[\w.]+)?\s*(\[.*\])?"


class Found(NamedTuple):
    """A distribution that is installed.

    Attributes
    ----------
    folder : str
        The name of the folder or file with the metadata.
    read : callable
        Returns the text of its entry points; empty or None if it has none.
    distribution : callable
        Returns it as importlib.metadata has it.
    """

    folder: str
    read: Callable[[], str | None]
    distribution: Callable[[], Distribution]


def scan_entry_points() -> list[InstalledPlugin]:
    """Return all installed plugins, without importing any."""
    in_folders = _in_folders()
    found: list[InstalledPlugin] = []
    seen: set[str] = set()
    for each in _all() if in_folders is None else in_folders:
        name = normalized(re.sub(r"\.(dist|egg)-info$", "", each.folder).partition("-")[0])
        if each.folder.startswith("~") or name in seen:
            continue
        seen.add(name)
        found += _plugins_of(InstalledDistribution(each.distribution, each.folder), each.read)
    return found


def _in_folders() -> list[Found] | None:
    """Return the distributions in the folders of sys.path; None if there may be others."""
    for importer in sys.meta_path:
        is_pythons = getattr(importer, "__module__", "").startswith("_frozen_importlib")
        if not is_pythons and hasattr(importer, "find_distributions"):
            return None
    found: list[Found] = []
    for path in map(str, sys.path):
        if path.endswith(".egg") or os.path.isfile(path):
            return None
        try:
            names = os.listdir(path or ".")
        except OSError:
            continue
        # In the order of importlib.metadata.
        for suffix in (".dist-info", ".egg-info"):
            for name in names:
                if name.lower().endswith(suffix):
                    folder = os.path.join(path, name)
                    found.append(Found(name, partial(_text_at, folder), partial(_distribution_at, folder)))
    return found


def _all() -> Iterator[Found]:
    from importlib.metadata import distributions

    for distribution in distributions():
        yield Found(
            _folder_of(distribution), partial(distribution.read_text, ENTRY_POINTS), partial(_itself, distribution)
        )


def _itself(distribution: Distribution) -> Distribution:
    return distribution


def _text_at(folder: str) -> str:
    try:
        with open(os.path.join(folder, ENTRY_POINTS), encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        # As importlib.metadata has it.
        return ""


def _distribution_at(folder: str) -> Distribution:
    from importlib.metadata import Distribution
    from pathlib import Path

    return Distribution.at(Path(folder))


def _plugins_of(owner: InstalledDistribution, read: Callable[[], str | None]) -> Iterator[InstalledPlugin]:
    try:
        text = read() or ""
    except UnicodeDecodeError as error:
        # In another encoding, names of modules are readable all the same.
        text = error.object.decode("utf-8", "backslashreplace")
    except Exception as error:
        yield InstalledPlugin(EntryPoint("?", "?"), owner, f"{ENTRY_POINTS} can't be read: {one_line(error)}")
        return
    for line in _lines_of_group(text):
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals and name and re.fullmatch(VALUE, value):
            yield InstalledPlugin(EntryPoint(name, value), owner)
        else:
            damage = f"{ENTRY_POINTS} has the line {shown(line)}; expected name = module or name = module:object"
            yield InstalledPlugin(EntryPoint(name or "?", value or "?"), owner, damage)


def _lines_of_group(text: str) -> Iterator[str]:
    is_ours = False
    for line in map(str.strip, text.splitlines() if GROUP in text else ()):
        if line.startswith("["):
            is_ours = line.strip("[] \t") == GROUP
        elif is_ours and line and not line.startswith(("#", ";")):
            yield line


def _folder_of(distribution: Distribution) -> str:
    """Return the name of the folder or file with the metadata; a made-up one for distributions that are not files."""
    path = getattr(distribution, "_path", None)
    name = getattr(path, "name", None)
    if name:
        return str(name)
    try:
        return f"{distribution.metadata['Name']}-{distribution.version}.dist-info"
    except Exception:
        return f"unknown-{id(distribution)}"

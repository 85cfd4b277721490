"""Finds the entry points of installed distributions, without importing any.

Each distribution is read separately, so that a damaged one doesn't affect others. Of several with the same name, the
first on sys.path counts, because Python imports that one. Folders that pip renamed because it could not remove them
(``~nframe-1.0.dist-info``) don't count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nnframe.errors import one_line, shown
from nnframe.registry.installed import InstalledDistribution, InstalledPlugin
from nnframe.registry.provider import normalized

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "nnframe"
ENTRY_POINTS = "entry_points.txt"
# module:object [extra]
VALUE = re.compile(r"[\w.]+(\s*:\s*[\w.]+)?\s*(\[.*\])?")


def scan_entry_points() -> list[InstalledPlugin]:
    """Return all installed plugins, without importing any."""
    # Takes tens of milliseconds; not needed for built-in names.
    from importlib.metadata import distributions

    found: list[InstalledPlugin] = []
    seen: set[str] = set()
    for distribution in distributions():
        folder = _folder_of(distribution)
        name = normalized(re.sub(r"\.(dist|egg)-info$", "", folder).partition("-")[0])
        if folder.startswith("~") or name in seen:
            continue
        seen.add(name)
        found += _plugins_of(InstalledDistribution(distribution, folder), distribution)
    return found


def _plugins_of(owner: InstalledDistribution, distribution: Distribution) -> Iterator[InstalledPlugin]:
    from importlib.metadata import EntryPoint

    try:
        text = distribution.read_text(ENTRY_POINTS) or ""
    except UnicodeDecodeError as error:
        # In another encoding, names of modules are readable all the same.
        text = error.object.decode("utf-8", "backslashreplace")
    except Exception as error:
        yield InstalledPlugin(EntryPoint("?", "?", GROUP), owner, f"{ENTRY_POINTS} can't be read: {one_line(error)}")
        return
    for line in _lines_of_group(text):
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals and name and VALUE.fullmatch(value):
            yield InstalledPlugin(EntryPoint(name, value, GROUP), owner)
        else:
            damage = f"{ENTRY_POINTS} has the line {shown(line)}; expected name = module or name = module:object"
            yield InstalledPlugin(EntryPoint(name or "?", value or "?", GROUP), owner, damage)


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

"""docs/stability.md: the names that it lists are the names that exist."""

import importlib
import re
from pathlib import Path

from nnframe.contracts import hookspecs, run_hookspecs

PAGE = (Path(__file__).parents[1] / "docs" / "stability.md").read_text(encoding="utf-8")


def rows(header):
    """Return the rows of the table with this header, each as a list of cells."""
    _, _, table = PAGE.partition(f"\n{header}\n")
    lines = table.split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names_in(text):
    return re.findall(r"`(\w+)`", text)


def test_every_public_module_has_exactly_the_names_listed():
    listed, module = {}, ""
    for first, names in rows("| module | names |"):
        module = first.strip("`") or module
        listed.setdefault(module, []).extend(names_in(names))
    for name, found in listed.items():
        assert sorted(found) == sorted(importlib.import_module(name).__all__), name
    assert listed.keys() >= {"nnframe", "nnframe.testing", "nnframe.registry"}


def test_the_hooks_are_exactly_those_listed():
    listed = dict(rows("| hooks | names |"))
    for of, module in (("of a plugin", hookspecs), ("of a callback", run_hookspecs)):
        assert sorted(names_in(listed[of])) == sorted(name for name in vars(module) if name.startswith("nnframe_"))


def test_the_versions_of_the_plugin_api_are_those_listed():
    assert {int(version): release for version, release in rows("| API version | since nnframe |")} == (
        hookspecs.API_RELEASES
    )


def test_the_public_methods_of_the_fixed_api_exist():
    nnframe = importlib.import_module("nnframe")
    for owner, methods in re.findall(r"`(denseLayer|nNet)\([^)]*\)`\s+with ([^,]+?(?:, [^,]+?)* and `\w+`)", PAGE):
        for method in names_in(methods):
            assert callable(getattr(getattr(nnframe, owner), method)), method

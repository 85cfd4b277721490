"""The order of the house: imports point down, in no circle, and the core stays small."""

import ast
import re
from pathlib import Path

import pytest

import nnframe

PACKAGE = Path(nnframe.__file__).parent
# A student reads the core in an evening.
MOST_CORE_LINES = 1500

# From the lowest to the highest: each imports from those above it in this list, and never from those below.
ROOMS = (
    "version",
    "errors",
    "arrays",
    "blas",
    "inputs",
    "history",
    "data",
    "formula",
    "contracts",
    "builtins",
    "registry",
    "backpropagation",
    "layer",
    "initialization",
    "engines",
    "saving",
    "training",
    "network",
    "loading",
    "builtins.callbacks",
    "callbacks",
    "datasets",
    "many",
    "testing",
    "",
    "cli",
    "builtins.readers",
    "__main__",
)


def module_of(path):
    parts = ("nnframe", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def room_of(module):
    """Return the room of a module: its first part, or for what is plugged in above the core, its first two."""
    parts = module.split(".")[1:]
    two = ".".join(parts[:2])
    return two if two in ROOMS else ".".join(parts[:1])


def imports_of(path, modules=MODULES):
    """Return which of some modules a file imports, also inside functions and for type checkers alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in names}
    return {name for name in found if name in modules}


IMPORTS = {module: imports_of(path) for module, path in MODULES.items()}


def test_the_core_can_be_read_in_an_evening():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.glob("*.py")}
    assert sum(lines.values()) < MOST_CORE_LINES, lines


def test_every_module_has_a_room():
    assert {room_of(module) for module in MODULES} <= set(ROOMS)


def test_no_room_imports_from_a_higher_one():
    upwards = [
        f"{module} ({room_of(module)}) imports {other} ({room_of(other)})"
        for module, others in IMPORTS.items()
        for other in others
        if ROOMS.index(room_of(other)) > ROOMS.index(room_of(module))
    ]
    assert not upwards


def imports_within(package):
    """Return what each module of a package imports of the same package."""
    paths = {".".join(path.relative_to(package.parent).with_suffix("").parts): path for path in package.rglob("*.py")}
    modules = {module.removesuffix(".__init__"): path for module, path in paths.items()}
    return {module: imports_of(path, modules) - {module} for module, path in modules.items()}


PLUGINS = [package for package in (Path(__file__).parents[1] / "plugins").glob("*/nnframe_*") if package.is_dir()]


@pytest.mark.parametrize("package", [PACKAGE, *PLUGINS], ids=lambda package: package.name)
def test_no_files_import_each_other_in_a_circle(package):
    left = imports_within(package)
    while left:
        # Take away whatever imports only what has been taken away; a circle is what remains.
        done = {module for module, others in left.items() if not others & left.keys()}
        assert done, f"in a circle, or above one: {sorted(left)}"
        for module in done:
            del left[module]


PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOORS = [re.split(r" +· +", line.strip()) for line in re.findall(r"^ .{9}│ ([\w. ·]+?) +│", PAGE, re.M)]
FLOOR_OF = {room.removeprefix("nnframe"): number for number, floor in enumerate(FLOORS) for room in floor}


def test_the_picture_of_the_architecture_has_every_room_once():
    assert sorted(FLOOR_OF) == sorted(ROOMS)
    assert sum(map(len, FLOORS)) == len(ROOMS)


def test_in_the_picture_no_room_stands_below_one_that_it_imports():
    rooms = {(room_of(module), room_of(other)) for module, others in IMPORTS.items() for other in others}
    assert [pair for pair in rooms if FLOOR_OF[pair[0]] > FLOOR_OF[pair[1]]] == []

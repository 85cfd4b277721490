"""What is installed: every module has an entry point, and using a name imports no other part."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import nnframe_zoo.activations
import nnframe_zoo.losses
import nnframe_zoo.optimizers
import pytest

from nnframe import UnknownNameError, registry

MODULES = {
    module.name: f"{package.__name__}.{module.name}"
    for package in (nnframe_zoo.activations, nnframe_zoo.losses, nnframe_zoo.optimizers)
    for module in pkgutil.iter_modules(package.__path__)
}


def test_every_module_has_an_entry_point_of_its_name():
    claims = distribution("nnframe-zoo").entry_points.select(group="nnframe")
    assert {claim.name: claim.value for claim in claims} == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_provides_what_it_is_named_after_and_nothing_else(name):
    module = importlib.import_module(MODULES[name])
    kind = MODULES[name].split(".")[1]
    assert getattr(module, f"nnframe_{kind}")() == [getattr(module, name)]
    assert getattr(module, name).name == name


@pytest.mark.parametrize("name", MODULES)
def test_the_documentation_starts_with_the_name_and_ends_with_the_source(name):
    doc = getattr(importlib.import_module(MODULES[name]), name).doc
    assert doc.startswith(f"{name}: ")
    assert doc.split("\n\n")[-1].startswith("Source: ")


def imported_by(code):
    listing = "import sys; print(*[name for name in sys.modules if name.startswith('nnframe_zoo')])"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_nnframe_imports_no_part():
    assert imported_by("import nnframe") == set()


def test_importing_the_package_imports_no_part():
    assert imported_by("import nnframe_zoo") == {"nnframe_zoo"}


def test_using_a_name_imports_no_other_part():
    used = imported_by("from nnframe import registry; registry.get('activation', 'mish')")
    assert used & set(MODULES.values()) == {MODULES["mish"]}


@pytest.mark.parametrize(
    ("sought", "meant"),
    [("label_smoothing", "smoothed_cel"), ("absolute_error", "mae"), ("binary_cross_entropy", "bce")],
)
def test_a_loss_is_found_by_what_it_is_called_elsewhere(sought, meant):
    with pytest.raises(UnknownNameError, match=f"nnframe calls it '{meant}'"):
        registry.get("loss", sought)


def test_the_readme_lists_every_name_with_its_defaults():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    rows = {match[1]: match[0] for match in re.finditer(r"^\| `(\w+)` .*", readme, re.MULTILINE)}
    assert rows.keys() == MODULES.keys()
    for name, row in rows.items():
        plugin = getattr(importlib.import_module(MODULES[name]), name)
        listed = re.findall(r"`(\w+)=([^`]+)`", row)
        assert {key: ast.literal_eval(value) for key, value in listed} == plugin.params

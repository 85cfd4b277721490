"""``import nnframe``: quick, complete, and the same for type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nnframe


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", nnframe.__all__)
def test_every_public_name_is_there(name):
    assert getattr(nnframe, name) is getattr(nnframe, name)
    assert name in dir(nnframe)


def test_type_checkers_see_what_is_there():
    tree = ast.parse(Path(nnframe.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen.keys() | {"__version__"} == set(nnframe.__all__)
    assert {name: module for name, module in seen.items() if module != "nnframe"} == nnframe._MODULE_OF


def test_dir_shows_nothing_that_is_not_public():
    assert set(dir(nnframe)) - set(nnframe.__all__) <= {"plot", "table"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'nnframe' has no attribute 'nnet'"):
        _ = nnframe.nnet
    assert not hasattr(nnframe, "importlib_metadata")


def test_a_star_import_has_all_of_it():
    names = run("from nnframe import *; import json; print(json.dumps([n for n in dir() if n[0] != '_']))")
    assert set(nnframe.__all__) - {"__version__"} <= set(ast.literal_eval(names))


def test_importing_nnframe_imports_no_numpy_and_looks_for_no_plugin():
    code = "import nnframe, sys; print(sorted({'numpy', 'pluggy', 'importlib.metadata'} & set(sys.modules)))"
    assert run(code) == "[]\n"


def test_building_a_net_does_not_look_for_plugins():
    code = (
        "import nnframe, sys; nnframe.registry._registry._places.loader.installed = None; "
        "nnframe.nNet.from_sizes([2, 3, 1]); "
        "print(sorted({'importlib.metadata', 'argparse', 'nnframe.cli'} & set(sys.modules)))"
    )
    assert run(code) == "[]\n"


def test_a_plain_run_imports_only_what_it_uses():
    # An editable install imports pathlib before anything of ours runs.
    code = (
        "import sys; before = set(sys.modules); import nnframe; "
        "nnframe.nNet([nnframe.denseLayer([[1.0]])]).nEpochs(1, [([[1.0]], [[1.0]])], 'mse', 0.1); "
        "unused = 'schedule metric callback run_hookspecs command reader format'.split(); "
        "print([name for name in unused if f'nnframe.contracts.{name}' in sys.modules], sorted("
        "{'pathlib', 'importlib.metadata', 'argparse', 'nnframe.training.evaluation'} & set(sys.modules) - before))"
    )
    assert run(code) == "[] []\n"


@pytest.mark.parametrize("name", ["plot", "table"])
def test_a_distribution_that_is_missing_is_named(monkeypatch, name):
    monkeypatch.setitem(sys.modules, f"nnframe_{name}", None)
    monkeypatch.delitem(vars(nnframe), name, raising=False)
    with pytest.raises(nnframe.MissingDependencyError, match=f"pip install nnframe-{name}"):
        getattr(nnframe, name)


def test_every_kind_of_plugin_is_public():
    for kind in nnframe.registry.KINDS:
        assert kind.capitalize() in nnframe.__all__


# Runs a script as if no distribution of plugins/ were installed.
WITHOUT_PLUGINS = """
import sys

class WithoutPlugins:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.startswith("nnframe_") else self.finder.find_spec(name, path, target)

sys.meta_path[:] = map(WithoutPlugins, sys.meta_path)
"""


def test_a_star_import_works_without_the_plugins():
    assert run(f"{WITHOUT_PLUGINS}\nfrom nnframe import *\nprint(nNet.__name__)") == "nNet\n"


def test_a_distribution_that_is_missing_is_not_listed():
    script = f"{WITHOUT_PLUGINS}\nimport nnframe\nprint('plot' in dir(nnframe), 'callbacks' in dir(nnframe))"
    assert run(script) == "False True\n"

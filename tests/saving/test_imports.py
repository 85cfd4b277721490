"""What a file can make be imported: the plugins that it names, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnframe import nNet
from nnframe.saving.files import read_file, write_file

MODULE = """
import numpy as np
from nnframe import Activation, hookimpl

@hookimpl
def nnframe_activations():
    return [Activation(name, np.tanh) for name in {names}]
"""
SCRIPT = """
import sys
import nnframe
try:
    nnframe.load(sys.argv[1])
except nnframe.NNFrameError as error:
    print(type(error).__name__, error)
print(*sorted(name for name in sys.modules if name.startswith("some_")))
"""


@pytest.fixture
def loaded(tmp_path):
    """Return a function that loads a file in a process with two distributions, and what it says and imports."""
    for distribution, entry_point, names in (
        ("some-one", "wave", ["wave"]),
        ("some-other", "all", ["ripple", "wave2"]),
        ("some-format", "format.wild", []),
    ):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(MODULE.format(names=names))
        metadata = tmp_path / f"{module}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (metadata / "entry_points.txt").write_text(f"[nnframe]\n{entry_point} = {module}\n")

    def load(file="m.nnf", **changes):
        path = tmp_path / file
        nNet.from_sizes([2, 1], ["relu"]).save(tmp_path / "m.nnf")
        manifest, arrays = read_file(tmp_path / "m.nnf")
        manifest["model"]["activations"][0].update({"values": None} | changes)
        write_file(tmp_path / "m.nnf", manifest, arrays)
        (tmp_path / "m.nnf").rename(path)
        variables = {key: value for key, value in os.environ.items() if key != "NNFRAME_DISABLE_PLUGINS"}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, path],
            env=variables | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        *said, imported = done.stdout.splitlines()
        return " ".join(said), imported

    return load


def test_a_built_in_name_imports_no_plugin(loaded):
    assert loaded() == ("", "")


def test_the_distribution_that_a_file_names_is_imported(loaded):
    assert loaded(name="ripple", provider="some-other", version="1.2") == ("", "some_other")


@pytest.mark.parametrize("provider", ["nnframe-nowhere", "numpy"])
def test_for_a_distribution_without_the_name_nothing_is_imported(loaded, provider):
    said, imported = loaded(name="wave", provider=provider, version="1.0")
    assert f"it needs the activation 'wave' of {provider} 1.0" in said
    assert imported == ""


def test_for_a_name_from_a_module_only_the_plugin_of_that_name_is_imported(loaded):
    assert loaded(name="wave", provider="notebook", version=None) == ("", "some_one")
    said, imported = loaded(name="ripple", provider="notebook", version=None)
    assert "it needs the activation 'ripple', which notebook registered in code" in said
    assert imported == ""


def test_for_a_suffix_only_the_plugin_of_that_format_is_imported(loaded):
    assert loaded(file="m.wild")[1] == "some_format"
    assert loaded(file="m.tame")[1] == ""

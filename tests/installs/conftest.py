"""A virtual environment with nnframe, the plugins of this repository and many faulty ones, all installed by pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from distributions import DISTRIBUTIONS, write_distribution

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
# What would change which plugins a process finds, or what trains.
UNSET = ("PYTHONPATH", "NNFRAME_DISABLE_PLUGINS", "NNFRAME_ENGINE")


class Environment:
    """A virtual environment, and how to run things in it."""

    def __init__(self, folder: Path, elsewhere: Path) -> None:
        venv.create(folder, with_pip=True)
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / "python"
        self.elsewhere = elsewhere

    def run(self, *command: object, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command outside of the checkout, with no other Python path than the environment's."""
        kept = {key: value for key, value in os.environ.items() if key not in UNSET}
        kept["PATH"] = os.pathsep.join([str(self.scripts), kept["PATH"]])
        return subprocess.run(
            list(map(str, command)), cwd=cwd or self.elsewhere, env=kept | variables, capture_output=True, text=True
        )

    def pip_install(self, *arguments: object) -> None:
        """Install with pip."""
        done = self.run(self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)
        assert done.returncode == 0, done.stderr

    def install_beside(self, source: Path, folder: Path) -> None:
        """Install a source tree into a folder that only processes with it as their PYTHONPATH see."""
        self.pip_install("--no-build-isolation", "--no-deps", "--target", folder, source)

    def script(self, text: str, **variables: str) -> str:
        """Run a Python script and return what it prints; it must succeed, without a warning."""
        done = self.run(self.python, "-W", "error", "-c", PRELUDE + dedent(text), **variables)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout


# What most scripts need: a small net, and a function that returns the error of what it calls.
PRELUDE = """
import sys
import numpy as np
import nnframe
from nnframe import NNFrameError, nNet, registry

rng = np.random.default_rng(0)
data = [(rng.normal(size=(2, 1)), rng.uniform(size=(1, 1))) for _ in range(8)]

def net_of(activation):
    return nNet.from_sizes([2, 3, 1], [activation, "sigmoid"])

def train(activation="tanh", loss="mse", data=data):
    net = net_of(activation)
    net.backprop(data, loss, 0.1)
    return net

def error_of(function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except NNFrameError as error:
        return error
    raise SystemExit("no error")

def assert_same_weights(net, expected):
    for mine, theirs in zip(net.layersList, expected.layersList, strict=True):
        assert np.isfinite(mine.linear).all() and np.isfinite(mine.bias).all()
        assert np.array_equal(mine.linear, theirs.linear) and np.array_equal(mine.bias, theirs.bias)
"""


def nnframe_source(folder: Path) -> Path:
    """Return a copy of what nnframe is installed from, so that building leaves nothing in the checkout."""
    shutil.copytree(ROOT / "nnframe", folder / "nnframe", ignore=LEFT_OUT)
    for file in ("setup.cfg", "setup.py", "README.md"):
        shutil.copy(ROOT / file, folder)
    return folder


@pytest.fixture(scope="session")
def authors_environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return a new environment with nnframe and nothing else, which is what an author begins with."""
    folder = tmp_path_factory.mktemp("author")
    made = Environment(folder / "environment", folder)
    made.pip_install(nnframe_source(folder / "nnframe-source"))
    return made


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return the environment, built once for all tests."""
    folder = tmp_path_factory.mktemp("installs")
    made = Environment(folder / "environment", tmp_path_factory.mktemp("elsewhere"))
    sources = [nnframe_source(folder / "nnframe-source")]
    for plugin in ("nnframe-swish", "nnframe-huber"):
        sources.append(shutil.copytree(ROOT / "plugins" / plugin, folder / plugin, ignore=LEFT_OUT))
    sources += [write_distribution(folder, name) for name in DISTRIBUTIONS]
    made.pip_install("setuptools>=77", "wheel")
    made.pip_install("--no-build-isolation", *sources)
    return made

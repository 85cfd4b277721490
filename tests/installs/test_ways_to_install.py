"""nnframe from a wheel, from a folder of ``pip install --target``, and from a zip file."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipapp
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(".git", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")

pytestmark = pytest.mark.install


def run(*command, cwd, **variables):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "NNFRAME"))}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=kept | variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    source, folder = tmp_path_factory.mktemp("source") / "nnframe", tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    done = run(*pip, "--wheel-dir", folder, source, cwd=folder)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("nnframe-*.whl")
    return built


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Return the Python of an environment that has numpy, pluggy and pytest, and no nnframe."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    # A folder in a .pth file gives its packages, and not what is installed there in editable mode.
    purelib = Path(run(python, "-c", code, cwd=folder).stdout.strip())
    borrowed = {
        sysconfig.get_path("purelib"),
        *(str(Path(sys.modules[name].__file__).parents[1]) for name in ("pytest",)),
    }
    (purelib / "borrowed.pth").write_text("\n".join(borrowed))
    assert run(python, "-c", "import numpy, pluggy, pytest", cwd=folder).returncode == 0
    assert run(python, "-c", "import nnframe", cwd=folder).returncode != 0
    return python


@pytest.fixture(scope="module")
def target(python, wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("target") / "packages"
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, wheel]
    done = run(*pip, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=["wheel", "target", "zipapp"])
def installed(request, python, wheel, target, tmp_path_factory):
    """Return a command that runs nnframe, a command that runs Python with it, and the environment's variables."""
    if request.param == "wheel":
        own = tmp_path_factory.mktemp("own")
        venv.create(own, with_pip=True)
        scripts = own / python.parent.name
        [purelib] = own.glob("**/site-packages")
        shutil.copy(next(python.parents[1].glob("**/borrowed.pth")), purelib)
        done = run(scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=own)
        assert done.returncode == 0, done.stderr
        return [scripts / "nnframe"], [scripts / "python"], {}
    if request.param == "target":
        return [python, "-m", "nnframe"], [python], {"PYTHONPATH": str(target)}
    archive = tmp_path_factory.mktemp("zip") / "nnframe.pyz"
    zipapp.create_archive(target, archive, main="nnframe.cli:main", compressed=True)
    return [python, archive], [python], {"PYTHONPATH": str(archive)}


def test_the_first_command_of_the_readme_trains_a_net(installed, tmp_path):
    command, _, variables = installed
    assert "nnframe train digits" in README
    done = run(*command, "train", "digits", "--epochs", "3", "--out", "m.nnf", cwd=tmp_path, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert float(re.search(r"^test accuracy (.+)$", done.stdout, re.M)[1]) > 0.8
    done = run(*command, "info", "m.nnf", cwd=tmp_path, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nNet of 2 layers" in done.stdout


def test_templates_and_plugins_are_found(installed, tmp_path):
    command, _, variables = installed
    done = run(*command, "new-plugin", "nnframe-zigzag", "--activation", "zigzag", cwd=tmp_path, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "nnframe-zigzag" / "nnframe_zigzag" / "zigzag.py").exists()
    done = run(*command, "plugins", "--json", cwd=tmp_path, **variables)
    assert {"relu", "cel", "train", "digits"} <= {row["name"] for row in json.loads(done.stdout)}


def test_the_tests_of_the_registry_pass(installed, tmp_path):
    _, python, variables = installed
    # The tests read the requirements and the entry points of this repository's plugins, too.
    for folder in ("tests/registry", "plugins"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=LEFT_OUT)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib", "tests/registry"]
    done = run(*python, "-m", "pytest", *arguments, cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout[-3000:]

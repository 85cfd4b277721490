"""The project around the package: what lies in the checkout, what is checked, and what the metadata says."""

import re
import subprocess
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/setup.cfg"))


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def setup_of(folder):
    parser = ConfigParser()
    parser.read(folder / "setup.cfg", encoding="utf-8")
    return parser


def test_the_top_level_has_nothing_but_what_belongs_there():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    top = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    assert {name for name in top if not name.startswith(".")} == {
        "README.md", "setup.cfg", "setup.py", "nnframe", "plugins", "tests", "docs",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy"])
def test_pre_commit_runs_the_lints_of_continuous_integration(command):
    assert re.search(rf"^{command}$", CI, re.M)
    assert re.search(rf"^ +entry: {command}$", text_of(".pre-commit-config.yaml"), re.M)


def test_pre_commit_downloads_nothing():
    assert set(re.findall(r"repo: (.*)", text_of(".pre-commit-config.yaml"))) == {"local"}


def test_the_workflow_runs_what_continuous_integration_runs():
    assert re.search(r"^ +- run: \.ci/run$", text_of(".github/workflows/ci.yml"), re.M)


def test_the_workflow_runs_every_python_that_the_metadata_names():
    classifiers = setup_of(ROOT)["metadata"]["classifiers"]
    named = set(re.findall(r"Python :: (3\.\d+)$", classifiers, re.M))
    assert named <= set(re.findall(r'"(3\.\d+)"', text_of(".github/workflows/ci.yml")))


def test_the_changelog_has_the_version():
    version = metadata.version("nnframe")
    assert version in text_of("docs/CHANGELOG.md")


def test_the_license_is_in_the_metadata():
    found = metadata.metadata("nnframe")
    assert found.get_all("License-File") == ["nnframe/LICENSE"]
    assert "MIT" in (found.get("License"), found.get("License-Expression"))


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_every_plugin_is_a_whole_distribution(plugin):
    package = plugin / plugin.name.replace("-", "_")
    for file in (plugin / "README.md", plugin / "LICENSE", plugin / "setup.py", package / "py.typed", plugin / "tests"):
        assert file.exists(), file
    setup = setup_of(plugin)
    assert setup["metadata"]["name"] == plugin.name
    assert setup["metadata"]["license"] == setup_of(ROOT)["metadata"]["license"]
    assert "py.typed" in setup["options.package_data"][package.name]
    # The release that brought the plugin API it is written for; see docs/stability.md.
    assert re.search(r"^nnframe>=\d", setup["options"]["install_requires"], re.M)
    assert "test" in setup["options.extras_require"]


@pytest.mark.parametrize("guide", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_every_link_of_the_docs_leads_somewhere(guide):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", guide.read_text(encoding="utf-8")):
        assert (guide.parent / target).exists(), target

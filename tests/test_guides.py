"""The README and the guides beside the code: every snippet runs, one after another, in an empty folder.

The guides of the plugins are tested in their distributions.
"""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest

from nnframe import RegistrationError, registry
from nnframe.contracts.plugin import Plugin

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", *sorted((ROOT / "nnframe").glob("*/README.md"))]
named = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.parent.relative_to(ROOT)))


@named
def test_every_snippet_and_every_command_of_nnframe_runs(guide, command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    try:
        for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.M | re.S):
            if language == "python":
                exec(block, names)
                # The comment behind a print is what it prints.
                promised = re.findall(r"^ *print\(.*\)  # (.*)$", block, re.M)
                printed = capsys.readouterr().out.splitlines()
                assert [line for line in promised if line not in printed] == []
            if language == "sh":
                for line in block.splitlines():
                    if line.startswith("nnframe "):
                        status, _, err = command(*shlex.split(line)[1:])
                        assert (status, err) == (0, "")
    finally:
        for each in names.values():
            if isinstance(each, Plugin):
                with suppress(RegistrationError):
                    registry.unregister(each)


@named
def test_every_link_leads_somewhere(guide):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", guide.read_text(encoding="utf-8")):
        assert (guide.parent / target).exists(), target


def test_the_readme_names_every_guide():
    text = GUIDES[0].read_text(encoding="utf-8")
    for guide in GUIDES[1:]:
        assert f"({guide.relative_to(ROOT).as_posix()})" in text


def test_the_guides_and_examples_import_public_modules_only():
    written = [*GUIDES, *(ROOT / "plugins").glob("**/README.md"), *(ROOT / "docs").glob("**/*.md")]
    code = [*(block for guide in written for block in python_blocks(guide))]
    code += [example.read_text(encoding="utf-8") for example in (ROOT / "docs" / "gallery").glob("*.py")]
    imported = {name for block in code for name in re.findall(r"^\s*(?:from|import) (nnframe[\w.]*)", block, re.M)}
    modules = {name for name in imported if not name.startswith("nnframe_")}
    assert modules <= {"nnframe", "nnframe.callbacks", "nnframe.datasets", "nnframe.registry", "nnframe.testing"}


def python_blocks(guide):
    return re.findall(r"^```python\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.M | re.S)

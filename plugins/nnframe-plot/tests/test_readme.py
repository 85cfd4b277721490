"""README.md: every snippet and every command runs and writes its picture."""

import re
import shlex
from pathlib import Path

import pytest

from nnframe.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)
COMMANDS = re.findall(r"^nnframe .*$", README, re.M)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(1, len(SNIPPETS) + 1))
def test_every_snippet_runs_on_its_own_and_saves_its_picture(snippet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})
    [name] = re.findall(r"[\w]+\.png", snippet)
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_runs_and_saves_its_picture(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)[1:]) == 0
    [name] = re.findall(r"[\w]+\.png", line)
    assert f"{name} written" in capsys.readouterr().out
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")

"""README.md: every snippet runs."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(1, len(SNIPPETS) + 1))
def test_every_snippet_runs_on_its_own_and_saves_its_picture(snippet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})
    [name] = re.findall(r'savefig\("(.*)"\)', snippet)
    assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")

"""README.md, word by word."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


@pytest.mark.parametrize("snippet", blocks("python"))
def test_every_snippet_runs(snippet):
    from nnframe import registry

    names = {}
    try:
        exec(snippet, names)
    finally:
        if "register(" in snippet:
            registry.unregister(names["swish"])


def test_the_line_through_two_points_is_what_the_readme_says(capsys):
    exec(next(snippet for snippet in blocks("python") if "least" not in snippet and "[[1.]]" in snippet), {})
    assert capsys.readouterr().out == "[[1.]] [[1.]]\n"


def test_the_training_snippet_is_twenty_lines_at_most():
    assert len(blocks("python")[0].splitlines()) <= 20


def test_continuous_integration_installs_with_the_readmes_command():
    assert blocks("sh")[1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_place_that_is_named_exists():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
    for row in re.findall(r"^\| ((?:`[^`]+`,? ?)+)\|", README[README.index("## Where things are") :], flags=re.M):
        paths = re.findall(r"`([^`]+)`", row)
        folder = Path(paths[0]).parent
        for path in paths:
            assert (ROOT / path).exists() or (ROOT / folder / path).exists(), path

"""plugins/README.md: every snippet makes a plugin that the kit proves, and every command works."""

import re
from pathlib import Path

import pytest

import nnframe.testing
from nnframe import Activation, Loss, registry

ROOT = Path(__file__).parent.parent / "plugins"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


@pytest.mark.filterwarnings("ignore:the activation 'atan' is now called 'arctan'")
@pytest.mark.parametrize("snippet", blocks("python"))
def test_every_snippet_makes_plugins_that_pass_all_checks(snippet):
    names = {}
    exec(snippet, names)
    made = [each for each in names.values() if isinstance(each, (Activation, Loss))]
    assert made
    for plugin in made:
        failed = [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "failed"]
        assert failed == []


def test_the_two_lines_to_edit_are_in_what_is_generated(command, tmp_path):
    command("new-plugin", "nnframe-arctan", "--activation", "arctan", "--into", str(tmp_path))
    file = tmp_path / "nnframe-arctan" / "nnframe_arctan" / "arctan.py"
    text = file.read_text()
    for block in blocks("diff"):
        removed, added = (line[1:] for line in block.splitlines())
        assert text.count(removed + "\n") == 1
        text = text.replace(removed + "\n", added + "\n")
    names = {}
    exec(text, names)
    nnframe.testing.check_activation(names["arctan"])
    with registry.temporarily(names["arctan"], name="nnframe-arctan"):
        for line in blocks("sh")[2].splitlines():
            assert command(*line.split()[1:])[0] == 0


def test_every_place_that_is_named_exists():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target

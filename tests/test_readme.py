"""README.md, word by word."""

import re
from pathlib import Path

from nnframe import registry

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


def test_the_training_snippet_is_twenty_lines_at_most():
    assert len(blocks("python")[0].splitlines()) <= 20


def test_continuous_integration_installs_with_the_readmes_command():
    assert blocks("sh")[1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_place_in_the_table_exists():
    for row in re.findall(r"^\| ((?:`[^`]+`,? ?)+)\|", README[README.index("## Where things are") :], flags=re.M):
        paths = re.findall(r"`([^`]+)`", row)
        folder = Path(paths[0]).parent
        for path in paths:
            assert (ROOT / path).exists() or (ROOT / folder / path).exists(), path


def test_every_plugin_is_linked():
    plugins = {path.parent.name for path in (ROOT / "plugins").glob("*/setup.cfg")}
    assert set(re.findall(r"\(plugins/(nnframe-\w+)\)", README)) == plugins


def test_the_table_of_built_in_names_is_complete():
    table = README[README.index("| kind | built-in names |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \| (`.*) \|$", table, flags=re.M)
    listed = {kind: sorted(re.findall(r"`([\w-]+)`", names)) for kind, names in rows}
    plurals = {kind: "losses" if kind == "loss" else f"{kind}s" for kind in registry.KINDS}
    assert listed == {plurals[kind]: registry.names(kind) for kind in registry.KINDS}

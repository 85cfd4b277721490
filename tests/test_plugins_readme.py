"""plugins/README.md: every snippet makes a plugin that the kit proves, and every command works."""

import argparse
import re
import tempfile
from collections import defaultdict
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import nnframe.testing
from nnframe import nNet, registry
from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import KINDS, kind_of
from nnframe.testing.checks import CHECKS, COMMON_CHECKS

ROOT = Path(__file__).parent.parent / "plugins"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


def made_by(snippet):
    names = {}
    exec(snippet, names)
    return [each for each in names.values() if isinstance(each, Plugin)]


def use(plugin):
    """Train a net with a plugin, and return the losses."""
    kind = kind_of(type(plugin)).name
    if kind == "command":
        assert plugin.run(argparse.Namespace(name="you")) is None
        return []
    if kind == "reader":
        with plugin.open(plugin.name, argparse.Namespace(seed=0)) as data:
            net = nNet.from_sizes([data.n_inputs, 3, data.n_outputs], ["tanh", data.activation], seed=0)
            return net.nEpochs(3, data.train, data.loss, 0.1).loss
    if kind == "format":
        with tempfile.TemporaryDirectory() as folder, registry.temporarily(plugin):
            path = Path(folder) / f"m{plugin.suffixes[0]}"
            nNet.from_sizes([2, 1]).save(path)
            return nnframe.load(path).layersList[0].linear
    n_out = 2 * plugin.n_outputs if kind == "loss" else 2
    net = nNet.from_sizes([2, 3, n_out], ["tanh", plugin if kind == "activation" else "sigmoid"], seed=0)
    options = {"loss": "mse"} if kind == "optimizer" else {"loss": "mse", "learning_rate": 0.1}
    if kind in ("metric", "callback"):
        options[f"{kind}s"] = [plugin]
    elif kind != "activation":
        options[kind] = plugin
    return net.nEpochs(3, [([[1.0], [2.0]], [[1.0], [0.0]])], **options).loss


@pytest.mark.filterwarnings("ignore:the activation 'atan' is now called 'arctan'")
@pytest.mark.parametrize("snippet", blocks("python"))
def test_every_snippet_makes_plugins_that_pass_all_checks_and_train(snippet):
    made = made_by(snippet)
    assert made
    for plugin in made:
        failed = [result for result in nnframe.testing.run_checks(plugin) if result.outcome == "failed"]
        assert failed == []
        assert np.isfinite(use(plugin)).all()


def test_there_is_a_snippet_for_every_kind():
    assert {type(plugin) for snippet in blocks("python") for plugin in made_by(snippet)} == {
        kind.type for kind in KINDS.values()
    }


def test_the_table_of_checks_is_what_the_kit_runs():
    kinds, promises = defaultdict(list), {}
    for cls, checks in CHECKS.items():
        for check in checks:
            kinds[check.__name__].append(kind_of(cls).name)
    kinds |= {check.__name__: ["all"] for check in COMMON_CHECKS}
    for check in {*chain(*CHECKS.values(), COMMON_CHECKS)}:
        promises[check.__name__] = check.__doc__.splitlines()[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| (.+) \|$", README, flags=re.M)
    assert {name: (of.split(", "), promise) for name, of, promise in rows} == {
        name: (kinds[name], promises[name]) for name in kinds
    }


def test_the_line_to_edit_is_in_what_is_generated(command, tmp_path):
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

"""Random sets of installed and registered plugins, many of them broken, and what the registry must make of them.

    python tests/registry/random_registries.py 1000

makes 1000 sets, asks each a dozen names, and compares the answers with a model of the rules: built in, then registered
in code, then claimed by an entry point, then provided by any; a conflict in the first place that has two.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import types
from collections import Counter
from itertools import count
from pathlib import Path

from nnframe import Activation, NameConflictError, NNFrameError, PluginError, UnknownNameError, hookimpl, registry

NAMES = ["one", "two", "three", "four", "relu"]
SOURCE = """\
import numpy as np
from nnframe import Activation, hookimpl
{fault}
@hookimpl
def nnframe_activations():
    {body}
    return [Activation(name, np.tanh, doc={tag!r}) for name in {names!r}]
"""
FAULTS = {
    "none": ("", "pass"),
    "import": ("raise ImportError('no')", "pass"),
    "exit": ("raise SystemExit('no')", "pass"),
    "panic": ("class Panic(BaseException): pass\nraise Panic('no')", "pass"),
    "missing": ("import not_there_at_all", "pass"),
    "asks": ("from nnframe import registry\nregistry.RANDOM.names('activation')", "pass"),
    "raises": ("", "raise ValueError('no')"),
    "returns": ("", "return 3"),
    "none returned": ("", "return None"),
    "newer": ("", "pass"),
}
WORKING = ("none", "asks")
DAMAGES = ("none", "none", "none", "no metadata", "no name", "latin-1", "cut")
serial = count()


class Distribution:
    """A distribution in a folder, and what is true of it."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        self.name = f"dist-{next(serial)}"
        self.module = self.name.replace("-", "_")
        self.provides = rng.sample(NAMES, rng.randint(1, 3))
        # Mostly named after what it provides, sometimes after something else.
        self.claims = [name if rng.random() < 0.8 else "other" for name in rng.sample(self.provides, 1)]
        self.fault = rng.choice([*["none"] * 8, *FAULTS])
        self.damage = rng.choice(DAMAGES)
        before, body = FAULTS[self.fault]
        source = SOURCE.format(fault=before, body=body, tag=self.name, names=self.provides)
        (folder / f"{self.module}.py").write_text(source)
        info = folder / f"{self.module}-1.0.dist-info"
        info.mkdir()
        needs = "Requires-Dist: nnframe>=99\n" if self.fault == "newer" else ""
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0\n{needs}"
        lines = "".join(f"{claim} = {self.module}\n" for claim in self.claims)
        if self.damage == "no name":
            metadata = metadata.replace(f"Name: {self.name}\n", "")
        if self.damage == "cut":
            lines += "half a line"
        if self.damage != "no metadata":
            (info / "METADATA").write_bytes(metadata.encode() + (b"Author: J\xf6rg\n" * (self.damage == "latin-1")))
        (info / "entry_points.txt").write_text(f"[nnframe]\n{lines}")

    @property
    def works(self) -> bool:
        # What it requires is not known where its metadata can't be read.
        knows_needs = self.damage not in ("no metadata", "latin-1")
        return self.fault in WORKING or (self.fault == "newer" and not knows_needs)


class Scenario:
    """Some distributions, some of them disabled, and some plugins registered in code."""

    def __init__(self, rng: random.Random, folder: Path) -> None:
        self.installed = [Distribution(rng, folder) for _ in range(rng.randint(0, 4))]
        self.disabled = {each.name for each in self.installed if rng.random() < 0.15}
        self.in_code = {f"module{i}": rng.choice(NAMES[:4]) for i in range(rng.choice([0, 0, 1, 2]))}

    def expected(self, query: str) -> tuple[str, str]:
        """Return how a query ends, and the tag of the object that is found."""
        provider, _, name = query.rpartition("/")
        builtin = name == "relu" and provider in ("", "nnframe")
        if builtin:
            return "found", "relu"
        if provider == "nnframe":
            return "unknown", ""
        coded = [module for module, coded in self.in_code.items() if coded == name and provider in ("", module)]
        enabled = [each for each in self.installed if each.name not in self.disabled and provider in ("", each.name)]
        working = [each.name for each in enabled if each.works and name in each.provides]
        claiming = [each.name for each in enabled if each.works and name in each.provides and name in each.claims]
        for place in (coded, claiming, working):
            if len(place) > 1:
                return "conflict", ""
            if place:
                return "found", place[0]
        if any(not each.works and (provider or name in each.claims) for each in enabled):
            return "broken", ""
        # The line that can't be read may have been the name that is looked for.
        if provider and any(each.damage == "cut" for each in enabled):
            return "broken", ""
        return "unknown", ""

    def queries(self, rng: random.Random) -> list[str]:
        """Return names to ask for, plain ones and some with a provider."""
        providers = [*(each.name for each in self.installed), *self.in_code, "nnframe", "nobody"]
        return [*NAMES, "other", *(f"{rng.choice(providers)}/{rng.choice(NAMES)}" for _ in range(6))]


def answer(found: registry.Registry, query: str) -> tuple[str, str]:
    """Return how the registry answers a query, in the words of the model."""
    try:
        plugin = found.get("activation", query)
    except NameConflictError:
        return "conflict", ""
    except UnknownNameError:
        return "unknown", ""
    except PluginError:
        return "broken", ""
    return "found", "relu" if plugin is registry.get("activation", "relu") else str(plugin.doc)


def run(seed: int) -> Counter[str]:
    """Make a scenario, ask it, and count the answers.

    Raises
    ------
    AssertionError
        If an answer is not the model's.
    """
    rng = random.Random(seed)
    others = {row.provider for row in registry.overview()} - {"nnframe"}
    folder = Path(tempfile.mkdtemp())
    counted: Counter[str] = Counter()
    sys.path.insert(0, str(folder))
    before = os.environ.get("NNFRAME_DISABLE_PLUGINS")
    try:
        scenario = Scenario(rng, folder)
        os.environ["NNFRAME_DISABLE_PLUGINS"] = ",".join(scenario.disabled | others)
        found = registry.Registry(registry.BUILTIN_MODULES, registry.BUILTIN_PROVIDER)
        registry.RANDOM = found  # type: ignore[attr-defined]
        for module, name in scenario.in_code.items():
            plugin = types.ModuleType(module)
            activation = Activation(name, abs, doc=module)
            plugin.nnframe_activations = hookimpl(  # type: ignore[attr-defined]
                lambda activation=activation: [activation], specname="nnframe_activations"
            )
            found.register(plugin)
        if rng.random() < 0.5:
            assert len(found.overview()) >= 30
        queries = scenario.queries(rng)
        rng.shuffle(queries)
        for query in queries:
            got, expected = answer(found, query), scenario.expected(query)
            assert got == expected, f"seed {seed}, {query!r}: {got}, expected {expected}"
            counted[got[0]] += 1
        text = "".join(rng.choice("onetwrlu/()=,'\"0.-_ \t") for _ in range(rng.randint(0, 20)))
        try:
            found.get("activation", text)
        except NNFrameError:
            counted["refused text"] += 1
        states = Counter(row.state for row in found.overview())
        assert sum(states.values()) >= 30
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.startswith("dist_")]:
            del sys.modules[name]
        if before is None:
            os.environ.pop("NNFRAME_DISABLE_PLUGINS", None)
        else:
            os.environ["NNFRAME_DISABLE_PLUGINS"] = before
        shutil.rmtree(folder)
    return counted


if __name__ == "__main__":
    total: Counter[str] = Counter()
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for seed in range(first, first + int(sys.argv[1])):
        total += run(seed)
    print(dict(total))

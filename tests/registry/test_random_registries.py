"""A few of the random sets of plugins; random_registries.py makes thousands."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from random_registries import run


@pytest.mark.parametrize("seed", range(25))
def test_the_registry_answers_as_its_rules_say(seed):
    assert sum(run(seed).values()) > 10

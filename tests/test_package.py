"""What ``import nnframe`` offers."""

import subprocess
import sys

import pytest

import nnframe

# Runs a script as if no distribution of plugins/ were installed.
WITHOUT_PLUGINS = """
import sys

class WithoutPlugins:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.startswith("nnframe_") else self.finder.find_spec(name, path, target)

sys.meta_path[:] = map(WithoutPlugins, sys.meta_path)
"""


def output_of(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_exists():
    for name in nnframe.__all__:
        assert getattr(nnframe, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'nnframe' has no attribute 'plots'"):
        nnframe.plots  # noqa: B018


def test_a_star_import_works_without_the_plugins():
    assert output_of(f"{WITHOUT_PLUGINS}\nfrom nnframe import *\nprint(nNet.__name__)") == "nNet"


@pytest.mark.parametrize("name", ["plot", "table"])
def test_a_part_that_is_not_installed_says_what_to_install(name):
    script = f"""{WITHOUT_PLUGINS}
import nnframe
try:
    from nnframe import {name}
except nnframe.MissingDependencyError as error:
    print(error)
"""
    assert f"pip install nnframe-{name}" in output_of(script)


def test_a_part_that_is_not_installed_is_not_listed():
    script = f"{WITHOUT_PLUGINS}\nimport nnframe\nprint('plot' in dir(nnframe), 'callbacks' in dir(nnframe))"
    assert output_of(script) == "False True"

"""Small distributions, each with one fault or trait, as source trees that pip can install."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

SETUP = """\
from setuptools import setup

setup(
    name={name!r},
    version={version!r},
    py_modules=[{module!r}],
    entry_points={{"nnframe": {entry_points!r}}},
)
"""

WORKING = """\
import numpy as np
from nnframe import Activation, hookimpl

@hookimpl
def nnframe_activations():
    return [Activation(name, np.tanh, lambda z: 1 - np.tanh(z) ** 2) for name in {names!r}]
"""

FLAKY = """\
import numpy as np
from nnframe import Activation, Loss, hookimpl

calls = 0

def value(a, y):
    return ((a - y) ** 2).sum(axis=0)

def gradient(a, y):
    return 2 * (a - y)

def after_two(function):
    def flaky(*arrays):
        global calls
        calls += 1
        if calls > 2:
            raise ZeroDivisionError("the author's own fault")
        return function(*arrays)
    return flaky

def slope(z):
    return 1 - np.tanh(z) ** 2

def overwrite(a, y):
    y[...] = 0
    return y.sum(axis=0)

def tanh_inplace(z):
    np.tanh(z, out=z)

def slope_inplace(grad, a):
    grad *= 1 - a * a

@hookimpl
def nnframe_activations():
    return [
        Activation("flaky", np.tanh, after_two(slope)),
        Activation("steady", np.tanh, slope),
        Activation("flaky_forward", after_two(np.tanh), slope),
        Activation(
            "flaky_inplace", np.tanh, slope, forward_inplace=after_two(tanh_inplace), backward_inplace=slope_inplace
        ),
        Activation(
            "flaky_back", np.tanh, slope, forward_inplace=tanh_inplace, backward_inplace=after_two(slope_inplace)
        ),
        Activation("steady_inplace", np.tanh, slope, forward_inplace=tanh_inplace, backward_inplace=slope_inplace),
        Activation("misshapen", lambda z: z[:1], slope),
        Activation("misshapen_slope", np.tanh, lambda z: z[:1]),
    ]

@hookimpl
def nnframe_losses():
    return [
        Loss("flaky_loss", value, after_two(gradient)),
        Loss("flaky_value", after_two(value), gradient),
        Loss("steady_loss", value, gradient),
        Loss("misshapen_value", lambda a, y: a - y, gradient),
        Loss("misshapen_gradient", value, lambda a, y: (a - y)[:0]),
        Loss("overwriting_loss", overwrite, gradient),
    ]
"""

SPEECHLESS = """\
class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("this error has no text")

raise Speechless
"""

RUBBISH = """\
from nnframe import hookimpl

@hookimpl
def {hook}():
    return {returned}
"""


def rubbish(returned: str, hook: str = "nnframe_activations") -> str:
    """Return a module whose hook returns an expression."""
    return RUBBISH.format(returned=returned, hook=hook)


def working(*names: str) -> str:
    """Return a module that provides activations, each a tanh."""
    return WORKING.format(names=names)


# By distribution: its version, the names of its entry points, and its module.
DISTRIBUTIONS = {
    "faulty-import": ("1.1", ["unimportable"], "raise ImportError('no such library')"),
    "faulty-exit": ("1.2", ["exiting"], "import sys\nsys.exit('good bye')"),
    "faulty-none": ("1.3", ["returns_none"], rubbish("None")),
    "faulty-strings": ("1.4", ["returns_strings"], rubbish("['relu']")),
    "faulty-number": ("1.5", ["returns_number"], rubbish("3")),
    "faulty-raise": ("1.6", ["hook_raises"], rubbish("1 / 0")),
    "faulty-hook": ("1.7", ["unknown_hook"], rubbish("[]", hook="nnframe_activation")),
    "faulty-empty": ("1.8", ["no_hook"], "activation = 'none'"),
    "faulty-lines": ("1.10", ["many_lines"], r"raise ImportError('first line\nsecond line')"),
    "faulty-midway": ("1.9", ["flaky"], FLAKY),
    "rival-one": ("2.1", ["contested"], working("contested")),
    "rival-two": ("2.2", ["contested"], working("contested")),
    "claims-relu": ("3.1", ["relu"], working("relu")),
    "claims-tanh": ("3.2", ["something_else"], working("tanh", "something_else")),
    "lists-it": ("4.1", ["listing"], working("listing", "only_listed", "claimed")),
    "claims-it": ("4.2", ["claimed"], working("claimed")),
    "lonely": ("5.1", ["lonely"], working("lonely")),
}

# Kept out of the common environment: where they are not contained, they would fail every test that loads all plugins.
UNCONTAINED = {
    "exits-in-hook": ("6.1", ["exit_in_hook"], rubbish("__import__('sys').exit('good bye')")),
    "speechless": ("6.2", ["wordless"], SPEECHLESS),
}


def write_distribution(folder: Path, name: str) -> Path:
    """Write the source tree of one of the distributions, and return its folder."""
    version, entry_points, source = (DISTRIBUTIONS | UNCONTAINED)[name]
    module = name.replace("-", "_")
    tree = folder / name
    tree.mkdir()
    points = [f"{point} = {module}" for point in entry_points]
    (tree / "setup.py").write_text(SETUP.format(name=name, version=version, module=module, entry_points=points))
    (tree / f"{module}.py").write_text(dedent(source))
    return tree

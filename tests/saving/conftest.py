"""What the tests of saved files share."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nnframe import Activation, registry

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import line_activation, swirl_activation


def bump(z, height, width):
    return height * np.exp(-((z / width) ** 2))


def make_bump(**params):
    """Return an activation with parameters, as a stranger would write it."""
    return Activation("bump", bump, params={"height": 1.0, "width": 2.0} | params)


@pytest.fixture
def new_bump():
    """Return the function that makes a new activation of one name."""
    return make_bump


@pytest.fixture(params=["m.nnf", "m.safetensors"])
def path(tmp_path, request):
    """Return a path of each format."""
    return tmp_path / request.param


@pytest.fixture(scope="module", autouse=True)
def _plugins():
    """Register activations with parameters of every type, under a module's and under another name."""
    with registry.temporarily(swirl_activation), registry.temporarily(line_activation, name="some-name"):
        yield

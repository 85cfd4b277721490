"""What the tests of saved files share."""

import numpy as np
import pytest

from nnframe import Activation


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

"""Axes to draw on, and no figure left behind."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

mpl.use("agg")


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    pyplot.close("all")

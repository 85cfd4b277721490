"""Axes to draw on; figures are closed after each test."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

mpl.use("agg")


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot.close("all")

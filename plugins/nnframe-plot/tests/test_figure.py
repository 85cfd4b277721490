"""matplotlib stays out of the way until something is drawn."""

import subprocess
import sys

import pytest

import nnframe
from nnframe import History, MissingDependencyError, denseLayer, nNet, pairs, plot

NET = nNet([denseLayer([[1.0, 1.0]], 0, "sigmoid")])
DATA = pairs([[0.0, 0.0], [1.0, 1.0]], [[0], [1]])

PICTURES = [
    lambda: plot.loss_curve(History(loss=[1.0])),
    lambda: plot.metric_curves(History(loss=[1.0], metrics={"mae": [1.0]})),
    lambda: plot.decision_boundary(NET, DATA),
    lambda: plot.confusion_matrix(NET, DATA),
    lambda: plot.weight_histograms(NET),
    lambda: plot.activation_histograms(NET, DATA),
]


@pytest.mark.parametrize("draw", PICTURES)
def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch, draw):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "nnframe\[plot\]"') as caught:
        draw()
    assert isinstance(caught.value, ImportError)


def modules_after(statement):
    code = f"import sys, nnframe; {statement}; print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_nnframe_imports_nothing_that_draws():
    modules = modules_after("nnframe.nNet")
    assert "matplotlib" not in modules
    assert "nnframe.plot" not in modules


def test_asking_for_the_pictures_does_not_import_matplotlib_yet():
    modules = modules_after("nnframe_plot.loss_curve")
    assert "nnframe.plot" in modules
    assert "matplotlib" not in modules


def test_what_is_not_imported_yet_is_listed_all_the_same():
    code = "import nnframe; print('plot' in dir(nnframe), 'nNet' in dir(nnframe))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True True\n"


def test_a_name_that_nnframe_has_not_is_still_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'nnframe' has no attribute 'plots'"):
        nnframe.plots  # noqa: B018

"""matplotlib is imported when something is drawn, and not before."""

import subprocess
import sys


def modules_after(statement):
    code = f"import sys, nnframe; {statement}; print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_nnframe_imports_neither_the_plots_nor_matplotlib():
    assert {"matplotlib", "nnframe_plot"}.isdisjoint(modules_after("nnframe.nNet"))


def test_nnframe_plot_is_this_package_and_does_not_import_matplotlib_yet():
    modules = modules_after("import nnframe_plot; assert nnframe.plot is nnframe_plot; nnframe.plot.loss_curve")
    assert "matplotlib" not in modules


def test_the_command_line_does_not_import_matplotlib_before_it_draws():
    modules = modules_after("from nnframe.cli import main; main(['plugins'])")
    assert "matplotlib" not in modules

"""``nnframe plot``, and ``nnframe train --plot``."""

import numpy as np
import pytest
from nnframe_plot.command import figure_of

from nnframe import ModelFileError, load
from nnframe.cli import main
from nnframe.cli.curves import Curves


@pytest.fixture
def command(capsys):
    """Return a function that runs a command line and returns its exit status, output and errors."""

    def run(*arguments):
        return main(list(map(str, arguments))), *capsys.readouterr()

    return run


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("names", [["relu"], ["relu", "softmax", "mse", "cosine"]])
def test_plugins_are_drawn_into_a_file(command, tmp_path, names, suffix):
    file = tmp_path / f"curves.{suffix}"
    assert command("plot", *names, "--out", file) == (0, f"{file} written\n", "")
    assert file.read_bytes()[:4] in (b"\x89PNG", b"<?xm", b"%PDF")


def test_each_plugin_has_a_panel_with_its_function_and_its_slope():
    x = np.array([0.0, 1.0])
    schedule = Curves(x, "epoch", {"factor": x})
    figure = figure_of([("activation relu", Curves(x, "z", {"f(z)": x, "f'(z)": x + 1})), ("schedule step", schedule)])
    first, second = figure.axes
    assert (first.get_title(), first.get_xlabel()) == ("activation relu", "z")
    assert [line.get_ydata().tolist() for line in first.lines] == [[0, 1], [1, 2]]
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["f(z)", "f'(z)"]
    assert len(second.lines) == 1


@pytest.mark.parametrize(("name", "kind"), [("adam", "optimizer"), ("reference", "engine")])
def test_a_kind_without_a_curve_is_an_error(command, tmp_path, name, kind):
    file = tmp_path / "curves.png"
    status, out, err = command("plot", "relu", name, "-o", file)
    assert (status, out) == (2, "")
    assert f"{name!r} can't be drawn, it is of kind {kind}; expected the name of an activation or loss" in err
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("curves.xyz", "'.xyz' is not a picture format"), ("nowhere/curves.png", "doesn't exist")]
)
def test_a_file_that_cannot_be_written_is_an_error_on_one_line(command, tmp_path, name, sentence):
    status, _, err = command("plot", "relu", "-o", tmp_path / name)
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1


def test_a_kind_may_be_chosen(command, tmp_path):
    file = tmp_path / "curves.png"
    assert command("plot", "relu", "--kind", "activation", "-o", file)[0] == 0
    assert "no loss 'relu'" in command("plot", "relu", "--kind", "loss", "-o", file)[2]


def test_train_draws_its_losses(command, tmp_path):
    file = tmp_path / "losses.png"
    status, out, err = command("train", "digits", "--epochs", 1, "--plot", file)
    assert (status, err) == (0, "")
    assert out.endswith(f"{file} written\n")
    assert file.read_bytes().startswith(b"\x89PNG")


def test_train_refuses_an_unknown_picture_format_before_training(command, tmp_path):
    status, out, err = command("train", "digits", "--plot", tmp_path / "losses.xyz")
    assert (status, out) == (2, "")
    assert "'.xyz' is not a picture format" in err


def test_train_saves_the_net_before_a_plot_that_fails(command, tmp_path, monkeypatch):
    def fail(figure, file):
        raise ModelFileError("the disk is full")

    monkeypatch.setattr("nnframe_plot.loss_plot.save_figure", fail)
    net, file = tmp_path / "net.nnf", tmp_path / "losses.png"
    status, out, err = command("train", "digits", "--epochs", 1, "--out", net, "--plot", file)
    assert status == 2
    assert out.endswith(f"{net} written\n")
    assert "the losses are not drawn: ModelFileError: the disk is full" in err
    assert load(net).layersList[0].n_in == 64

"""The callback loss_plot."""

import pytest
from nnframe_plot.loss_plot import LossPlot

from nnframe import ArgumentError, hookimpl, nNet, pairs

DATA = pairs([[0.0], [1.0]], [[1.0], [2.0]])


def train(*callbacks):
    net = nNet.from_sizes([1, 1])
    return net.nEpochs(3, DATA, "mse", 0.1, callbacks=list(callbacks))


def test_the_losses_are_drawn_when_the_run_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train("loss_plot")
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")


def test_the_name_takes_a_file(tmp_path):
    train(f"loss_plot(file='{tmp_path / 'run.svg'}')")
    assert (tmp_path / "run.svg").read_text().startswith("<?xml")


def test_the_losses_are_drawn_after_an_interrupt(tmp_path):
    class Interrupt:
        @hookimpl
        def nnframe_epoch_end(self, run):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(LossPlot(tmp_path / "losses.png"), Interrupt())
    assert (tmp_path / "losses.png").exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("a.xyz", "is not a picture format"), ("no/a.png", "create the folder")]
)
def test_a_file_that_cannot_be_written_is_an_error_at_once(tmp_path, name, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        LossPlot(tmp_path / name)


def test_a_plot_that_fails_at_the_end_is_a_warning(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    plot = LossPlot(folder / "losses.png")
    (folder / "losses.png").mkdir()
    with pytest.warns(RuntimeWarning, match="the losses are not drawn: .*losses.png can't be written"):
        assert len(train(plot).loss) == 3

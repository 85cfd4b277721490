"""A checkpoint can be continued by another number of processes, and with another engine."""

import long_run
import numpy as np


def weights_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def test_a_run_can_change_the_number_of_processes_and_the_engine(job, tmp_path):
    whole, folder = long_run.make_net(), tmp_path / "whole"
    folder.mkdir()
    expected = long_run.train(whole, folder, "reference", 8)
    # Stopped within the epoch after the second, and continued by two processes, then by three, then by one.
    job("resume.py", 2, "3").results()
    _, history = job("resume.py", 3, "6").results()[0]
    assert len(history.loss) == 6
    last = long_run.make_net()
    history = long_run.train(last, tmp_path, "numpy", 8)
    for mine, wanted in zip(weights_of(last), weights_of(whole), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-11)


def test_files_are_written_by_one_process(job, tmp_path):
    first, second = job("resume.py", 2, "2").results()
    assert all(map(np.array_equal, first[0], second[0]))
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".nnf"] == ["checkpoint.nnf"]

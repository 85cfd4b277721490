"""The README's snippets run, in one process."""

import re
from pathlib import Path

import nnframe_mpi
import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_every_snippet_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    train, _ = nnframe.datasets.load_digits()
    for i in range(3):
        np.savez(tmp_path / "data" / f"{i}.npz", X=train.X[i::3], Y=train.Y[i::3])
    blocks = re.findall(r"^```python\n(.*?)^```$", README, flags=re.M | re.S)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})


def test_files_are_shared_out_in_runs():
    assert nnframe_mpi.my_files(["b", "a", "c"]) == ["a", "b", "c"]
    assert (nnframe_mpi.rank(), nnframe_mpi.size()) == (0, 1)


def test_shards_of_no_part_or_of_several_widths_are_refused():
    with pytest.raises(ArgumentError, match="expected at least one part"):
        nnframe_mpi.shards()
    parts = [nnframe.pairs(np.ones((2, n)), np.ones((2, 1))) for n in (3, 4)]
    with pytest.raises(ArgumentError, match=r"the parts have \[\(3, 1\), \(4, 1\)\] inputs and targets"):
        nnframe_mpi.shards(*parts)

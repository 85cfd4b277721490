"""Writing files: whole or not at all, and what is said when that fails."""

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from nnframe import ModelFileError
from nnframe.saving.files import read_file, write_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.nnf"


@pytest.fixture
def written(path):
    """Return a good file."""
    write_file(path, {"a": [1, 2.5]}, {"x": np.arange(6.0).reshape(2, 3), "y/z": np.array(7, np.int64)})
    return path


def failing(monkeypatch, name, error):
    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr(os, name, fail)


def test_a_file_is_replaced(written):
    write_file(written, {"b": 2}, {})
    assert read_file(written) == ({"b": 2}, {})
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_while_writing_leaves_only_the_old_file(written, monkeypatch, error):
    before = written.read_bytes()
    failing(monkeypatch, "fsync", error)
    with pytest.raises(ModelFileError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write_file(written, {"b": 2}, {})
    assert written.read_bytes() == before
    assert [each.name for each in written.parent.iterdir()] == ["some.nnf"]
    if isinstance(error, OSError):
        assert str(written) in str(caught.value)
        assert "No space left on device; the existing file is unchanged" in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_reported(path, monkeypatch):
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: opened(Path("/dev/full"), mode))
    with pytest.raises(ModelFileError, match="No space left on device; nothing was written"):
        write_file(path, {}, {"x": np.ones(10_000)})


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(ModelFileError) as caught:
        write_file(tmp_path / "missing" / "m.nnf", {}, {})
    assert str(tmp_path / "missing" / "m.nnf") in str(caught.value)
    assert "No such file or directory; nothing was written: choose a folder that exists" in str(caught.value)


def test_a_name_that_is_too_long_is_reported(tmp_path):
    with pytest.raises(ModelFileError, match="nothing was written"):
        write_file(tmp_path / ("n" * 300), {}, {})


def test_a_folder_is_not_overwritten(tmp_path):
    with pytest.raises(ModelFileError, match="it is a folder"):
        write_file(tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_file_keeps_its_permissions_and_a_new_one_gets_the_default(path):
    path.write_text("")
    usual = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    write_file(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == usual
    path.chmod(0o600)
    write_file(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path, written):
    link = tmp_path / "link.nnf"
    link.symlink_to(written)
    write_file(link, {"b": 2}, {})
    assert link.is_symlink()
    assert read_file(written) == ({"b": 2}, {})


def test_the_file_is_flushed_before_the_move_and_the_folder_after_it(written, monkeypatch):
    flushed = []

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append((is_folder, read_file(written)[0] == {"b": 2}))

    monkeypatch.setattr(os, "fsync", fsync)
    write_file(written, {"b": 2}, {})
    assert flushed == [(False, False), (True, True)]

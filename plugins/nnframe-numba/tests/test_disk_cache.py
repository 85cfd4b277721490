"""The folder of machine code: what is damaged is made anew, what others could have written is refused."""

import errno
import os
import shutil
import stat
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_numba import EngineWarning, disk_cache, engine_warnings

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no permissions in a file's mode")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(disk_cache.DIRECTORY_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(engine_warnings, "_given", set())
    monkeypatch.setattr(engine_warnings, "_pending", [])
    return disk_cache.folder()


def warnings_given():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        engine_warnings.give_warnings()
    assert all(issubclass(each.category, EngineWarning) for each in caught)
    return [str(each.message) for each in caught]


def test_what_is_written_is_read_by_its_name():
    disk_cache.write("one", b"first")
    disk_cache.write("two", b"second")
    disk_cache.write("one", b"third")
    assert disk_cache.read("one") == b"third"
    assert disk_cache.read("two") == b"second"
    assert disk_cache.read("three") is None
    assert warnings_given() == []


def test_only_the_user_can_read_and_write_it(folder):
    disk_cache.write("one", b"first")
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((folder / "one").stat().st_mode) & 0o077 == 0


@given(st.data())
def test_a_damaged_file_is_never_read_and_is_made_anew(data):
    disk_cache.write("one", b"a hundred bytes or so of machine code, which nobody must run when they are damaged")
    path = disk_cache.folder() / "one"
    whole = path.read_bytes()
    if data.draw(st.booleans(), label="truncated"):
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1), label="length")])
    else:
        place, change = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
    assert disk_cache.read("one") is None
    disk_cache.write("one", b"new")
    assert disk_cache.read("one") == b"new"


def test_damage_is_told_once(folder):
    for name in ("one", "two"):
        disk_cache.write(name, b"code")
        (folder / name).write_bytes(b"")
        assert disk_cache.read(name) is None
    (message,) = warnings_given()
    assert f"{folder / 'one'} is damaged; its content is made anew" in message


def test_a_file_under_another_name_is_damaged(folder):
    disk_cache.write("one", b"code")
    (folder / "one").rename(folder / "two")
    assert disk_cache.read("two") is None


@posix_only
@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_others_can_write_to_is_refused_with_a_warning(what, mode, folder):
    disk_cache.write("one", b"code")
    path = folder if what == "folder" else folder / "one"
    path.chmod(mode)
    assert disk_cache.read("one") is None
    (message,) = warnings_given()
    assert f"other users can write to {path}" in message
    assert "NNFRAME_NUMBA_CACHE" in message
    if what == "folder":
        disk_cache.write("two", b"code")
        assert not (folder / "two").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_belongs_to_another_user_is_refused_with_a_warning(what, folder):
    disk_cache.write("one", b"code")
    path = folder if what == "folder" else folder / "one"
    os.chown(path, 12345, -1)
    assert disk_cache.read("one") is None
    (message,) = warnings_given()
    assert f"{path} belongs to another user" in message


@posix_only
def test_what_root_has_written_may_be_shared(monkeypatch):
    disk_cache.write("one", b"code")
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert disk_cache.read("one") == b"code"


@posix_only
def test_nobody_waits_for_a_pipe(folder):
    disk_cache.write("one", b"code")
    os.mkfifo(folder / "pipe", 0o600)
    assert disk_cache.read("pipe") is None


def test_a_folder_that_was_removed_is_made_again(folder):
    disk_cache.write("one", b"code")
    shutil.rmtree(folder.parent)
    assert disk_cache.read("one") is None
    disk_cache.write("one", b"code")
    assert disk_cache.read("one") == b"code"
    assert warnings_given() == []


def test_a_folder_that_cannot_be_made_is_done_without_and_told_once(folder):
    folder.parent.write_text("a file where a folder should be")
    for name in ("one", "two"):
        disk_cache.write(name, b"code")
        assert disk_cache.read(name) is None
    assert sum("each process compiles anew" in message for message in warnings_given()) == 1


def test_a_full_disk_is_done_without_and_leaves_nothing_half_written(folder, monkeypatch):
    disk_cache.write("one", b"code")

    class FullDisk:
        def __init__(self, handle, mode):
            os.close(handle)

        def __enter__(self):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __exit__(self, *_):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(disk_cache.os, "fdopen", FullDisk)
        disk_cache.write("one", b"new code")
    assert disk_cache.read("one") == b"code"
    assert [path.name for path in folder.iterdir()] == ["one"]
    (message,) = warnings_given()
    assert os.strerror(errno.ENOSPC) in message


def test_a_user_who_is_nowhere_at_home_compiles_anew(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in (disk_cache.DIRECTORY_VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert disk_cache.folder() is None
    disk_cache.write("one", b"code")
    assert disk_cache.read("one") is None
    assert len(warnings_given()) == 1


def test_the_first_note_is_kept():
    assert disk_cache.keep_note("note", {"way": "element"}) == {"way": "element"}
    assert disk_cache.keep_note("note", {"way": "array"}) == {"way": "element"}
    assert disk_cache.read_note("note") == {"way": "element"}


def test_the_oldest_files_make_room(folder, monkeypatch):
    monkeypatch.setattr(disk_cache, "MOST_BYTES", 1000)
    for i in range(20):
        disk_cache.write(f"file{i}", bytes(100))
        os.utime(folder / f"file{i}", (i, i))
    disk_cache.make_room()
    left = {path.name for path in folder.iterdir()}
    assert left == {f"file{i}" for i in range(20 - len(left), 20)}
    assert 0 < sum(path.stat().st_size for path in folder.iterdir()) <= 500


def test_a_process_that_writes_a_lot_makes_room_again_and_again(folder, monkeypatch):
    monkeypatch.setattr(disk_cache, "MOST_BYTES", 10_000)
    for i in range(100):
        disk_cache.write(f"file{i}", bytes(500))
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 12_000

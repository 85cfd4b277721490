"""Files that are written whole or not at all, and what killed writers leave."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from nnframe.saving.atomic import replacing

WRITER = """
import sys, time
from pathlib import Path
from nnframe.saving.atomic import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)
"""
needs_locks = pytest.mark.skipif(os.name == "nt", reason="needs locks that end with the process")


def half_written(path):
    """Return a process that has written half of a file."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"half\n"
    return writer


def killed(writer):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@needs_locks
def test_the_next_writer_of_a_file_removes_what_a_killed_one_left(tmp_path):
    target = tmp_path / "m.nnf"
    killed(half_written(target))
    assert len(names_in(tmp_path)) == 1
    with replacing(target) as temporary:
        temporary.write_bytes(b"whole")
    assert names_in(tmp_path) == ["m.nnf"]
    assert target.read_bytes() == b"whole"


@needs_locks
def test_a_writer_leaves_alone_what_others_are_writing(tmp_path):
    living = half_written(tmp_path / "m.nnf")
    killed(half_written(tmp_path / "other.nnf"))
    (tmp_path / ".nnframe-mine.tmp").write_bytes(b"")
    before = names_in(tmp_path)
    try:
        with replacing(tmp_path / "m.nnf") as temporary:
            temporary.write_bytes(b"whole")
        assert names_in(tmp_path) == [*before, "m.nnf"]
    finally:
        killed(living)


def test_a_leftover_that_is_a_pipe_or_a_link_is_left_alone(tmp_path):
    with replacing(tmp_path / "m.nnf") as temporary:
        prefix = temporary.name.rpartition("-")[0]
        temporary.write_bytes(b"whole")
    os.mkfifo(tmp_path / f"{prefix}-pipe.tmp")
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / f"{prefix}-link.tmp").symlink_to(tmp_path / "precious")
    with replacing(tmp_path / "m.nnf") as temporary:
        temporary.write_bytes(b"again")
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "m.nnf").read_bytes() == b"again"


def test_many_threads_may_write_one_file(tmp_path):
    target, errors = tmp_path / "m.nnf", []

    def write(content):
        try:
            for _ in range(30):
                with replacing(target) as temporary:
                    temporary.write_bytes(content)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[bytes([i]) * 1000]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert names_in(tmp_path) == ["m.nnf"]
    assert len(set(target.read_bytes())) == 1


@needs_locks
def test_a_target_that_is_killed_often_is_never_half_a_file(tmp_path):
    # Each process writes for ever, numbers that say their own length, and is killed at some moment.
    script = """
import os, sys
from pathlib import Path
from nnframe.saving.atomic import replacing
print("go", flush=True)
while True:
    size = 1 + os.urandom(1)[0] * 300
    with replacing(Path(sys.argv[1])) as temporary:
        temporary.write_bytes(size.to_bytes(4, "little") + b"x" * size)
"""
    target = tmp_path / "m.nnf"
    for i in range(int(os.environ.get("NNFRAME_KILLS", "8"))):
        writer = subprocess.Popen([sys.executable, "-c", script, target], stdout=subprocess.PIPE)
        writer.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            writer.wait(0.003 * (i % 8))
        killed(writer)
        if target.exists():
            content = target.read_bytes()
            assert len(content) == 4 + int.from_bytes(content[:4], "little")
        assert len(names_in(tmp_path)) <= 2

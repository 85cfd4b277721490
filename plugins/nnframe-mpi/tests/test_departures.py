"""A process that ends earlier than the others doesn't leave them waiting, with or without -m mpi4py."""

import re
import time

import pytest

SECONDS = 5
# What ends process 1, and what the others say.
ENDS = {
    "an error": r"process 1 of 3 has ended with ValueError: not now, and this one waits for it",
    "Ctrl-C": r"process 1 of 3 has ended with KeyboardInterrupt, and",
    "sys.exit(1)": r"process 1 of 3 has ended, and this one waits for it; expected the same calls of nEpochs",
    "the end of the script": r"process 1 of 3 has ended, and",
}


def ended(job, folder, n, end, module=()):
    """Return what a job has printed, and the seconds since a process ended."""
    started = job("departures.py", n, end, module=module)
    output = started.output(60)
    return started.process.returncode, output, time.time() - float((folder / "left").read_text())


@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_ends_is_missed_soon(job, tmp_path, end):
    code, output, seconds = ended(job, tmp_path, 3, end)
    assert re.search(ENDS[end], output)
    assert code != 0
    assert seconds < SECONDS


@pytest.mark.parametrize("end", ["an error", "sys.exit(1)", "Ctrl-C", "the end of the script"])
def test_mpi4py_as_the_main_module_ends_all_at_once(job, tmp_path, end):
    code, _, seconds = ended(job, tmp_path, 2, end, ("-m", "mpi4py"))
    assert code != 0
    assert seconds < SECONDS


@pytest.mark.parametrize("end", ["nothing", "MPI.Finalize"])
def test_processes_that_end_together_end_well(job, tmp_path, end):
    code, output, seconds = ended(job, tmp_path, 3, end)
    assert (code, output.count("done")) == (0, 3)
    assert seconds < SECONDS

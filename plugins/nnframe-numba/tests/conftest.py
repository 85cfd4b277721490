"""A cache of the tests' own, so that what earlier versions left plays no part."""

import os
import signal
import subprocess
import sys

import pytest
from nnframe_numba.disk_cache import DIRECTORY_VARIABLE

# A shell's background job ignores interrupts, which some tests send to themselves.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DIRECTORY_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def hasty_compiler(monkeypatch):
    """Keep LLVM from optimizing in other processes, for tests of the cache and of interrupts: it halves their time."""
    monkeypatch.setenv("NUMBA_OPT", "0")


@pytest.fixture
def in_two_processes(tmp_path):
    """Return a function that runs a program in two processes, one after the other, which share a new cache.

    It returns the words that each has printed.
    """

    def run(program):
        printed = []
        for _ in range(2):
            process = subprocess.run(
                [sys.executable, "-c", program],
                env=os.environ | {DIRECTORY_VARIABLE: str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=600,
                check=True,
            )
            printed.append(process.stdout.split())
        return printed

    return run

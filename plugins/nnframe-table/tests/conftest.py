"""Fixtures that several test files use."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

from nnframe.cli import main

# A busy machine takes longer than hypothesis allows by default, and so does the first import of a library.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
# The helpers beside the tests, which run as programs too.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def write(tmp_path):
    """Return a function that writes text or bytes into a file and returns its path."""

    def to(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to


@pytest.fixture
def command(capsys):
    """Return a function that runs a command line and returns its exit status, output and errors."""

    def run(*arguments):
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return run

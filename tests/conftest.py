"""What several test files need."""

import signal

import pytest
from hypothesis import settings

from nnframe.cli import main

# A busy machine takes longer for an example, and that is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A shell's background job ignores interrupts, and so would the tests and the processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(autouse=True)
def _no_installed_plugins(monkeypatch):
    """Make the tests independent of what happens to be installed beside nnframe."""
    monkeypatch.setenv("NNFRAME_DISABLE_PLUGINS", "all")

"""What several test files need."""

import pytest

from nnframe.cli import main


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

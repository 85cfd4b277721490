"""What several test files of tables need."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Return a function that writes text or bytes into a file and returns its path."""

    def to(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to

"""Distributions as pip leaves them, in a folder on sys.path."""

import sys
from pathlib import Path

import pytest

from nnframe import registry

MODULE = """\
import numpy as np
from nnframe import Activation, hookimpl

@hookimpl
def nnframe_activations():
    return [Activation(name, np.tanh, lambda z: 1 - np.tanh(z) ** 2) for name in {names}]
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that leaves a distribution as pip would; the registry is a new one, which sees it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("NNFRAME_DISABLE_PLUGINS")
    modules = []

    def write(distribution, entry_points, source, requires=(), folder=None, text=None):
        module = distribution.replace("-", "_")
        modules.append(module)
        Path(tmp_path, f"{module}.py").write_text(source)
        metadata = tmp_path / (folder or f"{module}-1.2.dist-info")
        metadata.mkdir()
        required = "".join(f"Requires-Dist: {each}\n" for each in requires)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n{required}")
        lines = "".join(f"{name} = {module}\n" for name in entry_points)
        (metadata / "entry_points.txt").write_bytes(text if text is not None else f"[nnframe]\n{lines}".encode())
        return metadata

    yield write
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def fresh():
    return lambda: registry.Registry(registry.BUILTIN_MODULES, registry.BUILTIN_PROVIDER)

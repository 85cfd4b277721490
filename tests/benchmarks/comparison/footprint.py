"""What a package costs before it computes anything: time to import, memory, and room on the disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# A process prints its own peak: that of its parent is no measure, and ru_maxrss begins with it.
PEAK = """
import pathlib
for line in pathlib.Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


class Package(NamedTuple):
    """What is imported, and the distribution that is installed for it."""

    name: str
    code: str
    distribution: str
    module: str


class Footprint(NamedTuple):
    """What was measured of a package.

    Attributes
    ----------
    name : str
    milliseconds : list of float
        The imports' times, less that of a bare interpreter in the same round.
    memory : float or None
        The peak after the import, in MiB; None where the system doesn't tell.
    disk : float
        With all that it depends on, in MB.
    """

    name: str
    milliseconds: list[float]
    memory: float | None
    disk: float


PACKAGES = (
    Package("numpy", "import numpy", "numpy", "numpy"),
    Package("nnframe", "import nnframe", "nnframe", "nnframe"),
    Package("nnframe-numba", "import nnframe, nnframe_numba, numba", "nnframe-numba", "nnframe_numba"),
    Package("scikit-learn", "import sklearn.neural_network", "scikit-learn", "sklearn"),
    Package("torch", "import torch", "torch", "torch"),
    Package("JAX", "import jax, jax.numpy", "jax", "jax"),
)


def measure_footprints(rounds: int) -> list[Footprint]:
    """Return the footprints of the packages that are installed; their imports take turns."""
    packages = [package for package in PACKAGES if find_spec(package.module) is not None]
    # Which also fills the disk's cache, before anything is timed.
    memory = {package.name: _peak_memory(package.code) for package in packages}
    times: dict[str, list[float]] = {package.name: [] for package in packages}
    for _ in range(rounds):
        bare = _seconds("pass")
        for package in packages:
            times[package.name].append(1000 * (_seconds(package.code) - bare))
    return [
        Footprint(package.name, times[package.name], memory[package.name], _disk(package.distribution))
        for package in packages
    ]


def _seconds(code: str) -> float:
    """Return how long a fresh process takes to run a line of Python."""
    start = time.perf_counter()
    _run(code)
    return time.perf_counter() - start


def _peak_memory(code: str) -> float | None:
    """Return the most memory that a fresh process has had after a line of Python, in MiB; None where it can't tell."""
    if not Path("/proc/self/status").exists():
        _run(code)
        return None
    return int(_run(code + PEAK)) / 1024


def _run(code: str) -> str:
    # Byte code is cached, as after an install.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout


def _disk(name: str) -> float:
    """Return the size in MB of a distribution's files and of those of all that it requires."""
    return sum(map(_own_size, _with_requirements(name, {}).values())) / 1e6


def _with_requirements(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        # Required on another system or Python only.
        return found
    for requirement in found[key].requires or []:
        matched = re.match(r"[A-Za-z0-9._-]+", requirement)
        if matched and "extra ==" not in requirement:
            _with_requirements(matched.group(), found)
    return found


def _own_size(installed: Distribution) -> int:
    paths = {Path(str(file.locate())) for file in installed.files or []}
    total = sum(path.stat().st_size for path in paths if path.is_file())
    spec = find_spec(installed.metadata["Name"].replace("-", "_"))
    folders = spec.submodule_search_locations if spec else None
    if folders and not any(Path(folders[0]) in path.parents for path in paths):
        # Installed in editable mode: the files stay where they are written.
        total += sum(path.stat().st_size for path in Path(folders[0]).rglob("*") if path.is_file())
    return total

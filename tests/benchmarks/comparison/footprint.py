"""What a package costs before it computes anything: import time, memory and disk space."""

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

# Printed by the process itself, because ru_maxrss starts from the parent's peak.
PEAK = """
import pathlib
for line in pathlib.Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


class Package(NamedTuple):
    """Code that imports a package, and the distribution and module that must be installed for it."""

    name: str
    code: str
    distribution: str
    module: str


class Footprint(NamedTuple):
    """The measurements of one package.

    Attributes
    ----------
    name : str
    milliseconds : list of float
        Import times, less the start of a bare interpreter in the same round.
    memory : float or None
        The peak memory after the import, in MiB. None where the system doesn't report it.
    disk : float
        The size on disk with all dependencies, in MB.
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
    """Return the footprints of the installed packages. Their imports take turns."""
    packages = [package for package in PACKAGES if find_spec(package.module) is not None]
    # Before anything is timed, because it also fills the disk cache.
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
    """Return how long a new process takes to run a line of Python."""
    start = time.perf_counter()
    _run(code)
    return time.perf_counter() - start


def _peak_memory(code: str) -> float | None:
    """Return the peak memory of a new process that runs a line of Python, in MiB, or None if unknown."""
    if not Path("/proc/self/status").exists():
        _run(code)
        return None
    return int(_run(code + PEAK)) / 1024


def _run(code: str) -> str:
    # With byte code cached, as after an install.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout


def _disk(name: str) -> float:
    """Return the size of a distribution with its dependencies, in MB."""
    return sum(map(_own_size, _with_requirements(name, {}).values())) / 1e6


def _with_requirements(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        # Required only on other systems or Python versions.
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
        # Installed in editable mode: the files are in the checkout.
        total += sum(path.stat().st_size for path in Path(folders[0]).rglob("*") if path.is_file())
    return total

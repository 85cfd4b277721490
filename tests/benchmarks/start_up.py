"""Measures what nnframe costs a new process, alone and with a thousand plugins installed.

    python tests/benchmarks/start_up.py

Each row is a new process that runs one line of Python. What it takes is the processor's time, which other processes
change little. The rows take turns, so a machine that slows down slows all of them. Printed are the median with the
quartiles, and how much more than its baseline a row costs, in milliseconds and as a ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

MODULE = """\
from nnframe import Activation, hookimpl
import numpy as np

activation = Activation("{name}", np.tanh, lambda z: 1 - np.tanh(z) ** 2)

@hookimpl
def nnframe_activations():
    return [activation]
"""


NET = "net = nnframe.nNet.from_sizes([2, 3, 1], ['tanh', None])"
RUN = "; net.nEpochs(1, [([[1.0], [1.0]], [[1.0]])], 'mse', 0.1)"
STEP = "; net.trainer('mse', 0.1).step([[1.0], [1.0]], [[1.0]])"


class Row(NamedTuple):
    """A line of Python to time, the row to compare it with, and the most milliseconds it may cost beyond that row."""

    name: str
    code: str
    plugins: bool
    baseline: str | None
    target: float | None = None


def rows_for(count: int) -> tuple[Row, ...]:
    """Return the rows for this many installed plugins."""
    many, one = f"{count} plugins", count // 2
    all_imports = f"for i in range({count}): __import__(f'nnframe_bench_{{i}}')"
    both = "import numpy, nnframe"
    line = "import sys; from nnframe.cli import main; sys.exit(main(['{}']))"
    return (
        Row("Python alone", "pass", False, None),
        Row("import numpy", "import numpy", False, None),
        Row("import nnframe", "import nnframe", False, "Python alone"),
        Row("import both", both, False, "import numpy", target=10),
        Row("a net of given weights", f"{both}; nnframe.denseLayer([[1.0]], 0, 'tanh')", False, "import numpy"),
        Row("a first net", f"{both}; {NET}", False, "import numpy"),
        Row("a first net and run", f"{both}; {NET}{RUN}", False, "import numpy"),
        Row("a first net and step", f"{both}; {NET}{STEP}", False, "import numpy"),
        Row("nnframe --version", line.format("--version"), False, "Python alone", target=60),
        Row("nnframe --help", line.format("--help"), False, "Python alone", target=60),
        Row(f"Python alone, {many}", "pass", True, None),
        Row(f"nnframe --help, {many}", line.format("--help"), True, f"Python alone, {many}"),
        Row(f"import numpy, {many}", "import numpy", True, None),
        Row(f"import both, {many}", both, True, f"import numpy, {many}", target=10),
        Row(
            f"a built-in name, {many}",
            "import numpy, nnframe; nnframe.registry.get('activation', 'relu')",
            True,
            f"import both, {many}",
        ),
        Row("direct import of a plugin", f"import nnframe_bench_{one}", True, None),
        Row(
            "the same plugin by its name",
            f"import nnframe; nnframe.registry.get('activation', 'bench_{one}')",
            True,
            "direct import of a plugin",
            target=150,
        ),
        Row(f"direct import of all {count}", all_imports, True, None),
        Row(
            f"nnframe plugins, {many}",
            "import sys; from nnframe.cli import main; sys.exit(main(['plugins']))",
            True,
            f"direct import of all {count}",
        ),
    )


def install_plugins(folder: Path, count: int) -> None:
    """Write distributions with one module and one entry point each, as pip would install them."""
    for i in range(count):
        name = f"bench_{i}"
        (folder / f"nnframe_{name}.py").write_text(MODULE.format(name=name))
        metadata = folder / f"nnframe_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: nnframe-{name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[nnframe]\n{name} = nnframe_{name}\n")


def seconds(code: str, path: str, cache: str) -> float:
    """Return the processor's time of a new process that runs a line of Python, with byte code cached beforehand."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": cache}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print a table in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=25, help="how often each row runs (default: 25)")
    parser.add_argument("--plugins", type=int, default=1000, help="how many plugins are installed (default: 1000)")
    options = parser.parse_args()
    here = str(Path(__file__).parents[2])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        install_plugins(Path(folder), options.plugins)
        rows = rows_for(options.plugins)
        times: dict[str, list[float]] = {row.name: [] for row in rows}
        for run in range(options.runs + 1):
            for row in rows:
                taken = seconds(row.code, os.pathsep.join([folder, here] if row.plugins else [here]), cache)
                # The first round writes byte code and fills the disk cache.
                if run > 0:
                    times[row.name].append(1000 * taken)
    print(f"{'':30} {'median':>8} {'quartiles':>15} {'more than its baseline':>40}   (milliseconds)")
    for row in rows:
        low, median, high = statistics.quantiles(times[row.name], n=4)
        more = ""
        if row.baseline is not None:
            # Pair by pair, because the machine drifts by more than the difference.
            pairs = list(zip(times[row.name], times[row.baseline], strict=True))
            more = f"{statistics.median(mine - other for mine, other in pairs):+.1f}"
            more += f", x {statistics.median(mine / other for mine, other in pairs):.2f}"
        if row.target is not None:
            more += f" (target: under {row.target:g})"
        print(f"{row.name:30} {median:8.1f} {f'{low:.1f} - {high:.1f}':>15} {more:>40}")


if __name__ == "__main__":
    main()

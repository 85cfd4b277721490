"""Measures the memory that a table larger than memory needs: read, converted, and trained on for an epoch.

    python tests/benchmarks/table_memory.py
    python tests/benchmarks/table_memory.py --npy 10

The first command writes csv files of 1, 2 and 4 times as many rows, and prints the peak memory of each and its ratio
to the first. The second writes a sparse .npy file of 10 GB. The holes in it take no disk space, but the rows
converted from it do, in the folder for temporary files. Two peaks are printed, which only Linux tells apart: the
process's own memory, and pages of files, which the system drops when memory is short.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROWS, COLUMNS, CATEGORIES = 400_000, 20, 100
MEGABYTE = 1 << 20
STATUS = Path("/proc/self/status")


def main() -> None:
    """Measure each file in a new process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--npy", type=float, metavar="GB", help="measure a sparse .npy file of this size")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.npy:
            files = [write_npy(Path(folder) / "sparse.npy", int(options.npy * 1e9))]
        else:
            files = [write_csv(Path(folder) / f"{times} times.csv", times) for times in (1, 2, 4)]
        first = None
        print(f"{'file':<12}  {'size':>9}  {'own memory':>10}  {'ratio':>5}  {'pages of files':>14}  {'time':>6}")
        for file in files:
            command = [sys.executable, __file__, "--measure", str(file)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
            own, mapped, seconds = map(float, done.stdout.split())
            first = first or own
            size = file.stat().st_size / MEGABYTE
            print(
                f"{file.name:<12}  {size:>6,.0f} MB  {own:>7,.0f} MB  {own / first:>5.2f}  {mapped:>11,.0f} MB  "
                f"{seconds:>4.0f} s"
            )


def measure(file: Path) -> None:
    """Read a table, train on it for an epoch, and print the peaks in megabytes and the time in seconds."""
    import nnframe_table

    import nnframe

    peaks = {"RssAnon": 0, "RssFile": 0}
    threading.Thread(target=watch, args=(peaks,), daemon=True).start()
    began = time.perf_counter()
    with nnframe_table.read(file, None if file.suffix == ".npy" else "y", memory=0) as table:
        net = nnframe.nNet.from_sizes(table.sizes([16]), ["relu", None], dtype="float32")
        net.nEpochs(1, table.train, "mse", batch_size=1024, optimizer="adam", shuffle=True, seed=0)
    print(*(peak / 1024 for peak in peaks.values()), time.perf_counter() - began)


def watch(peaks: dict[str, int]) -> None:
    """Record the peaks, in kilobytes."""
    while STATUS.exists():
        for name, size in re.findall(r"^(RssAnon|RssFile):\s+(\d+)", STATUS.read_text(), re.M):
            peaks[name] = max(peaks[name], int(size))
        time.sleep(0.02)


def write_csv(file: Path, times: int) -> Path:
    """Write a table of numbers and a category with many values; the same rows several times over."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(ROWS, COLUMNS))
    shops = rng.integers(CATEGORIES, size=ROWS)
    rows = "".join(
        f"{','.join(f'{x:.6f}' for x in row)},shop {shop},{sum(row[:5]):.6f}\n"
        for row, shop in zip(numbers.tolist(), shops.tolist(), strict=True)
    )
    with file.open("w") as opened:
        opened.write(",".join([*(f"x{i}" for i in range(COLUMNS)), "shop", "y"]) + "\n")
        for _ in range(times):
            opened.write(rows)
    return file


def write_npy(file: Path, size: int) -> Path:
    """Write a sparse array of 256 columns whose first rows are random."""
    width = 256
    array = np.lib.format.open_memmap(file, "w+", np.float32, (size // (4 * width), width))
    rows = np.random.default_rng(0).normal(size=(min(10_000, len(array)), width))
    rows[:, -1] = rows[:, :5].sum(axis=1)
    array[: len(rows)] = rows
    array.flush()
    return file


if __name__ == "__main__":
    main()

"""Compares the speed of nnframe with what else one could use, in training and in answering.

    python tests/benchmarks/compare.py

measures nnframe's engines, a beginner's loop in numpy, scikit-learn, torch, JAX, onnxruntime, the C library FANN and
bare matrix products, as far as they are installed. It writes tables into README.md and the picture
tests/benchmarks/comparison.png. Run it on an idle machine: anything else that runs changes the numbers. It takes up to
12 minutes, in which a row has as many rounds as fit; --minutes gives it more or less time.

    python tests/benchmarks/compare.py --quick

takes a minute: three rows, a few short rounds, no files written.

    python tests/benchmarks/compare.py --rows "batch 1" --only numpy torch --rounds 5

measures some rows and contenders, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from comparison.contenders import CONTENDERS
from comparison.footprint import measure_footprints
from comparison.goals import GOALS
from comparison.machine import machine
from comparison.picture import draw
from comparison.rounds import measure
from comparison.rows import ROWS
from comparison.table import footprint_table, results_tables, write_between_markers

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).resolve().parent / "comparison.png"
# An import of some packages takes seconds.
MOST_IMPORTS = 5
# The rest is for imports, and for rows that take longer than their share since they have three rounds in any case.
SHARE_OF_ROWS = 0.85
# A row of each kind, short rounds, and few of them.
QUICK_ROWS = ["64-32-10, batch 32", "64-32-10, online", "64-32-10, 1 at a time"]
QUICK_ROUNDS, QUICK_SECONDS = 3, 0.05


def main() -> int:
    """Measure, print, and write the files."""
    options = _parser().parse_args()
    start = time.perf_counter()
    if options.quick:
        options.rows = options.rows or QUICK_ROWS
        options.rounds, options.seconds = QUICK_ROUNDS, QUICK_SECONDS
        rows = [row for row in ROWS if row.name in options.rows]
    else:
        rows = [row for row in ROWS if _is_chosen(row.name, options.rows)]
    chosen = [contender for contender in CONTENDERS if _is_chosen(contender.name, options.only)]
    contenders = [contender for contender in chosen if contender.missing is None]
    for contender in chosen:
        if contender.missing is not None:
            print(f"{contender.name} is left out: there is no {contender.missing}")
    if not rows or not contenders:
        print("there is nothing to measure: no row or no contender matches --rows and --only", file=sys.stderr)
        return 2
    for_rows = 60 * options.minutes * SHARE_OF_ROWS
    results = measure(rows, contenders, options.rounds, options.seconds, options.most_seconds, print, for_rows)
    names = [contender.name for contender in contenders]
    against = next((name for name in names if options.against in name), names[0])
    parts = [
        f"Measured with `python tests/benchmarks/compare.py` on {machine()}.",
        f"A number says how many times as fast as {against} a contender is: the median over the rounds, with the "
        f"quartiles.",
        results_tables(results, names, against),
    ]
    if not options.rows and not options.only:
        parts.append("**Before anything is computed**")
        parts.append(footprint_table(measure_footprints(min(options.rounds, MOST_IMPORTS))))
    text = "\n\n".join(parts)
    print(text)
    for line in filter(None, (goal.line(results) for goal in GOALS)):
        print(line)
    print(f"took {time.perf_counter() - start:.0f} s")
    if any(result.disagreements for result in results):
        print("nothing is written, because the results of some contenders differ", file=sys.stderr)
        return 1
    if options.write or not (options.rows or options.only):
        write_between_markers(ROOT / "README.md", text)
        draw([result for result in results if result.row.kind == "training"], PICTURE)
        print(f"written to README.md and {PICTURE.relative_to(ROOT)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rows and a few short rounds, in about a minute")
    parser.add_argument("--rows", nargs="+", default=[], metavar="TEXT", help="only rows with this in their name")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only contenders with this in their name")
    parser.add_argument(
        "--against", default="torch", metavar="NAME", help="the contender that counts as 1 (default: torch)"
    )
    parser.add_argument("--rounds", type=int, default=11, help="how often each contender runs (default: 11)")
    parser.add_argument("--seconds", type=float, default=0.1, help="how long a round takes, about (default: 0.1)")
    parser.add_argument("--most-seconds", type=float, default=30, help="a row ends after this time (default: 30)")
    parser.add_argument("--minutes", type=float, default=12, help="how long all rows may take (default: 12)")
    parser.add_argument("--write", action="store_true", help="write the files although only some rows are measured")
    return parser


def _is_chosen(name: str, texts: list[str]) -> bool:
    return not texts or any(text in name for text in texts)


if __name__ == "__main__":
    sys.exit(main())

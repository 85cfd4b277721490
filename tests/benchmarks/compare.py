"""How fast nnframe trains and answers, next to what else one could take.

    python tests/benchmarks/compare.py

measures nnframe's engines, a beginner's loop in numpy, scikit-learn, torch, JAX and the matrix products alone, as far
as they are installed, and writes a table into README.md and the picture tests/benchmarks/comparison.png. Run it on an
idle machine: anything else that runs changes the numbers.

    python tests/benchmarks/compare.py --rows "batch 1" --only numpy torch --rounds 5

looks at some only, and writes nothing.
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
from comparison.table import footprint_table, results_table, write_between_markers

ROOT = Path(__file__).resolve().parents[2]
# Some take seconds.
MOST_IMPORTS = 5
PICTURE = Path(__file__).resolve().parent / "comparison.png"


def main() -> int:
    """Measure, print, and write what was asked for."""
    options = _parser().parse_args()
    start = time.perf_counter()
    rows = [row for row in ROWS if _is_chosen(row.name, options.rows)]
    chosen = [contender for contender in CONTENDERS if _is_chosen(contender.name, options.only)]
    contenders = [contender for contender in chosen if contender.is_installed]
    for missing in [contender for contender in chosen if not contender.is_installed]:
        print(f"{missing.name} is left out: there is no module {missing.needs}")
    if not rows or not contenders:
        print("nothing is left to measure: see --rows and --only", file=sys.stderr)
        return 2
    results = measure(rows, contenders, options.rounds, options.seconds, options.most_seconds, print)
    names = [contender.name for contender in contenders]
    against = options.against if options.against in names else names[0]
    parts = [
        f"Measured with `python tests/benchmarks/compare.py` on {machine()}.",
        f"In the first table, a number says how many times as fast as {against}: the median over the rounds, with the "
        f"quartiles.",
        results_table(results, names, against),
    ]
    if not options.rows and not options.only:
        parts.append(footprint_table(measure_footprints(min(options.rounds, MOST_IMPORTS))))
    text = "\n\n".join(parts)
    print(text)
    for line in filter(None, (goal.line(results) for goal in GOALS)):
        print(line)
    print(f"took {time.perf_counter() - start:.0f} s")
    if any(result.disagreements for result in results):
        print("nothing is written, for not all do the same work", file=sys.stderr)
        return 1
    if options.write or not (options.rows or options.only):
        write_between_markers(ROOT / "README.md", text)
        draw([result for result in results if result.row.kind == "training"], PICTURE)
        print(f"written to README.md and {PICTURE.relative_to(ROOT)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=[], metavar="TEXT", help="only rows with this in their name")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only contenders with this in their name")
    parser.add_argument("--against", default="torch", metavar="NAME", help="the contender that is 1 (default: torch)")
    parser.add_argument("--rounds", type=int, default=11, help="how often each contender runs (default: 11)")
    parser.add_argument("--seconds", type=float, default=0.1, help="how long a round should take (default: 0.1)")
    parser.add_argument(
        "--most-seconds", type=float, default=30, help="after which a row has no more rounds (default: 30)"
    )
    parser.add_argument("--write", action="store_true", help="write the table and the picture of some rows, too")
    return parser


def _is_chosen(name: str, texts: list[str]) -> bool:
    return not texts or any(text in name for text in texts)


if __name__ == "__main__":
    sys.exit(main())

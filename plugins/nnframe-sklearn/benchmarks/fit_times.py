"""Fit time over that of scikit-learn's MLP, on the data sets of against_mlp.py.

    python plugins/nnframe-sklearn/benchmarks/fit_times.py [--rounds 5] [--seeds 5] [--kind defaults] [--threads one]
                                                           [--only iris,penguins] [--seconds 150]

All estimators are fitted in turn, with the same seeds, and again in each round. What counts is the shortest of the
fits with a seed, added up over the seeds: a program that disturbs one fit changes nothing. ``--threads all`` leaves
BLAS as many threads as there are processors, and then seconds are counted; ``--threads one`` counts those of the
processor. After ``--seconds``, no further round begins.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import defaultdict
from contextlib import nullcontext
from typing import Any

from against_mlp import BUNDLED, HELD_OUT, TABLES, estimators, load
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

NAMES = [*BUNDLED, *TABLES, *HELD_OUT]


def main() -> None:
    """Print a line for each data set."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kind", choices=("defaults", "alike"), default="defaults")
    parser.add_argument("--threads", choices=("one", "all"), default="one")
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--seconds", type=float, default=150.0)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    clock = time.process_time if options.threads == "one" else time.perf_counter
    shortest: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    data = {name: load(name) for name in options.only.split(",")}
    end, rounds = time.perf_counter() + options.seconds, 0
    with threadpool_limits(1) if options.threads == "one" else nullcontext():
        while rounds < options.rounds and time.perf_counter() < end:
            for name, (X, y, is_class) in data.items():
                for seed in range(options.seeds):
                    parts = train_test_split(X, y, random_state=seed, stratify=y if is_class else None)
                    for kind, who, estimator in estimators(is_class, seed, len(parts[0])):
                        if kind == options.kind:
                            seconds = shortest[name, who]
                            seconds[seed] = min(seconds.get(seed, float("inf")), timed(clock, estimator, parts))
            rounds += 1
    print(f"{options.kind}, {options.threads} BLAS thread(s), {options.seeds} seeds, {rounds} rounds")
    print(f"{'':10} | scikit-learn, s | over that: drop-in, nn, nn with one epoch")
    for name in data:
        total = sum(shortest[name, "scikit-learn"].values())
        others = [who for who in ("drop-in", "nn", "one epoch") if (name, who) in shortest]
        ratios = " | ".join(f"{sum(shortest[name, who].values()) / total:5.2f}" for who in others)
        print(f"{name:10} | {total / options.seeds:15.4f} | {ratios} |")


def timed(clock: Any, estimator: Any, parts: Any) -> float:
    """Return how long a fit takes."""
    start: float = clock()
    estimator.fit(parts[0], parts[2])
    return float(clock() - start)


if __name__ == "__main__":
    main()

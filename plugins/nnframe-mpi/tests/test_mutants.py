"""The comparison with one process notices mistakes that are easily made."""

import numpy as np
import pytest
from cases import train

MUTANTS = {
    "mean_of_means": "uneven shares and a smaller last batch",
    "local_positions": "dropout",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mistake_is_noticed(run_job, mutant):
    expected, _ = train(MUTANTS[mutant], "numpy")
    weights = run_job("mutants.py", 2, mutant, MUTANTS[mutant])[0]
    assert max(np.abs(mine - wanted).max() for mine, wanted in zip(weights, expected, strict=True)) > 1e-6

"""The shares can be computed by the compiled engine."""

import numpy as np
import pytest
from cases import train

pytest.importorskip("nnframe_numba")


def test_the_weights_are_those_of_one_process(run_job):
    first, second = run_job("train_numba.py", 2)
    for name, weights in first.items():
        assert all(map(np.array_equal, weights, second[name]))
        for mine, wanted in zip(weights, train(name, "numpy")[0], strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-12, atol=1e-12)

"""The engine keeps its contract on one, two and three processes."""

import pytest


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_engine_passes_all_checks(run_job, n):
    for results in run_job("check_engine.py", n):
        assert [each for each in results if each[1] == "failed"] == []
        assert sum(each[1] == "passed" for each in results) >= 15

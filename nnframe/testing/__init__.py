"""The test kit for plugin authors: does a plugin keep its contract, and is its gradient right?

In a test file of the distribution:

    import nnframe.testing

    @nnframe.testing.parametrize_plugin_checks("my-distribution")
    def test_plugin(check):
        check()
"""

from nnframe.testing.kit import (
    check_activation,
    check_engine,
    check_loss,
    check_metric,
    check_optimizer,
    check_schedule,
    run_checks,
)
from nnframe.testing.outcome import CheckFailure, CheckResult, CheckWarning
from nnframe.testing.parametrize import parametrize_plugin_checks

__all__ = [
    "CheckFailure",
    "CheckResult",
    "CheckWarning",
    "check_activation",
    "check_engine",
    "check_loss",
    "check_metric",
    "check_optimizer",
    "check_schedule",
    "parametrize_plugin_checks",
    "run_checks",
]

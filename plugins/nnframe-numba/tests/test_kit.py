"""The engine keeps its contract."""

import nnframe.testing


@nnframe.testing.parametrize_plugin_checks("nnframe-numba")
def test_the_engine_agrees_with_the_reference(check):
    check()

"""nnframe's checks of all that this distribution provides."""

import nnframe.testing


@nnframe.testing.parametrize_plugin_checks("nnframe-zoo")
def test_plugin(check):
    check()

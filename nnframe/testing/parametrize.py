"""The kit as pytest tests, one per check."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from nnframe.contracts.plugin import Plugin
from nnframe.testing.kit import BoundCheck, checks_of, plugins_meant_by
from nnframe.testing.outcome import CheckSkipped, CheckWarning


def parametrize_plugin_checks(*plugins: str | Plugin) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that makes every check of every plugin a named pytest test.

    Parameters
    ----------
    *plugins : str or Plugin
        Distributions, which mean all that they provide; names; or objects.

    Raises
    ------
    UnknownNameError
        If nothing has such a name: install the distribution first, as with ``pip install -e .``.
    CheckFailure
        If a distribution's plugin can't be loaded.

    Examples
    --------
    >>> @parametrize_plugin_checks("relu")
    ... def test_plugin(check):
    ...     check()
    """
    import pytest

    def as_test(check: BoundCheck) -> Callable[[], None]:
        def run() -> None:
            __tracebackhide__ = True
            try:
                check()
            except CheckSkipped as skipped:
                pytest.skip(str(skipped))
            except CheckWarning as warning:
                warnings.warn(warning, stacklevel=2)

        return run

    found = [plugin for each in plugins for plugin in plugins_meant_by(each)]
    return pytest.mark.parametrize(
        "check",
        [
            pytest.param(as_test(check), id=f"{plugin.spec}-{name}")
            for plugin in found
            for name, check in checks_of(plugin).items()
        ],
    )

"""Fixtures for the tests of plugins; import what you use into a conftest.py:

from nnframe.testing.fixtures import register_plugin
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from nnframe import registry


@pytest.fixture
def register_plugin() -> Iterator[Callable[..., None]]:
    """Return `nnframe.registry.register`, whose plugins are taken back at the end of the test.

    def test_a_net_learns_with_it(register_plugin):
        register_plugin(my_activation)
        net = nnframe.nNet.from_sizes([2, 3, 1], ["my_activation", None])
    """
    with ExitStack() as stack:

        def register(plugin: object, name: str | None = None) -> None:
            stack.enter_context(registry.temporarily(plugin, name))

        yield register

"""A fixture as authors import it."""

from nnframe.testing.fixtures import register_plugin

__all__ = ["register_plugin"]

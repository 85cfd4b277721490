"""Real data that ships with nnframe."""

from nnframe.datasets.digits import Split, load_digits

__all__ = ["Split", "load_digits"]

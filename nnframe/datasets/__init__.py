"""Real data that ships with nnframe, and targets from class labels."""

from nnframe.datasets.digits import Split, load_digits
from nnframe.datasets.labels import one_hot

__all__ = ["Split", "load_digits", "one_hot"]

"""Tables: from rows with named columns, numbers, categories and gaps to a trained net, and on to predictions.

>>> import nnframe.table
>>> table = nnframe.table.read({"hours": [1, 2, 3, 4, 5, 6] * 3, "passed": ["no", "no", "no", "yes", "yes", "yes"] * 3},
...                            target="passed")
>>> print(table.target)
classification of 'passed' into 2 classes: no, yes
>>> table.columns.input_names
('hours',)
"""

from nnframe_table.column import Boolean, Category, Numeric
from nnframe_table.columns import Columns
from nnframe_table.dataset import Table, read
from nnframe_table.model import Model, load
from nnframe_table.predictions import write_predictions
from nnframe_table.sharded import read_shards
from nnframe_table.target import Classification, Regression

__all__ = [
    "Boolean",
    "Category",
    "Classification",
    "Columns",
    "Model",
    "Numeric",
    "Regression",
    "Table",
    "load",
    "read",
    "read_shards",
    "write_predictions",
]

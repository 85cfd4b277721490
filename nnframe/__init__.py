"""Feed-forward neural networks in numpy, with every activation and loss a plugin found by name.

>>> import nnframe
>>> net = nnframe.nNet.from_sizes([2, 8, 1], ["tanh", "sigmoid"])
>>> xor = [([[0], [0]], [[0]]), ([[0], [1]], [[1]]), ([[1], [0]], [[1]]), ([[1], [1]], [[0]])]
>>> history = net.nEpochs(1000, xor, "mse", optimizer="adam(learning_rate=0.01)")
>>> net.forwardPass([[0, 0, 1, 1], [0, 1, 0, 1]], return_all_steps=False).round().tolist()
[[0.0, 1.0, 1.0, 0.0]]
"""

import importlib
from typing import TYPE_CHECKING, Any

from nnframe import registry
from nnframe.activation import Activation
from nnframe.arrays import Array
from nnframe.callback import Callback
from nnframe.data import Pairs, pairs
from nnframe.engine import Engine, Epoch, TrainingTask
from nnframe.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    DerivativeError,
    DivergenceError,
    EngineError,
    MissingDependencyError,
    ModelFileError,
    NameConflictError,
    NNFrameError,
    PluginError,
    RegistrationError,
    ShapeError,
    UnknownNameError,
)
from nnframe.fused import Fused
from nnframe.history import History
from nnframe.hookspecs import hookimpl
from nnframe.layer import denseLayer
from nnframe.loss import Loss
from nnframe.metric import Metric
from nnframe.network import nNet
from nnframe.optimizer import Optimizer
from nnframe.saving import load
from nnframe.schedule import Schedule
from nnframe.version import __version__

__all__ = [
    "Activation",
    "ArgumentError",
    "ArgumentTypeError",
    "Array",
    "Callback",
    "DataError",
    "DerivativeError",
    "DivergenceError",
    "Engine",
    "EngineError",
    "Epoch",
    "Fused",
    "History",
    "Loss",
    "Metric",
    "MissingDependencyError",
    "ModelFileError",
    "NNFrameError",
    "NameConflictError",
    "Optimizer",
    "Pairs",
    "PluginError",
    "RegistrationError",
    "Schedule",
    "ShapeError",
    "TrainingTask",
    "UnknownNameError",
    "__version__",
    "callbacks",
    "datasets",
    "denseLayer",
    "hookimpl",
    "load",
    "nNet",
    "pairs",
    "plot",
    "registry",
    "table",
]

if TYPE_CHECKING:
    from nnframe import callbacks, datasets, plot, table
else:
    IMPORTED_LATE = ("callbacks", "datasets", "plot", "table")

    def __getattr__(name: str) -> Any:
        # Whoever only trains a net or runs it doesn't wait for what follows it, draws it or has data.
        if name in IMPORTED_LATE:
            return importlib.import_module(f"nnframe.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *IMPORTED_LATE})

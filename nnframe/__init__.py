"""Feed-forward neural networks in numpy, with every activation and loss a plugin found by name.

>>> import nnframe
>>> net = nnframe.nNet.from_sizes([2, 8, 1], ["tanh", "sigmoid"])
>>> xor = [([[0], [0]], [[0]]), ([[0], [1]], [[1]]), ([[1], [0]], [[1]]), ([[1], [1]], [[0]])]
>>> history = net.nEpochs(1000, xor, "mse", optimizer="adam(learning_rate=0.01)")
>>> net.forwardPass([[0, 0, 1, 1], [0, 1, 0, 1]], return_all_steps=False).round().tolist()
[[0.0, 1.0, 1.0, 0.0]]
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from nnframe import registry
from nnframe.arrays import Array
from nnframe.contracts.activation import Activation
from nnframe.contracts.callback import Callback
from nnframe.contracts.engine import Engine, Epoch, TrainingTask
from nnframe.contracts.format import Format
from nnframe.contracts.fused import Fused
from nnframe.contracts.hookspecs import hookimpl
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.schedule import Schedule
from nnframe.data import Pairs, pairs
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
from nnframe.history import History
from nnframe.layer import denseLayer
from nnframe.loading import load, load_with_metadata
from nnframe.network import nNet
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
    "Format",
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
    "load_with_metadata",
    "nNet",
    "pairs",
    "registry",
]

if TYPE_CHECKING:
    from nnframe import callbacks, datasets

    plot: Any
    table: Any
else:
    # Imported on first use, so that a program that only trains or runs a net pays nothing for them.
    _SUBMODULES = ("callbacks", "datasets")
    # Not in __all__: ``from nnframe import *`` must work without these distributions.
    _DISTRIBUTIONS = {"plot": "nnframe_plot", "table": "nnframe_table"}

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return importlib.import_module(f"nnframe.{name}")
        if name in _DISTRIBUTIONS:
            return _module_of_distribution(name, _DISTRIBUTIONS[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def _module_of_distribution(name: str, module: str) -> Any:
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            distribution = module.replace("_", "-")
            raise MissingDependencyError(
                f"nnframe.{name} comes with {distribution}, which is not installed: pip install {distribution}"
            ) from None

    def __dir__() -> list[str]:
        installed = [name for name, module in _DISTRIBUTIONS.items() if importlib.util.find_spec(module)]
        return sorted([*__all__, *installed])

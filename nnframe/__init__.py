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

from nnframe.version import __version__

if TYPE_CHECKING:
    from nnframe import callbacks, datasets, registry, testing
    from nnframe.arrays import Array
    from nnframe.builtins.shortcuts import floored
    from nnframe.contracts.activation import Activation
    from nnframe.contracts.callback import Callback
    from nnframe.contracts.command import Command
    from nnframe.contracts.engine import Engine, Epoch, TrainingTask
    from nnframe.contracts.format import Format
    from nnframe.contracts.fused import Fused
    from nnframe.contracts.learned import Learned
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.markers import hookimpl
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Converged, Optimizer
    from nnframe.contracts.reader import Reader, TrainingData
    from nnframe.contracts.schedule import Schedule
    from nnframe.data import Pairs, pairs
    from nnframe.datasets.labels import one_hot
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
    )  # fmt: skip
    from nnframe.formula.rules import rule
    from nnframe.history import History
    from nnframe.layer import denseLayer
    from nnframe.loading import load, load_with_metadata
    from nnframe.many import Ensemble, Job, JobResult, train_many
    from nnframe.network import nNet

    plot: Any
    table: Any

__all__ = [
    "Activation", "ArgumentError", "ArgumentTypeError", "Array", "Callback", "Command", "Converged", "DataError",
    "DerivativeError", "DivergenceError", "Engine", "EngineError", "Ensemble", "Epoch", "Format", "Fused", "History",
    "Job", "JobResult", "Learned", "Loss", "Metric", "MissingDependencyError", "ModelFileError", "NNFrameError",
    "NameConflictError", "Optimizer", "Pairs", "PluginError", "Reader", "RegistrationError", "Schedule", "ShapeError",
    "TrainingData", "TrainingTask", "UnknownNameError", "__version__", "callbacks", "datasets", "denseLayer", "floored",
    "hookimpl", "load", "load_with_metadata", "nNet", "one_hot", "pairs", "registry", "rule", "testing", "train_many",
]  # fmt: skip

# Which module has which names. It is imported when one of them is first used, so that "import nnframe" takes no time,
# and "nnframe --help" needs no numpy.
_NAMES = {
    "arrays": "Array",
    "builtins.shortcuts": "floored",
    "contracts.activation": "Activation",
    "contracts.callback": "Callback",
    "contracts.command": "Command",
    "contracts.engine": "Engine Epoch TrainingTask",
    "contracts.format": "Format",
    "contracts.fused": "Fused",
    "contracts.learned": "Learned",
    "contracts.markers": "hookimpl",
    "contracts.loss": "Loss",
    "contracts.metric": "Metric",
    "contracts.optimizer": "Converged Optimizer",
    "contracts.reader": "Reader TrainingData",
    "contracts.schedule": "Schedule",
    "data": "Pairs pairs",
    "datasets.labels": "one_hot",
    "errors": "ArgumentError ArgumentTypeError DataError DerivativeError DivergenceError EngineError "
    "MissingDependencyError ModelFileError NameConflictError NNFrameError PluginError RegistrationError ShapeError "
    "UnknownNameError",
    "formula.rules": "rule",
    "history": "History",
    "layer": "denseLayer",
    "loading": "load load_with_metadata",
    "many": "Ensemble Job JobResult train_many",
    "network": "nNet",
}
_MODULE_OF = {name: f"nnframe.{module}" for module, names in _NAMES.items() for name in names.split()}
_SUBMODULES = ("callbacks", "datasets", "registry", "testing")
# Not in __all__: "from nnframe import *" must work without these distributions.
_DISTRIBUTIONS = {"plot": "nnframe_plot", "table": "nnframe_table"}

if not TYPE_CHECKING:
    # Hidden from type checkers, which would take any name for one that exists.
    def __getattr__(name: str) -> Any:
        if name in _MODULE_OF:
            value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        elif name in _SUBMODULES:
            value = importlib.import_module(f"nnframe.{name}")
        elif name in _DISTRIBUTIONS:
            value = _module_of_distribution(name, _DISTRIBUTIONS[name])
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Not asked for again: from now on the name is found as any other.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    # Needed by interactive use alone.
    from importlib.util import find_spec

    installed = [name for name, module in _DISTRIBUTIONS.items() if find_spec(module)]
    return sorted([*__all__, *installed])


def _module_of_distribution(name: str, module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
    from nnframe.errors import MissingDependencyError

    distribution = module.replace("_", "-")
    raise MissingDependencyError(
        f"nnframe.{name} comes with {distribution}, which is not installed: pip install {distribution}"
    )

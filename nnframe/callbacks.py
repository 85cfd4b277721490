"""Callbacks as objects: ``net.nEpochs(..., callbacks=[nnframe.callbacks.EarlyStopping(monitor="accuracy")])``.

A callback is any object with a method for a hook of a run; callbacks are called in the order of the list.
`nnframe.training.run.TrainingRun` lists what they can read and do:

>>> import nnframe
>>> class Stopwatch:
...     @nnframe.hookimpl
...     def nnframe_train_end(self, run):
...         print(f"{run.epoch} epochs of {run.n_epochs}")
>>> net = nnframe.nNet.from_sizes([1, 1])
>>> history = net.nEpochs(3, [([[0]], [[1]])], "mse", 0.1, callbacks=[Stopwatch()])
3 epochs of 3
"""

from nnframe.builtins.callbacks.checkpoint import Checkpoint
from nnframe.builtins.callbacks.csv_log import CSVLog
from nnframe.builtins.callbacks.early_stopping import EarlyStopping
from nnframe.builtins.callbacks.progress import ProgressBar
from nnframe.builtins.callbacks.reduce_on_plateau import ReduceOnPlateau
from nnframe.builtins.callbacks.tensorboard_log import TensorBoardLog

__all__ = ["CSVLog", "Checkpoint", "EarlyStopping", "ProgressBar", "ReduceOnPlateau", "TensorBoardLog"]

"""Objects that follow a training run: ``net.nEpochs(..., callbacks=["progress", EarlyStopping(monitor="accuracy")])``.

They are called in the order of the list. One of your own is any object with a method for a hook of a run; all that it
may ask and do is in `nnframe.training.run.TrainingRun`:

>>> import nnframe
>>> class Stopwatch:
...     @nnframe.hookimpl
...     def nnframe_train_end(self, run):
...         print(f"{run.epoch} epochs of {run.n_epochs}")
>>> net = nnframe.nNet.from_sizes([1, 1])
>>> history = net.nEpochs(3, [([[0]], [[1]])], "mse", 0.1, callbacks=[Stopwatch()])
3 epochs of 3
"""

from nnframe.callbacks.checkpoint import Checkpoint
from nnframe.callbacks.csv_log import CSVLog
from nnframe.callbacks.early_stopping import EarlyStopping
from nnframe.callbacks.progress import ProgressBar
from nnframe.callbacks.tensorboard_log import TensorBoardLog

__all__ = ["CSVLog", "Checkpoint", "EarlyStopping", "ProgressBar", "TensorBoardLog"]

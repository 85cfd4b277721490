"""Follow a run and act on it with callbacks: built-in ones by name, and one of your own.

A callback is an object with a method for each hook that it wants: nnframe_train_start, nnframe_epoch_end,
nnframe_train_end. `run` has the epoch, the history and the weights, and can stop the run.
"""

from pathlib import Path

import nnframe
from nnframe.callbacks import CSVLog, EarlyStopping


class StopWhenGoodEnough:
    """Stops at an accuracy."""

    def __init__(self, accuracy):
        self.accuracy = accuracy

    @nnframe.hookimpl
    def nnframe_epoch_end(self, run):
        latest = run.history.metrics["accuracy"][-1]
        print(f"epoch {run.epoch}: accuracy {latest:.3f}")
        if latest >= self.accuracy:
            run.stop(f"an accuracy of {latest:.3f} is good enough")


train, test = nnframe.datasets.load_digits()
net = nnframe.nNet.from_sizes([64, 32, 10], ["relu", "softmax"], seed=0)
history = net.nEpochs(
    100,
    train,
    "cel",
    batch_size=32,
    optimizer="adam",
    validation=test,
    metrics=["accuracy"],
    callbacks=[StopWhenGoodEnough(0.93), EarlyStopping(patience=5), CSVLog("log.csv")],
)
print("stopped:", history.stopped)
print("the last line of log.csv:", Path("log.csv").read_text().splitlines()[-1])

"""Save a net and load it again, and go on with a run that was cut short.

A file holds the layers and the names of their activations, and nothing that could be executed. A checkpoint also holds
the state of the run: resumed, it ends with the same weights, bit for bit, as a run that was never stopped.
"""

import numpy as np

import nnframe
from nnframe.callbacks import Checkpoint

train, test = nnframe.datasets.load_digits()


def new_net():
    return nnframe.nNet.from_sizes([64, 32, 10], ["relu", "softmax"], seed=0)


net = new_net()
net.nEpochs(10, train, "cel", learning_rate=0.2, batch_size=32)
net.save("digits.nnf")
same = nnframe.load("digits.nnf")
print("same outputs:", np.array_equal(net.predict(test.X), same.predict(test.X)))


class PowerCut:
    @nnframe.hookimpl
    def nnframe_epoch_end(self, run):
        if run.epoch == 4:
            raise KeyboardInterrupt


settings = {"batch_size": 32, "optimizer": "adam", "shuffle": True, "seed": 0}
try:
    new_net().nEpochs(10, train, "cel", callbacks=[Checkpoint("run.nnf"), PowerCut()], **settings)
except KeyboardInterrupt:
    print("the power failed in epoch 4")

resumed, uninterrupted = new_net(), new_net()
resumed.nEpochs(10, train, "cel", callbacks=[Checkpoint("run.nnf")], **settings)
uninterrupted.nEpochs(10, train, "cel", **settings)
print("same weights:", np.array_equal(resumed.layersList[0].linear, uninterrupted.layersList[0].linear))

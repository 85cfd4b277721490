"""Build a net layer by layer and train it on handwritten digits.

denseLayer and nNet are all there is: a layer has the matrix `linear`, the column `bias` and an activation's name, and
a net is a list of layers. forwardPass returns the input and the output of every layer.
"""

import numpy as np

import nnframe
from nnframe import denseLayer, nNet

train, test = nnframe.datasets.load_digits()

rng = np.random.default_rng(0)
hidden = denseLayer(rng.normal(scale=0.2, size=(32, 64)), bias=np.zeros((32, 1)), activation="relu")
last = denseLayer(rng.normal(scale=0.2, size=(10, 32)), bias=np.zeros((10, 1)), activation="softmax")
net = nNet([hidden, last])

# One pass over the data, with an update after each batch of 32 samples.
net.backprop(train, "cel", learning_rate=0.2, batch_size=32)
print("accuracy after 1 epoch:", np.mean(net.predict(test.X).argmax(axis=1) == test.Y.argmax(axis=1)).round(3))

# Twenty more.
net.nEpochs(20, train, "cel", learning_rate=0.2, batch_size=32)
print("accuracy after 21 epochs:", np.mean(net.predict(test.X).argmax(axis=1) == test.Y.argmax(axis=1)).round(3))

# One image, as a column of 64 pixels, through the layers.
x = test.X[0].reshape(-1, 1)
for step in net.forwardPass(x):
    print("a column of shape", step.shape)
print("the digit is a", test.Y[0].argmax(), "and the net says", net.forwardPass(x, return_all_steps=False).argmax())

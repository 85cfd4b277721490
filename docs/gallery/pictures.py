"""Draw a run, a confusion matrix, and what is inside a net. Needs nnframe-plot.

Every function returns the matplotlib axes it drew on.
"""

import matplotlib

matplotlib.use("agg")

import nnframe

train, test = nnframe.datasets.load_digits()
net = nnframe.nNet.from_sizes([64, 32, 10], ["relu", "softmax"], seed=0)
history = net.nEpochs(15, train, "cel", learning_rate=0.2, batch_size=32, validation=test)

nnframe.plot.loss_curve(history).figure.savefig("losses.png")
nnframe.plot.confusion_matrix(net, test).figure.savefig("confusion.png")
nnframe.plot.activation_histograms(net, test)[0].figure.savefig("activations.png")
print("losses.png, confusion.png and activations.png written")

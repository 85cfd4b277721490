"""Predict how sure a prediction is: a loss with two outputs for each target, a mean and the logarithm of a scale.

The loss says how many outputs it wants, and how the prediction, the mean and the scale are read from them. nnframe-zoo
has it as gaussian_nll, besides quantiles and mixtures.
"""

import numpy as np

import nnframe
from nnframe import Loss


def negative_log_likelihood(a, y):
    mean, log_scale = a
    return (log_scale + ((y - mean) * np.exp(-log_scale)) ** 2 / 2).mean(axis=0)


normal = Loss(
    "normal",
    negative_log_likelihood,
    outputs=2,
    point=lambda a: a[0],
    distribution=lambda a: (a[0], np.exp(a[1])),
    doc="normal: log s + ((y - m) / s)^2 / 2. Source: C. Bishop, Pattern Recognition and Machine Learning, 2006.",
)

# The farther to the right, the noisier.
rng = np.random.default_rng(0)
x = rng.uniform(0, 1, (2000, 1))
y = np.sin(6 * x) + (0.05 + 0.45 * x) * rng.normal(size=x.shape)

net = nnframe.nNet.from_sizes([1, 32, 2], ["tanh", None], seed=0)
net.nEpochs(
    100, nnframe.pairs(x, y), normal, batch_size=32, optimizer="adam(learning_rate=0.01)", schedule="cosine",
    shuffle=True, seed=0,
)  # fmt: skip
for at in (0.2, 0.5, 0.8):
    mean, scale = net.predict_dist([[at]])
    print(f"x = {at}: {mean.item():.2f} +- {scale.item():.2f}, true are {np.sin(6 * at):.2f} +- {0.05 + 0.45 * at:.2f}")

"""Use a loss of your own: the value per sample is enough, and nnframe works out the gradient.

`value` takes outputs a and targets y, arrays of shape (n, B) with one sample per column, and returns B numbers.
"""

import numpy as np

import nnframe
from nnframe import Loss

# The pinball loss is smallest at a quantile of the targets, not at their mean.
pinball = Loss(
    "pinball_loss",
    value=lambda a, y, q: np.maximum(q * (y - a), (q - 1) * (y - a)).mean(axis=0),
    params={"q": 0.5},
    doc="pinball_loss: max(q (y - a), (q - 1) (y - a)). Source: R. Koenker and G. Bassett, Econometrica 1978.",
)
nnframe.registry.register(pinball)

# Travel times: seldom early, often late.
rng = np.random.default_rng(0)
hours = rng.uniform(0, 24, 2000).reshape(-1, 1)
minutes = 20 + 5 * np.sin(hours / 24 * 2 * np.pi) + rng.exponential(4, hours.shape)
data = nnframe.pairs(hours / 12 - 1, minutes / 20)

for q in [0.1, 0.5, 0.9]:
    net = nnframe.nNet.from_sizes([1, 16, 1], ["tanh", None], seed=0)
    net.nEpochs(
        100, data, f"pinball_loss(q={q})", batch_size=32, optimizer="adam(learning_rate=0.01)", schedule="cosine",
        shuffle=True, seed=0,
    )  # fmt: skip
    in_time = np.mean(net.predict(data.X) >= data.Y)
    print(f"q = {q}: {in_time:.0%} of the trips take no longer than predicted")

"""Use an activation of your own: write the formula, and nnframe works out the derivative.

A registered name works wherever a built-in name does, with parameters too. In a package, an entry point takes the place
of `register`: see plugins/README.md.
"""

import numpy as np

import nnframe
from nnframe import Activation

snake = Activation(
    "snake",
    forward=lambda z, a: z + np.sin(a * z) ** 2 / a,
    params={"a": 1.0},
    doc="snake: z + sin(a z)^2 / a, for periodic functions. Source: L. Ziyin et al., NeurIPS 2020.",
)
nnframe.registry.register(snake)

# The net sees some periods of a wave, and has to go on beyond them.
seen, beyond = np.linspace(-9, 9, 400).reshape(-1, 1), np.linspace(9, 11, 50).reshape(-1, 1)
wave, rest = nnframe.pairs(seen, np.sin(2 * seen)), nnframe.pairs(beyond, np.sin(2 * beyond))

for activation in ["tanh", "snake(a=2)"]:
    net = nnframe.nNet.from_sizes([1, 32, 1], [activation, None], seed=0)
    net.nEpochs(200, wave, "mse", batch_size=16, optimizer="adam(learning_rate=0.01)", shuffle=True, seed=0)
    print(f"{activation}: loss {net.evaluate(wave, 'mse')['loss']:.3f}, beyond {net.evaluate(rest, 'mse')['loss']:.3f}")

# Does the derivative match? The test kit for plugin authors checks it, and much more.
nnframe.testing.check_activation(snake)
print("snake passes the test kit")

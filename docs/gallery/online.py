"""Learn from a stream, one observation at a time, and predict before each.

A trainer makes one update per step and keeps the optimizer's state in between. The stream changes in the middle, and
the net follows.
"""

import numpy as np

import nnframe

rng = np.random.default_rng(0)
net = nnframe.nNet.from_sizes([3, 16, 1], ["tanh", None], seed=0)
trainer = net.trainer("mse", optimizer="adam(learning_rate=0.005)")


def stream(n):
    """Yield pairs of columns, from a rule that turns into its opposite half way."""
    for i in range(n):
        x = rng.normal(size=(3, 1))
        sign = 1 if i < n // 2 else -1
        yield x, sign * np.sin(x[:1] + x[1:2])


errors = []
for x, y in stream(20_000):
    guess = net.forwardPass(x, return_all_steps=False)
    errors.append(float(((guess - y) ** 2).item()))
    trainer.step(x, y)

for start in range(0, 20_000, 2500):
    print(f"steps {start:>6} to {start + 2500}: mean squared error {np.mean(errors[start : start + 2500]):.3f}")

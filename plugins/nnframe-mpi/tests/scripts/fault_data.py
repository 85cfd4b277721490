"""Data that runs with faults are trained on."""

import numpy as np

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 4)), rng.normal(size=(40, 2))

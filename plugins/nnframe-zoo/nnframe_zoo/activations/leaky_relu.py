"""leaky_relu: relu with a small slope below 0, so that no unit stops learning for good.

a = z where z > 0, alpha z elsewhere, and da/dz = 1 where z > 0, else alpha, at the kink too. Both pieces are linear:
there is nothing to overflow. With alpha = 0 it is relu.

Source: A. Maas, A. Hannun and A. Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013
workshop on deep learning for audio, speech and language processing.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, alpha: float) -> Array:
    """Return z where z > 0, else alpha z."""
    return np.where(z > 0, z, alpha * z)


leaky_relu = Activation("leaky_relu", forward, params={"alpha": 0.01}, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return leaky_relu."""
    return [leaky_relu]

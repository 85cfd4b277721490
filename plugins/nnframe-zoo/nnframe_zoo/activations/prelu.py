"""prelu: relu with a slope below 0 that is learned, one for each layer or for each output.

a = z where z > 0, alpha z elsewhere, and da/dalpha = min(z, 0). As its authors advise, the penalties l1 and l2 leave
alpha alone: they would push it to 0, and prelu to relu. ``layer.parameters = {"alpha": column}`` gives each output a
slope of its own.

Source: K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, Learned, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array, alpha: Array) -> Array:
    """Return z where z > 0, else alpha z."""
    return np.where(z > 0, z, alpha * z)


prelu = Activation(
    "prelu",
    forward,
    params={"alpha": 0.25},
    learned={"alpha": Learned(penalized=False)},
    init="he",
    a_domain="real",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return prelu."""
    return [prelu]

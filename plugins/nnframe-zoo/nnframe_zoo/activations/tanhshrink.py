"""tanhshrink: what tanh leaves of z.

a = z - tanh(z), and da/dz = tanh(z)^2. numpy's tanh is stable everywhere. Near 0, where a is about z^3 / 3, the
difference has the absolute accuracy of z, not the relative accuracy of a.

Source: R. Collobert, K. Kavukcuoglu and C. Farabet, "Torch7: a Matlab-like environment for machine learning", BigLearn
workshop, NIPS 2011.
"""

from __future__ import annotations

import numpy as np

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array


def forward(z: Array) -> Array:
    """Return z - tanh(z)."""
    a: Array = z - np.tanh(z)
    return a


tanhshrink = Activation("tanhshrink", forward, a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return tanhshrink."""
    return [tanhshrink]

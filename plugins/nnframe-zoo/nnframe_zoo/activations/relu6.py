"""relu6: relu that stops at 6, for arithmetic with few bits.

a = min(max(z, 0), 6), and da/dz = 1 where 0 < z < 6, else 0, at both kinks too. It is hardtanh between 0 and 6.

Source: A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo.activations import hardtanh


def forward(z: Array) -> Array:
    """Return min(max(z, 0), 6)."""
    return hardtanh.forward(z, 0, 6)


relu6 = Activation("relu6", forward, init="he", a_domain="nonnegative", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return relu6."""
    return [relu6]

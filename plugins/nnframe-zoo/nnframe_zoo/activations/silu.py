"""silu: the sigmoid linear unit, z times its own sigmoid; also called swish with beta = 1.

a = z s(z) with s(z) = 1 / (1 + exp(-z)), and da/dz = s(z) (1 + z s(-z)).

s takes no exponential of a positive number, and s(-z) is 1 - s(z) without the cancellation.

Source: S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-weighted linear units for neural network function approximation in
reinforcement learning", Neural Networks 107 (2018) 3-11, arXiv:1702.03118.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._logistic import sigmoid


def forward(z: Array) -> Array:
    """Return z s(z)."""
    return z * sigmoid(z)


silu = Activation("silu", forward, init="he", a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return silu."""
    return [silu]

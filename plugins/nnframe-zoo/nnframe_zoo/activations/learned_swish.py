"""learned_swish: z times the sigmoid of beta z, with a beta that is learned, one for each layer.

a = z s(beta z) with s(x) = 1 / (1 + exp(-x)). It begins as silu, with beta = 1; as beta grows it becomes relu, and at 0
it is z / 2. da/dbeta is a (z - a).

Source: P. Ramachandran, B. Zoph and Q. Le, "Searching for activation functions", 2017, arXiv:1710.05941.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._logistic import sigmoid


def forward(z: Array, beta: Array) -> Array:
    """Return z s(beta z)."""
    return z * sigmoid(beta * z)


learned_swish = Activation(
    "learned_swish", forward, params={"beta": 1.0}, learned=("beta",), init="he", a_domain="real", doc=__doc__
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return learned_swish."""
    return [learned_swish]

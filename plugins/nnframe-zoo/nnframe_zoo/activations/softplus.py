"""softplus: a smooth relu, closer to it the larger beta is.

a = log(1 + exp(beta z)) / beta, and da/dz = s(beta z) with s(x) = 1 / (1 + exp(-x)); beta > 0.

With x = beta z, log(1 + exp(x)) is max(x, 0) + log1p(exp(-|x|)): nothing overflows, and log1p keeps what is left of
exp(x) in the lower tail. It is exact everywhere, so PyTorch's threshold, beyond which it returns z, isn't needed.

Source: C. Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NIPS 2000.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo._logistic import log1p_exp


def forward(z: Array, beta: float) -> Array:
    """Return log(1 + exp(beta z)) / beta."""
    return log1p_exp(beta * z) / beta


softplus = Activation(
    "softplus",
    forward,
    params={"beta": 1.0},
    limits={"beta": "(0, inf)"},
    init="he",
    a_domain="nonnegative",
    doc=__doc__,
)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return softplus."""
    return [softplus]

"""selu: elu scaled so that, layer after layer, the outputs tend to mean 0 and variance 1.

a = scale elu(z) and da/dz = scale elu'(z), with elu's alpha = 1.6732632423543772... and scale = 1.0507009873554805...,
the pair for which mean 0 and variance 1 is the fixed point. That point asks for weights of variance 1 / n_in, hence
init="glorot", which is that for layers of one width, and not "he", which is twice that. As stable as elu.

Source: G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, "Self-normalizing neural networks", NeurIPS 2017,
arXiv:1706.02515.
"""

from __future__ import annotations

from nnframe import Activation, hookimpl
from nnframe_zoo._array import Array
from nnframe_zoo.activations import elu

ALPHA = 1.6732632423543772848170429916717
SCALE = 1.0507009873554804934193349852946


def forward(z: Array) -> Array:
    """Return scale elu(z)."""
    return SCALE * elu.forward(z, ALPHA)


selu = Activation("selu", forward, a_domain="real", doc=__doc__)


@hookimpl
def nnframe_activations() -> list[Activation]:
    """Return selu."""
    return [selu]

"""Every test that asks for an activation or a loss runs once for each that is in the distribution."""

import pkgutil

import nnframe_zoo.activations
import nnframe_zoo.losses
import numpy as np
import pytest

from nnframe import registry


def names_in(package):
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


ACTIVATIONS = names_in(nnframe_zoo.activations)
LOSSES = names_in(nnframe_zoo.losses)


@pytest.fixture(params=ACTIVATIONS)
def activation(request):
    return registry.get("activation", f"nnframe-zoo/{request.param}")


# Those with several outputs for each target have tests of their own.
WITH_OUTPUTS = ["gaussian_nll", "mixture_nll", "quantile"]


@pytest.fixture(params=LOSSES)
def any_loss(request):
    return registry.get("loss", f"nnframe-zoo/{request.param}")


@pytest.fixture(params=[name for name in LOSSES if name not in WITH_OUTPUTS])
def loss(request):
    return registry.get("loss", f"nnframe-zoo/{request.param}")


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param

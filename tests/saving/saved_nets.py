"""Nets to save, and what to ask of them."""

import numpy as np
import pytest

import nnframe
from nnframe import Activation, ModelFileError, denseLayer, nNet
from nnframe.saving.files import read_file, write_file


def weights_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def same_bits(one, other):
    return [(a.dtype, a.shape, a.tobytes()) for a in one] == [(a.dtype, a.shape, a.tobytes()) for a in other]


def net_with(activation):
    return nNet([denseLayer([[1.0, 2.0]], 0.5, activation), denseLayer([[3.0]])])


def refused(path):
    with pytest.raises(ModelFileError) as caught:
        nnframe.load(path)
    assert str(caught.value).startswith(f"{path} can't be loaded: ")
    return str(caught.value)


def load_changed(path, change, net=None):
    """Save a net, change what its file says with the checksum made right, and return why it is refused."""
    (net or net_with("relu")).save(path)
    manifest, stored = read_file(path)
    change(manifest, stored)
    write_file(path, manifest, stored)
    return refused(path)


def activation_with(**changes):
    """Return a change of what a file says about the first activation."""
    return lambda manifest, stored: manifest["model"]["activations"][0].update(changes)


def swirl(z, turns, bend, flip):
    return np.sin(z * turns) * bend * (-1 if flip else 1)


def swirl_slope(z, turns, bend, flip):
    return np.cos(z * turns) * turns * bend * (-1 if flip else 1)


swirl_activation = Activation("swirl", swirl, swirl_slope, params={"turns": 1, "bend": 0.5, "flip": False})
line_activation = Activation("line", lambda z, bend: bend * z, lambda z, bend: bend + 0 * z, params={"bend": 1.5})

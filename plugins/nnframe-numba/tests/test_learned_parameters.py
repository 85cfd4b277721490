"""Learned parameters of activations and losses are trained in compiled code, as on numpy."""

import copy

import numpy as np
import pytest

from nnframe import Activation, Learned, Loss, nNet, pairs

RNG = np.random.default_rng(0)
prelu = Activation(
    "prelu",
    lambda z, alpha: np.where(z > 0, z, alpha * z),
    params={"alpha": 0.25},
    limits={"alpha": "[0.245, 0.255]"},
    learned={"alpha": Learned(per="output")},
)
swish = Activation("swish_", lambda z, beta: z / (1 + np.exp(-beta * z)), params={"beta": 1.0}, learned=("beta",))


def shares(z, sharpness, scale):
    powers = np.exp(sharpness * (z - z.max(axis=0)))
    return scale * powers / powers.sum(axis=0)


# One that mixes components, with a parameter that is not learned.
sharp = Activation("sharp", shares, params={"sharpness": 1.0, "scale": 2.0}, learned=("sharpness",))


def gaussian(a, y, scale, floor):
    width = scale**2 + floor
    return (np.square(a - y) / width + np.log(width)).sum(axis=0)


normal = Loss(
    "normal", gaussian, params={"scale": 1.0, "floor": 0.1}, learned=("scale",), limits={"scale": "[0.99, 1.01]"}
)
CASES = {
    "plain descent": ([4, 6, 3], [prelu, swish], normal, {"learning_rate": 0.05}),
    "an optimizer with all that goes before it": (
        [4, 6, 5, 3],
        [sharp, prelu, swish],
        normal,
        {
            "optimizer": "adam(learning_rate=0.02)", "l1": 0.01, "l2": 0.02, "clip_norm": 0.5, "dropout": 0.3,
            "layer_rates": [1, {"linear": 0, "bias": 0, "alpha": 2.0}, {"linear": 0.5, "beta": 0}],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sizes", "activations", "loss", "chosen"), CASES.values(), ids=CASES)
def test_epochs_and_steps_agree_with_numpy(sizes, activations, loss, chosen):
    X, Y, weights = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 3)), RNG.uniform(0.5, 2, 20)
    net = nNet.from_sizes(sizes, activations, seed=1)
    nets, losses = {"numba": net, "numpy": copy.deepcopy(net)}, []
    for engine, each in nets.items():
        settings = chosen | {"engine": engine, "seed": 2}
        history = each.nEpochs(2, pairs(X, Y), loss, batch_size=8, sample_weights=weights, **settings)
        trainer = each.trainer(loss, **settings)
        steps = [trainer.step(X[[i]].T, Y[[i]].T) for i in range(3)]
        scales = [*history.loss_parameters["scale"], float(trainer.loss_parameters["scale"])]
        assert scales[-1] in (0.99, 1.01) or "optimizer" in chosen
        losses.append([*history.loss, *scales, *steps])
    np.testing.assert_allclose(*losses, rtol=1e-12)
    for activation, layer, like in zip(activations, net.layersList, nets["numpy"].layersList, strict=True):
        np.testing.assert_allclose(layer.linear, like.linear, rtol=1e-12, atol=1e-12)
        for name, values in layer.parameters.items():
            np.testing.assert_allclose(values, like.parameters[name], rtol=1e-12)
            is_frozen = "layer_rates" in chosen and name == "beta"
            assert (values == activation.settings[name]).all() == is_frozen
            if activation is prelu:
                assert values.min() == 0.245 or values.max() == 0.255


def test_answers_see_learned_parameters_as_they_are():
    net = nNet.from_sizes([4, 6, 3], [prelu, sharp], seed=1)
    predictor, X = net.predictor("numba"), RNG.normal(size=(20, 4))
    for _ in range(2):
        np.testing.assert_allclose(predictor.rows(X), net.predict(X), rtol=1e-12)
        net.layersList[0].parameters["alpha"][...] = RNG.uniform(0, 0.255, (6, 1))
        net.layersList[1].parameters["sharpness"][...] = 0.5

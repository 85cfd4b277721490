"""Small cases worked out by hand, for what PyTorch lacks."""

import numpy as np
import pytest

from nnframe import nNet, registry


def column(*values):
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def loss_of(spec, a, y):
    loss = registry.get("loss", f"nnframe-zoo/{spec}")
    return loss.value(column(*a), column(*y), **loss.settings).item()


@pytest.mark.parametrize(
    ("z", "a"),
    [
        ((0.0, 0.0), (0.5, 0.5)),
        ((1.0, 0.5), (0.75, 0.25)),
        ((3.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        ((1.0, 0.75, -1.0), (0.625, 0.375, 0.0)),
        ((1e4, 1e4 - 0.5, 0.0), (0.75, 0.25, 0.0)),
    ],
)
def test_sparsemax_is_the_nearest_column_of_probabilities(z, a):
    np.testing.assert_allclose(registry.get("activation", "nnframe-zoo/sparsemax").forward(column(*z)), column(*a))


def test_sparsemax_takes_the_mean_off_the_gradient_of_the_components_that_it_keeps():
    sparsemax = registry.get("activation", "nnframe-zoo/sparsemax")
    z, grad = column(1, 0.75, -1), column(4, 2, 100)
    np.testing.assert_allclose(sparsemax.backward(grad, z, sparsemax.forward(z)), column(1, -1, 0))


def test_sparsemax_columns_sum_to_1():
    z = np.random.default_rng(2).normal(size=(20, 200)) * 3
    np.testing.assert_allclose(registry.get("activation", "nnframe-zoo/sparsemax").forward(z).sum(axis=0), 1)


@pytest.mark.parametrize(
    ("spec", "a", "y", "wanted"),
    [
        ("hinge", (0.5, 2.0), (1, 1), 0.25),
        ("hinge", (0.5, -2.0), (-1, 1), (1.5 + 3) / 2),
        ("squared_hinge", (0.5, -2.0), (-1, 1), (2.25 + 9) / 2),
        ("focal(gamma=1)", (0.5, 0.5), (1, 0), 0.5 * np.log(2)),
        ("focal(gamma=0)", (0.25, 0.75), (1, 0), np.log(4)),
        ("smoothed_cel(smoothing=0.5)", (0.5, 0.5), (1, 0), np.log(2)),
        ("smoothed_cel(smoothing=0.5)", (0.25, 0.75), (1, 0), 0.75 * np.log(4) - 0.25 * np.log(0.75)),
        ("cosine", (3.0, 4.0), (30.0, 40.0), 0.0),
        ("cosine", (3.0, 4.0), (-3.0, -4.0), 2.0),
        ("cosine", (3.0, 4.0), (4.0, -3.0), 1.0),
    ],
)
def test_a_loss_is_its_formula(spec, a, y, wanted):
    assert loss_of(spec, a, y) == pytest.approx(wanted, abs=1e-15)


def test_focal_with_gamma_0_and_smoothed_cel_with_smoothing_0_are_cel():
    rng = np.random.default_rng(3)
    a, y = rng.dirichlet(np.ones(5), size=7).T, rng.dirichlet(np.ones(5), size=7).T
    cel = registry.get("loss", "cel")
    for spec in ("focal(gamma=0)", "smoothed_cel(smoothing=0)"):
        loss = registry.get("loss", f"nnframe-zoo/{spec}")
        np.testing.assert_allclose(loss.value(a, y, **loss.settings), cel.value(a, y))
        np.testing.assert_allclose(loss.slope(a, y, **loss.settings), cel.gradient(a, y))


def test_the_quantile_loss_leads_to_the_quantile():
    net = nNet.from_sizes([1, 1], [None])
    data = [([[0.0]], [[float(y)]]) for y in range(11)]
    net.nEpochs(3000, data, "nnframe-zoo/quantile(levels=0.8)", learning_rate=0.05, batch_size=11)
    assert net.forwardPass([[0.0]], False).item() == pytest.approx(8.0, abs=0.1)

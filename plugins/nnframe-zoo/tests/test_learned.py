"""Parts with learned parameters, against PyTorch, scipy and by hand."""

import numpy as np
import pytest
from nnframe_zoo.losses import barron

from nnframe import denseLayer, nNet, pairs


def trained(loss, noise, n=4000):
    """Return the loss's parameters after training a line on noisy targets, and the line."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 1))
    Y = 2 * X + 1 + noise(rng, (n, 1))
    net = nNet([denseLayer([[0.0]])])
    history = net.nEpochs(40, pairs(X, Y), loss, optimizer="adam(learning_rate=0.02)", batch_size=100, seed=0)
    layer = net.layersList[0]
    values = {name: values[-1] for name, values in history.loss_parameters.items()}
    return values, layer.linear.item(), layer.bias.item()


@pytest.mark.parametrize("engine", ["reference", "numpy"])
def test_prelu_trains_as_in_pytorch(engine):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(32, 3)), rng.normal(size=(32, 2))
    mine = nNet.from_sizes([3, 5, 2], ["prelu", None], seed=1)
    first, last = mine.layersList
    first.parameters = {"alpha": np.linspace(0.1, 0.5, 5).reshape(-1, 1)}
    arrays = [first.linear, first.bias, first.parameters["alpha"], last.linear, last.bias]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    # Weight decay for weights alone, as l2 has it.
    groups = [{"params": tensors[::3], "weight_decay": 0.1}, {"params": [tensors[1], tensors[2], tensors[4]]}]
    optimizer = torch.optim.SGD(groups, 0.1, momentum=0.9)
    for _ in range(3):
        for start in range(0, 32, 8):
            x, y = torch.tensor(X[start : start + 8].T), torch.tensor(Y[start : start + 8].T)
            z = tensors[0] @ x + tensors[1]
            a = torch.nn.functional.prelu(z.T, tensors[2][:, 0]).T
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(tensors[3] @ a + tensors[4], y).backward()
            optimizer.step()
    mine.nEpochs(
        3, pairs(X, Y), "mse", batch_size=8, l2=0.1, optimizer="sgd(learning_rate=0.1, momentum=0.9)", engine=engine
    )
    for array, tensor in zip(arrays, tensors, strict=True):
        np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_the_slope_of_learned_swish_is_what_its_documentation_says():
    layer = denseLayer([[1.0]], 0.0, "learned_swish(beta=1.7)")
    z, y = 0.6, 0.1
    a = z / (1 + np.exp(-1.7 * z))
    nNet([layer]).backprop([([[z]], [[y]])], "mse", 0.01)
    assert layer.parameters["beta"].item() == pytest.approx(1.7 - 0.01 * 2 * (a - y) * a * (z - a))


def test_the_normalizer_of_barron_is_known_for_some_alpha():
    special = pytest.importorskip("scipy.special")
    # sqrt(e^2 + 1) - 1 for alpha = 1, and half the squared error in the limit of 2.
    assert barron.log_normalizer(1.0, 1.0) == pytest.approx(np.log(2 * np.e * special.kn(1, 1)), rel=1e-12)
    assert barron.log_normalizer(1.999, 3.0) == pytest.approx(np.log(3 * np.sqrt(2 * np.pi)), abs=3e-3)
    assert barron.log_normalizer(0.001, 1.0) == pytest.approx(np.log(np.pi * np.sqrt(2)), abs=1e-3)


@pytest.mark.parametrize("alpha", [0.01, 0.7, 1.5])
def test_the_density_of_barron_integrates_to_one(alpha):
    integrate = pytest.importorskip("scipy.integrate")

    def density(e):
        return np.exp(-float(barron.value(np.array([[e]]), np.zeros((1, 1)), alpha, 2.0)[0]))

    assert 2 * integrate.quad(density, 0, np.inf, limit=500)[0] == pytest.approx(1, abs=1e-6)


def test_barron_learns_normal_noise():
    values, slope, offset = trained("barron", lambda rng, shape: rng.normal(scale=0.5, size=shape))
    # At alpha = 2 the density is the normal distribution with the scale as its standard deviation.
    assert values["alpha"] > 1.8
    assert values["scale"] == pytest.approx(0.5, abs=0.05)
    assert (slope, offset) == (pytest.approx(2, abs=0.03), pytest.approx(1, abs=0.03))


def test_barron_learns_outliers():
    values, slope, offset = trained("barron", lambda rng, shape: 0.5 * rng.standard_cauchy(size=shape))
    # Cauchy's density is alpha = 0 with the scale times sqrt(2).
    assert values["alpha"] < 0.2
    assert values["scale"] == pytest.approx(0.5 / np.sqrt(2), abs=0.06)
    assert (slope, offset) == (pytest.approx(2, abs=0.05), pytest.approx(1, abs=0.05))

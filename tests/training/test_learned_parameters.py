"""Learned parameters: what training makes of them, against PyTorch and by hand."""

import copy
import pickle

import numpy as np
import pytest

import nnframe
from nnframe import Activation, Learned, Loss, denseLayer, nNet

ENGINES = ("reference", "numpy")
EPSILON = float(np.finfo(np.float64).eps)

prelu = Activation("prelu", lambda z, alpha: np.where(z > 0, z, alpha * z), params={"alpha": 0.25}, learned=("alpha",))
# Mixes components: softmax with a learned temperature.
tempered = Activation(
    "tempered",
    lambda z, beta: np.exp(beta * z) / np.exp(beta * z).sum(axis=0, keepdims=True),
    params={"beta": 1.0},
    learned=("beta",),
)
# The negative log-likelihood of a normal distribution; its minimum over s is log(mean squared error).
normal = Loss(
    "normal",
    lambda a, y, s: (np.exp(-s) * (a - y) ** 2 + s).mean(axis=0) / 2,
    params={"s": 0.0},
    learned={"s": Learned(penalized=False)},
)


def data(n_out=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(24, 3)), rng.normal(size=(24, n_out))


def net(activations=(prelu, prelu), dtype=np.float64):
    return nNet.from_sizes([3, 4, 2], activations, seed=1, dtype=dtype)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_by_hand(engine):
    # z = -2, a = alpha z = -1, L = (a - 1)^2, dL/da = -4: dL/dalpha = 8, dL/dw = -4 * 0.5 * 2 = -4, dL/db = -2.
    layer = denseLayer([[-1.0]], 0.0, prelu.with_params(alpha=0.5))
    nNet([layer]).backprop([([[2.0]], [[1.0]])], "mse", 0.01, engine=engine)
    assert layer.parameters["alpha"].item() == pytest.approx(0.5 - 0.08)
    assert layer.linear.item() == pytest.approx(-1 + 0.04)
    assert layer.bias.item() == pytest.approx(0.02)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("per_output", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd(learning_rate=0.1, momentum=0.9)", "adam(learning_rate=0.05)"])
def test_prelu_trains_as_in_pytorch(engine, per_output, optimizer):
    torch = pytest.importorskip("torch")
    mine = net((prelu, None))
    if per_output:
        mine.layersList[0].parameters = {"alpha": np.linspace(0.1, 0.4, 4).reshape(-1, 1)}
    first, second = mine.layersList
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.PReLU(4 if per_output else 1), torch.nn.Linear(4, 2)
    ).double()
    arrays = [first.linear, first.bias[:, 0], first.parameters["alpha"][:, 0], second.linear, second.bias[:, 0]]
    with torch.no_grad():
        for tensor, array in zip(theirs.parameters(), arrays[:2] + arrays[2:], strict=True):
            tensor.copy_(torch.tensor(array))
    X, Y = data()
    for_torch = (
        torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9)
        if optimizer.startswith("sgd")
        else torch.optim.Adam(theirs.parameters(), 0.05)
    )
    for _ in range(5):
        for start in range(0, 24, 8):
            for_torch.zero_grad()
            torch.nn.functional.mse_loss(
                theirs(torch.tensor(X[start : start + 8])), torch.tensor(Y[start : start + 8])
            ).backward()
            for_torch.step()
    mine.nEpochs(5, nnframe.pairs(X, Y), "mse", batch_size=8, optimizer=optimizer, engine=engine)
    for tensor, array in zip(theirs.parameters(), arrays, strict=True):
        np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("activations", [(prelu, prelu), (prelu, tempered), (tempered, None)], ids=str)
@pytest.mark.parametrize("loss", ["mse", normal], ids=str)
def test_every_gradient_equals_the_central_difference(engine, activations, loss):
    X, Y = data()
    weights = np.linspace(0.5, 1.5, 24)
    start = net(activations)
    trained = copy.deepcopy(start)
    trainer = trained.trainer(loss, learning_rate=1.0, engine=engine)
    trainer.step(X.T, Y.T, weights)

    def mean_loss(net):
        plain = nnframe.registry.resolve(Loss, loss)
        return float((plain.value(net.predict(X).T, Y.T, **plain.settings) * weights).mean())

    for layer, before in zip(trained.layersList, start.layersList, strict=True):
        for name, array in before.parameters.items():
            moved = []
            for step in (1e-6, -1e-6):
                array += step
                moved.append(mean_loss(start))
                array -= step
            slope = (moved[0] - moved[1]) / 2e-6
            np.testing.assert_allclose((array - layer.parameters[name]).item(), slope, rtol=1e-6, atol=1e-9)
    if loss is normal:
        a = start.predict(X).T
        slope = ((1 - (a - Y.T) ** 2).mean(axis=0) / 2 * weights).mean()
        np.testing.assert_allclose(-trainer.loss_parameters["s"], slope, rtol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_learned_loss_finds_the_variance(engine):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1))
    Y = 2 * X + 0.3 * rng.normal(size=(200, 1))
    net = nNet([denseLayer([[0.0]])])
    trainer = net.trainer(normal, optimizer="adam(learning_rate=0.02)", engine=engine)
    for _ in range(2000):
        trainer.step(X.T, Y.T)
    mse = float(np.mean((net.predict(X) - Y) ** 2))
    assert float(trainer.loss_parameters["s"]) == pytest.approx(np.log(mse), abs=1e-4)


def test_lbfgs_trains_learned_parameters_too():
    X, Y = data()
    plain = nNet.from_sizes([3, 2], [None])
    losses = plain.nEpochs(60, nnframe.pairs(X, Y), normal, optimizer="lbfgs").loss
    # Least squares, and the minimum over s: 2 L = log(mean squared error) + 1.
    design = np.column_stack([X, np.ones(24)])
    mse = ((design @ np.linalg.lstsq(design, Y, rcond=None)[0] - Y) ** 2).mean()
    assert losses[-1] == pytest.approx((np.log(mse) + 1) / 2, rel=1e-8)
    learning = net((prelu, None))
    learning.nEpochs(9, nnframe.pairs(X, Y), "mse", optimizer="lbfgs")
    assert learning.layersList[0].parameters["alpha"].item() != 0.25


def test_lbfgs_refuses_parameters_with_limits():
    limited = Activation(
        "limited", lambda z, beta: beta * z, params={"beta": 1.0}, limits={"beta": "(0, inf)"}, learned=("beta",)
    )
    X, Y = data()
    with pytest.raises(nnframe.ArgumentError, match=r"lbfgs.*can't keep learned parameters within limits.*beta"):
        net((limited, None)).nEpochs(1, nnframe.pairs(X, Y), "mse", optimizer="lbfgs")


def test_two_layers_have_values_of_their_own():
    X, Y = data()
    both = net()
    both.backprop(nnframe.pairs(X, Y), "mse", 0.1)
    first, second = (layer.parameters["alpha"].item() for layer in both.layersList)
    assert len({first, second, 0.25}) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_layer_used_twice_has_one_value_that_gets_both_gradients(engine):
    shared = denseLayer(-np.eye(3), 0, prelu)
    twice = nNet([shared, shared])
    X, _ = data()

    def loss(alpha):
        shared.parameters = {"alpha": alpha}
        return twice.evaluate(nnframe.pairs(X, X), "mse")["loss"]

    slope = (loss(0.25 + 1e-6) - loss(0.25 - 1e-6)) / 2e-6
    shared.parameters = {"alpha": 0.25}
    twice.backprop(nnframe.pairs(X, X), "mse", 0.1, batch_size=24, engine=engine)
    assert shared.parameters["alpha"].item() == pytest.approx(0.25 - 0.1 * slope, rel=1e-8)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_keep_the_values_and_train_apart(duplicate):
    nnframe.registry.register(prelu)
    try:
        mine = net((prelu, None))
        mine.layersList[0].parameters = {"alpha": 0.7}
        other = duplicate(mine)
        X, Y = data()
        other.backprop(nnframe.pairs(X, Y), "mse", 0.1)
        assert mine.layersList[0].parameters["alpha"].item() == 0.7
        assert other.layersList[0].parameters["alpha"].item() != 0.7
        before = other.predict(X)
        other.layersList[0].parameters["alpha"][...] = 0.9
        assert (other.predict(X) != before).any()
    finally:
        nnframe.registry.unregister(prelu)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_update_ends_within_the_limits(engine):
    limited = Activation(
        "limited",
        lambda z, beta: z / (1 + np.exp(-beta * z)),
        params={"beta": 0.1},
        limits={"beta": "(0, 0.2]"},
        learned=("beta",),
    )
    X, Y = data(4)
    for target, optimizer in ((100, None), (100, "adam"), (-100, None)):
        small = nNet([denseLayer(np.ones((4, 3)), 0, limited)])
        settings = {"learning_rate": 1.0} if optimizer is None else {"optimizer": "adam(learning_rate=1.0)"}
        small.nEpochs(1, nnframe.pairs(abs(X), 0 * Y + target), "mse", batch_size=24, engine=engine, **settings)
        # Large targets push beta up; the other way, what is excluded is kept at a distance.
        expected = 0.2 if target > 0 else EPSILON
        assert small.layersList[0].parameters["beta"].item() == pytest.approx(expected, rel=1e-12)


def test_a_call_with_one_pair_begins_with_the_parameters_of_the_loss_anew():
    X, Y = data()
    one, other = net((prelu, None)), net((prelu, None))
    pair = (X[:1].T, Y[:1].T)
    for _ in range(3):
        one.backprop([pair], normal, 0.1)
        other.nEpochs(1, [pair], normal, 0.1)
    assert one.layersList[0].parameters == other.layersList[0].parameters


def test_numbers_that_are_not_finite_are_found_in_learned_parameters_too():
    X, Y = data()
    mine = net((prelu, None))
    mine.layersList[0].parameters["alpha"][...] = np.nan
    with pytest.raises(nnframe.DivergenceError, match="weights of layer 1 of 2"):
        mine.nEpochs(1, nnframe.pairs(X, Y), "mse", 0.1)


def test_the_explanation_has_the_derivative_by_each_learned_parameter():
    explanation = prelu.explanation()
    assert "dL/dalpha = grad ([z ≤ 0] z)" in explanation.formula
    assert "def gradient_of_alpha(grad, z, a, alpha):" in explanation.source
    assert "dL/ds = " in normal.explanation().formula


def test_a_trainer_says_so_when_learned_parameters_have_another_shape():
    mine = nNet([denseLayer(np.eye(2), 0, prelu)])
    trainer = mine.trainer("mse", 0.1, check_every=1)
    trainer.step([[-1], [1]], [[0], [0]])
    mine.layersList[0].parameters = {"alpha": 0.5}
    trainer.step([[-1], [1]], [[0], [0]])
    mine.layersList[0].parameters = {"alpha": [[0.5], [0.1]]}
    with pytest.raises(nnframe.ArgumentError, match=r"shape of their learned parameters.*net\.trainer"):
        trainer.step([[-1], [1]], [[0], [0]])

"""layer_rates: learning-rate factors and freezing, for weights and biases apart."""

import copy

import numpy as np
import pytest

from nnframe import Activation, ArgumentError, ArgumentTypeError, denseLayer, nNet, pairs
from nnframe.callbacks import Checkpoint

ENGINES = ("reference", "numpy")
OPTIMIZERS = {
    "plain": ({"learning_rate": 0.1}, lambda torch, groups: torch.optim.SGD(groups, lr=0.1)),
    "momentum": (
        {"optimizer": "sgd(learning_rate=0.1, momentum=0.9, weight_decay=0.01)"},
        lambda torch, groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, weight_decay=0.01),
    ),
    "adam": ({"optimizer": "adam(learning_rate=0.01)"}, lambda torch, groups: torch.optim.Adam(groups, lr=0.01)),
    "adamw": (
        {"optimizer": "adamw(learning_rate=0.01, weight_decay=0.1)"},
        lambda torch, groups: torch.optim.AdamW(groups, lr=0.01, weight_decay=0.1),
    ),
    "clipped adam": (
        {"optimizer": "adam(learning_rate=0.01)", "clip_norm": 0.05},
        lambda torch, groups: torch.optim.Adam(groups, lr=0.01),
    ),
}
prelu = Activation("prelu", lambda z, alpha: np.where(z > 0, z, alpha * z), params={"alpha": 0.25}, learned=("alpha",))


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(24, 3)), rng.normal(size=(24, 2))


def net(dtype=np.float64, activations=("tanh", "tanh", None)):
    return nNet.from_sizes([3, 4, 4, 2], activations, seed=1, dtype=dtype)


def arrays_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias, *layer.parameters.values())]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_factors_are_those_of_parameter_groups_in_pytorch(engine, name):
    torch = pytest.importorskip("torch")
    settings, make = OPTIMIZERS[name]
    mine = net()
    factors = [0, 0, 0.1, 2, 1, 0]
    tensors = [
        torch.tensor(array, requires_grad=factor > 0) for array, factor in zip(arrays_of(mine), factors, strict=True)
    ]
    rate = 0.1 if "SGD" in repr(make(torch, [{"params": tensors[2:3]}])) else 0.01
    trained = [(tensor, factor) for tensor, factor in zip(tensors, factors, strict=True) if factor]
    optimizer = make(torch, [{"params": [tensor], "lr": rate * factor} for tensor, factor in trained])
    X, Y = data()
    for _ in range(4):
        for start in range(0, 24, 8):
            a = torch.tensor(X[start : start + 8].T)
            for weights, bias in zip(tensors[:4:2], tensors[1:4:2], strict=True):
                a = torch.tanh(weights @ a + bias)
            a = tensors[4] @ a + tensors[5]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(a.T, torch.tensor(Y[start : start + 8])).backward()
            if "clip_norm" in settings:
                torch.nn.utils.clip_grad_norm_([tensor for tensor, _ in trained], settings["clip_norm"])
            optimizer.step()
    mine.nEpochs(4, pairs(X, Y), "mse", batch_size=8, engine=engine, layer_rates=[0, (0.1, 2), (1, 0)], **settings)
    for array, tensor in zip(arrays_of(mine), tensors, strict=True):
        np.testing.assert_allclose(array, tensor.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 7])
@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 0.1, "l1": 0.1, "l2": 0.1, "clip_value": 0.1},
        {"optimizer": "sgd(momentum=0.9, nesterov=True, weight_decay=0.1)", "clip_norm": 0.1},
        {"optimizer": "adamw(weight_decay=0.1)", "schedule": "cosine"},
        {"optimizer": "nadam", "dropout": 0.3, "seed": 0},
    ],
    ids=str,
)
def test_what_is_frozen_keeps_its_bits(engine, batch_size, settings):
    rates = [0, {"bias": 0}, {"linear": 0, "alpha": 0}]
    frozen = [True, True, False, True, True, False, True]
    mine = net(np.float32, ("tanh", "relu", prelu))
    mine.layersList[0].linear[0, 0] = -0.0
    before = copy.deepcopy(mine)
    X, Y = data()
    mine.nEpochs(2, pairs(X, Y), "mse", batch_size=batch_size, engine=engine, layer_rates=rates, **settings)
    same = [a.tobytes() == b.tobytes() for a, b in zip(arrays_of(mine), arrays_of(before), strict=True)]
    assert same == frozen


@pytest.mark.parametrize("rates", [[0, 0, 0], [0, 0, 1], [(1, 0), (0, 1), 0.5], [1, {"linear": 0}, 3]], ids=str)
@pytest.mark.parametrize(
    "settings", [{"learning_rate": 0.05}, {"optimizer": "adam", "l2": 0.1, "clip_norm": 0.1}], ids=str
)
def test_engines_and_trainers_agree(rates, settings):
    X, Y = data()
    results = []
    for engine in ENGINES:
        one, other = net(activations=("tanh", prelu, "softmax")), net(activations=("tanh", prelu, "softmax"))
        Y = abs(Y) / abs(Y).sum(axis=1, keepdims=True)
        one.nEpochs(2, pairs(X, Y), "cel", batch_size=8, engine=engine, layer_rates=rates, **settings)
        trainer = other.trainer("cel", engine=engine, layer_rates=rates, **settings)
        for start in 2 * list(range(0, 24, 8)):
            trainer.step(X[start : start + 8].T, Y[start : start + 8].T)
        results += [arrays_of(one), arrays_of(other)]
    for each in results[1:]:
        for array, expected in zip(each, results[0], strict=True):
            np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-12)


def test_factors_of_one_change_nothing():
    X, Y = data()
    plain, ones = net(), net()
    losses = [
        each.nEpochs(2, pairs(X, Y), "mse", 0.1, **more).loss
        for each, more in ((plain, {}), (ones, {"layer_rates": [1, (1, 1), {"bias": 1}]}))
    ]
    assert losses[0] == losses[1]


def test_lbfgs_can_freeze():
    X, Y = data()
    mine = net()
    mine.layersList[0].linear[0, 0] = -0.0
    before = copy.deepcopy(mine)
    losses = mine.nEpochs(5, pairs(X, Y), "mse", optimizer="lbfgs", l2=0.1, layer_rates=[0, 1, (0, 1)]).loss
    same = [a.tobytes() == b.tobytes() for a, b in zip(arrays_of(mine), arrays_of(before), strict=True)]
    assert same == [True, True, False, False, True, False]
    assert losses[-1] < losses[0]
    with pytest.raises(ArgumentError, match="can't follow it: expected 0, which freezes an array, or 1"):
        mine.nEpochs(5, pairs(X, Y), "mse", optimizer="lbfgs", layer_rates=[0, 1, 0.5])


def test_a_layer_used_twice_has_one_factor():
    shared = denseLayer(np.eye(3), 0, "tanh")
    twice = nNet([shared, shared])
    X, _ = data()
    with pytest.raises(ArgumentError, match=r"layer_rates\[1\] is 1.0, and that of an earlier place"):
        twice.nEpochs(1, pairs(X, X), "mse", 0.1, layer_rates=[0, 1])
    halves = [copy.deepcopy(twice), copy.deepcopy(twice)]
    halves[0].nEpochs(1, pairs(X, X), "mse", 0.1, layer_rates=[0.5, 0.5])
    halves[1].nEpochs(1, pairs(X, X), "mse", 0.05)
    np.testing.assert_allclose(halves[0].layersList[0].linear, halves[1].layersList[0].linear, rtol=1e-12)


@pytest.mark.parametrize(
    ("rates", "error", "sentence"),
    [
        ([1, 1], ArgumentError, "layer_rates has length 2, expected 3: one entry for each layer"),
        (0.1, ArgumentTypeError, "layer_rates is 0.1; expected a list with an entry for each layer"),
        ("all", ArgumentTypeError, "layer_rates is 'all'; expected a list"),
        ([1, -1, 1], ArgumentError, "layer_rates[1] is -1"),
        ([1, (1, 2, 3), 1], ArgumentError, "layer_rates[1] is (1, 2, 3); expected a pair of factors"),
        ([1, {"alpha": 1}, 1], ArgumentError, "layer_rates[1] has 'alpha'; expected some of 'linear', 'bias'"),
        ([1, float("nan"), 1], ArgumentError, "layer_rates[1] is nan"),
        ([1, None, 1], ArgumentTypeError, "layer_rates[1] is None"),
    ],
)
def test_what_can_not_be_is_refused(rates, error, sentence):
    X, Y = data()
    with pytest.raises(error) as caught:
        net().nEpochs(1, pairs(X, Y), "mse", 0.1, layer_rates=rates)
    assert sentence in str(caught.value)


def test_a_checkpoint_is_continued_with_the_same_factors_alone(tmp_path):
    X, Y = data()

    def train(n, rates):
        made = net()
        callbacks = [Checkpoint(tmp_path / "c.nnf")]
        made.nEpochs(n, pairs(X, Y), "mse", optimizer="adam", seed=0, layer_rates=rates, callbacks=callbacks)
        return arrays_of(made)

    train(2, [0, 0.1, 1])
    with pytest.raises(ArgumentError, match="checkpoint of another run: layer_rates is"):
        train(4, [0, 0.2, 1])
    resumed = train(4, [(0, 0), 0.1, {}])
    (tmp_path / "c.nnf").unlink()
    for array, expected in zip(resumed, train(4, [0, 0.1, 1]), strict=True):
        assert array.tobytes() == expected.tobytes()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("settings", [{"learning_rate": 0.1}, {"optimizer": "lbfgs"}], ids=str)
def test_read_only_arrays_are_refused_before_anything_changes(engine, settings):
    X, Y = data()
    # The arrays of the first are parts of a larger one that can be written to; those of the second are not.
    for made in (net(), nNet([denseLayer(layer.linear.copy(), layer.bias, "tanh") for layer in net().layersList])):
        made.layersList[1].linear.flags.writeable = False
        before = copy.deepcopy(arrays_of(made))
        for rates in (None, [1, {"linear": 0}, 1]):
            with pytest.raises(ArgumentError, match="linear of layer 2 of 3 is read-only, and training writes to it"):
                made.nEpochs(1, pairs(X, Y), "mse", engine=engine, layer_rates=rates, **settings)
        assert [a.tobytes() for a in arrays_of(made)] == [a.tobytes() for a in before]
        made.layersList[1].linear.flags.writeable = True
        made.nEpochs(1, pairs(X, Y), "mse", engine=engine, layer_rates=[1, {"linear": 0}, 1], **settings)
        same = [a.tobytes() == b.tobytes() for a, b in zip(arrays_of(made), before, strict=True)]
        assert same == [False, False, True, False, False, False]

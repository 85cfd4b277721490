"""Learned parameters in files: of nets, of checkpoints and of trainers."""

import sys
from pathlib import Path

import numpy as np
import pytest

import nnframe
from nnframe import Activation, Learned, Loss, denseLayer, nNet, pairs, registry
from nnframe.callbacks import Checkpoint
from nnframe.cli import main

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import load_changed, refused

prelu = Activation(
    "test_prelu",
    lambda z, alpha: np.where(z > 0, z, alpha * z),
    params={"alpha": 0.25},
    limits={"alpha": "[0, 1]"},
    learned=("alpha",),
)
normal = Loss(
    "test_normal",
    lambda a, y, s: (np.exp(-s) * (a - y) ** 2 + s).mean(axis=0) / 2,
    params={"s": 0.0},
    learned={"s": Learned(penalized=False)},
)


@pytest.fixture(scope="module", autouse=True)
def _registered():
    with registry.temporarily(prelu), registry.temporarily(normal):
        yield


def net(dtype=np.float32):
    made = nNet.from_sizes([3, 4, 2], ["test_prelu(alpha=0.5)", "test_prelu"], seed=1, dtype=dtype)
    made.layersList[0].parameters = {"alpha": np.linspace(0.1, 0.9, 4).reshape(-1, 1)}
    return made


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(24, 3)), rng.normal(size=(24, 2))


def test_a_saved_net_comes_back_with_its_values_and_trains_on(path):
    mine = net()
    mine.save(path)
    other = nnframe.load(path)
    for layer, loaded in zip(mine.layersList, other.layersList, strict=True):
        assert loaded.parameters["alpha"].tobytes() == layer.parameters["alpha"].tobytes()
        assert loaded.parameters["alpha"].dtype == np.float32
        assert loaded.activation == layer.activation
    X, Y = data()
    losses = [each.nEpochs(3, pairs(X, Y), "mse", 0.1, batch_size=5).loss for each in (mine, other)]
    assert losses[0] == losses[1]
    assert (mine.predict(X) == other.predict(X)).all()


def test_a_layer_used_twice_is_saved_with_one_value(path):
    shared = denseLayer(np.eye(2), 0, "test_prelu")
    shared.parameters = {"alpha": 0.75}
    nNet([shared, shared]).save(path)
    first, second = nnframe.load(path).layersList
    assert first is second
    assert first.parameters["alpha"].item() == 0.75


def put(**item):
    return lambda manifest, stored: manifest["model"]["layers"][0].update(item)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put(learned="alpha"), "layer 0 has the learned parameters 'alpha', expected names"),
        (put(learned=["alpha", "alpha"]), "layer 0 has the learned parameters ['alpha', 'alpha']"),
        (put(learned=["../a"]), "layer 0 has the learned parameters ['../a']"),
        (put(learned=[1]), "layer 0 has the learned parameters [1]"),
        (put(learned=["a" * 101]), "layer 0 has the learned parameters ["),
        (put(learned=["beta"]), "array 'layers/0/learned/beta' is missing"),
        (lambda manifest, stored: stored.update({"layers/0/learned/alpha": np.ones((4, 1))}), "has dtype float64"),
        (
            lambda manifest, stored: stored.update({"layers/0/learned/alpha": np.ones((4, 2), np.float32)}),
            "array 'layers/0/learned/alpha' has shape (4, 2), expected (1, 1) or (4, 1)",
        ),
        (
            lambda manifest, stored: stored.update({"layers/0/learned/alpha": np.full((1, 1), 2, np.float32)}),
            "parameters['alpha'] has 2; expected numbers at least 0 and at most 1",
        ),
        (
            lambda manifest, stored: manifest["model"]["layers"][0].pop("learned"),
            "it has 6 arrays, and its model and metadata need 5",
        ),
    ],
)
def test_changed_files_are_refused(path, change, sentence):
    assert sentence in load_changed(path, change, net())


def test_a_file_whose_activation_learns_something_else_now_is_refused(path):
    with registry.temporarily(Activation("fickle", lambda z, p: p * z, params={"p": 1.0, "q": 1.0}, learned=("p",))):
        denseLayer([[1.0]], 0, "fickle")
        nNet([denseLayer([[1.0]], 0, "fickle")]).save(path)
    with registry.temporarily(Activation("fickle", lambda z, p: p * z, params={"p": 1.0, "q": 1.0})):
        assert "had the learned parameters p, and what has this name now has none" in refused(path)


def test_a_resumed_run_ends_with_the_same_bits(tmp_path):
    X, Y = data()

    def run(n, made, *callbacks):
        history = made.nEpochs(n, pairs(X, Y), normal, optimizer="adam", batch_size=5, seed=1, callbacks=callbacks)
        return history, [each.tobytes() for layer in made.layersList for each in layer.parameters.values()]

    whole, values = run(6, net())
    run(3, net(), Checkpoint(tmp_path / "c.nnf"))
    resumed, resumed_values = run(6, net(), Checkpoint(tmp_path / "c.nnf"))
    assert resumed_values == values
    assert resumed.loss_parameters == whole.loss_parameters
    assert resumed.loss == whole.loss
    assert len(whole.loss_parameters["s"]) == 6


def test_a_trainer_goes_on_bit_for_bit(path):
    X, Y = data()
    trainer = net().trainer(normal, optimizer="adam", steps_per_epoch=2)
    for _ in range(5):
        trainer.step(X.T, Y.T)
    trainer.save(path)
    other = nnframe.nNet(net().layersList).trainer(normal, optimizer="adam", steps_per_epoch=2)
    other.load(path)
    assert other.history.loss_parameters == trainer.history.loss_parameters
    for _ in range(3):
        assert trainer.step(X.T, Y.T) == other.step(X.T, Y.T)
    assert trainer.loss_parameters == other.loss_parameters
    assert trainer.loss_parameters["s"] != 0


def test_info_counts_learned_parameters(path, capsys):
    net().save(path)
    assert main(["info", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "31 parameters" in shown
    assert "test_prelu(alpha=0.5), learns alpha" in shown

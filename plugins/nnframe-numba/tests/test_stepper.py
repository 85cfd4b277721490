"""Single updates lead to the same weights as epochs of one batch, bit for bit, and load without numba."""

import warnings

import numpy as np
import pytest
from nnframe_numba import code_store, numba, stepping

import nnframe
from nnframe import Activation, Loss, nNet, pairs
from nnframe.contracts.engine import Epoch, Samples, TrainingTask
from nnframe.registry.engine_binding import bind_engine, bind_stepper
from nnframe.training.prepare import bind_net
from nnframe.training.settings import Settings

RNG = np.random.default_rng(0)
bent = Activation("bent", lambda z, alpha: np.where(z > 0, z, alpha * z), params={"alpha": 0.1})
centred = Activation("centred", lambda z: z - z.mean(axis=0))
cubic = Loss("cubic", lambda a, y: (np.abs(a - y) ** 3).sum(axis=0))
PLAIN = (["tanh", None], "mse", {"learning_rate": 0.1})
# Sizes of batches, and whether samples have weights. More sizes than are kept, and some of them twice.
MANY = [(1, False), (3, False), (1, True), (7, True), (2, False), (1, False), (9, True), (3, False)]
CASES = {
    "plain": (*PLAIN, MANY),
    "fused, adam": (["relu", "softmax"], "cel", {"optimizer": "adam(learning_rate=0.01)"}, [(1, False)]),
    "everything": (
        [bent.with_params(alpha=0.3), centred],
        cubic,
        {"optimizer": "nadam(learning_rate=0.01)", "l1": 0.01, "l2": 0.1, "clip_value": 0.5, "clip_norm": 0.2,
         "dropout": 0.3},
        [(1, True), (5, True)],
    ),
}  # fmt: skip


def two_nets(activations, dtype, sizes=(4, 6, 3)):
    return [nNet.from_sizes(sizes, activations, seed=1, dtype=dtype) for _ in range(2)]


def assert_same_steps(activations, loss, chosen, batches, dtype="float32"):
    mine, theirs = two_nets(activations, dtype)
    settings = Settings.of(loss=loss, engine="numba", **chosen)
    step = bind_stepper(settings.engine, bind_net(mine, settings))
    assert step is not None
    other = bind_net(theirs, settings)
    for key, (size, weighted) in enumerate(batches):
        x = RNG.normal(size=(size, 4)).astype(dtype)
        y = np.eye(3, dtype=dtype)[RNG.integers(0, 3, size)]
        weights = RNG.uniform(0.5, 2, size).astype(dtype) if weighted else None
        task = TrainingTask(other.layers, other.objective, pairs(x, y), size, other.rule, weights, other.dropout)
        expected = bind_engine(settings.engine, task)(Epoch(np.array([0.1]), None, 0, key))
        assert step(Samples(x, y, weights, 0), 0.1, key) == expected
        for layer, like in zip(mine.layersList, theirs.layersList, strict=True):
            np.testing.assert_array_equal(layer.linear, like.linear)
            np.testing.assert_array_equal(layer.bias, like.bias)


@pytest.mark.parametrize("chosen", CASES.values(), ids=CASES)
def test_steps_lead_to_the_weights_of_epochs_of_one_batch(chosen):
    assert_same_steps(*chosen)


def pair_step_of(net, loss):
    settings = Settings.of(loss=loss, engine="numba", learning_rate=0.1)
    return bind_stepper(settings.engine, bind_net(net, settings)).pair_step


def test_a_pair_of_columns_leads_to_the_weights_of_an_epoch_of_one_sample():
    mine, theirs = two_nets(["relu", "softmax"], "float32")
    x, y = RNG.normal(size=(4, 1)).astype("f4"), np.eye(3, dtype="f4")[:1].T
    loss = pair_step_of(mine, "cel")(x, y, 0.1)
    assert loss == theirs.backprop([(x, y)], "cel", 0.1, engine="numba")
    for layer, like in zip(mine.layersList, theirs.layersList, strict=True):
        np.testing.assert_array_equal(layer.linear, like.linear)
        np.testing.assert_array_equal(layer.bias, like.bias)


X, Y = np.ones((4, 1), "f4"), np.float32([[0], [1], [0]])
NOT_PLAIN = {
    "a list": (X.tolist(), Y),
    "None": (X, None),
    "a subclass": (X.view(np.matrix), Y),
    "another dtype": (X, Y.astype(int)),
    "another byte order": (X.astype(">f4"), Y),
    "another length": (X[:3], Y),
    "more columns": (np.ones((4, 2), "f4"), np.ones((3, 2), "f4")),
    "one axis": (X[:, 0], Y),
    "a stride": (np.ones((8, 1), "f4")[::2], Y),
    "NaN": (X * np.nan, Y),
    "an infinite target": (X, np.full_like(Y, np.inf)),
    "a target below the domain": (X, Y - 0.25),
    "a target above the domain": (X, Y * 1.5),
}


@pytest.mark.parametrize(("x", "y"), NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_a_pair_that_is_not_plain_changes_nothing(x, y):
    mine, like = two_nets(["tanh", "sigmoid"], "float32")
    assert pair_step_of(mine, "bce")(x, y, 0.1) is None
    np.testing.assert_array_equal(mine.layersList[0].linear, like.layersList[0].linear)


def test_a_loss_whose_targets_are_limited_by_more_than_a_range_takes_no_pairs():
    (net, _) = two_nets(["tanh", None], "float32")
    signed = Loss("signed", lambda a, y: (a * y).sum(axis=0), y_domain="sign")
    with pytest.raises(AttributeError):
        pair_step_of(net, signed)


def test_a_trainer_says_what_is_wrong_with_a_pair_and_can_go_on():
    (net, _) = two_nets(["tanh", None], "float32")
    trainer = net.trainer("mse", 0.1, engine="numba")
    with pytest.raises(nnframe.DataError, match=r"x\[0, 0\] is nan"):
        trainer.step(X * np.nan, Y)
    assert trainer.steps == 0
    assert trainer.step(X.tolist(), Y.tolist()) > trainer.step(X, Y)
    assert trainer.steps == trainer.samples_in_epoch == 2


def test_a_pair_whose_loss_is_not_finite_raises_and_the_net_has_the_weights_of_the_last_check():
    (net, like) = two_nets(["tanh", None], "float32")
    trainer = net.trainer("mse", 0.1, engine="numba")
    with pytest.raises(nnframe.DivergenceError, match="update 1:"):
        trainer.step(X, Y * np.float32(1e30))
    np.testing.assert_array_equal(net.layersList[0].linear, like.layersList[0].linear)


def test_float64_stays_float64():
    assert_same_steps(["tanh", None], "mse", {"optimizer": "adam"}, [(1, False)], "float64")


def test_a_batch_that_threads_share_leads_to_the_same_weights(monkeypatch):
    monkeypatch.setattr(stepping, "FEWEST_SHARED", 5 * 42)
    assert_same_steps(*PLAIN, [(4, False), (5, False), (20, True)])


def test_samples_may_have_any_order_in_memory_and_are_left_alone():
    mine, theirs = two_nets(["tanh", None], "float32")
    x, y = (np.asfortranarray(RNG.normal(size=(6, n)).astype("f4")) for n in (4, 3))
    columns = x[::-1], y[::2].repeat(2, axis=0)
    for array in columns:
        array.flags.writeable = False
    before = [array.copy() for array in columns]
    trained = [net.trainer("mse", 0.1, engine="numba") for net in (mine, theirs)]
    first = trained[0].step(columns[0].T, columns[1].T)
    assert first == trained[1].step(before[0].T, before[1].T)
    for array, like in zip(columns, before, strict=True):
        np.testing.assert_array_equal(array, like)


def test_the_error_state_of_the_caller_plays_no_part():
    (net, _) = two_nets(["tanh", None], "float32")
    trainer = net.trainer("mse", 0.1, engine="numba")
    with np.errstate(all="raise"):
        assert trainer.step(np.full((4, 1), 1e-42, "f4"), np.full((3, 1), 1e-30, "f4")) == 0
        assert trainer.step(np.ones((4, 2), "f4"), np.zeros((3, 2), "f4")) > 0


def test_all_values_of_parameters_share_their_code(monkeypatch):
    def trained(alpha):
        (net, _) = two_nets([bent.with_params(alpha=alpha), None], "float32")
        trainer = net.trainer("mse", 0.1, engine="numba")
        return trainer.step(np.ones((4, 1), "f4"), np.zeros((3, 1), "f4"))

    trained(0.5)
    monkeypatch.setattr(code_store, "in_compile_thread", lambda function: pytest.fail("it was compiled again"))
    assert len({trained(alpha) for alpha in (0.2, 2.0, -1.0)}) == 3


def test_a_layer_that_is_there_twice_is_updated_twice():
    layer = nnframe.denseLayer(RNG.normal(size=(3, 3)), 0.1, "tanh")
    net = nNet([layer, layer])
    before = layer.linear.copy()
    x, y = RNG.normal(size=(3, 1)), RNG.normal(size=(3, 1))
    net.trainer("mse", 0.1, engine="numba").step(x, y)
    mine = layer.linear.copy()
    layer.linear, layer.bias = before, np.full((3, 1), 0.1)
    net.trainer("mse", 0.1, engine="reference").step(x, y)
    np.testing.assert_allclose(mine, layer.linear, rtol=1e-12)


def refuses_nan(z):
    if np.isnan(z).any():
        raise ValueError("not a number")
    return np.tanh(z)


def test_what_cannot_be_compiled_makes_its_steps_by_epochs():
    careful = Activation("careful", refuses_nan, lambda z: 1 - np.tanh(z) ** 2)
    mine, theirs = two_nets([careful, None], "float64")
    x, y = RNG.normal(size=(4, 1)), RNG.normal(size=(3, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert numba.stepper(bind_net(mine, Settings.of(loss="mse", learning_rate=0.1))) is None
        mine.trainer("mse", 0.1, engine="numba").step(x, y)
    theirs.trainer("mse", 0.1, engine="reference").step(x, y)
    np.testing.assert_allclose(mine.layersList[0].linear, theirs.layersList[0].linear, rtol=1e-12)


IN_A_PROCESS = """
import sys, numpy as np, nnframe
net = nnframe.nNet.from_sizes([4, 8, 3], ["tanh", "softmax"], seed=0, dtype=np.float32)
trainer = net.trainer("cel", optimizer="adam", engine="numba")
x, y = np.linspace(-1, 1, 4, dtype=np.float32).reshape(4, 1), np.float32([[1], [0], [0]])
print([trainer.step(x, y) for _ in range(3)][-1], "numba" in sys.modules)
net.backprop([(x, y)], "cel", 0.1)
"""


def test_a_later_process_loads_the_same_code_without_numba(in_two_processes):
    (first, had_numba), (second, needed_numba) = in_two_processes(IN_A_PROCESS)
    assert first == second
    assert (had_numba, needed_numba) == ("True", "False")

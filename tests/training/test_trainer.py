"""Training one update at a time."""

import contextvars
import copy
import itertools
import pickle
import signal
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import nnframe
from nnframe import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    DivergenceError,
    Engine,
    ModelFileError,
    PluginError,
    ShapeError,
    denseLayer,
    nNet,
)
from nnframe.engines import reference
from nnframe.training.factors import Factors

CHOICES = {
    "sgd": {"learning_rate": 0.1},
    "adam": {"optimizer": "adam(learning_rate=0.01)"},
    "momentum with penalties": {"optimizer": "sgd(learning_rate=0.05, momentum=0.9)", "l1": 0.01, "l2": 0.1},
}


def digits_like(count, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(5, 1)), np.eye(3)[:, [rng.integers(3)]]) for _ in range(count)]


def net_of(seed=3, dtype="float64"):
    return nNet.from_sizes([5, 4, 3], ["tanh", "softmax"], seed=seed, dtype=dtype)


def arrays_of(net):
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)]


def assert_same(net, other):
    for mine, theirs in zip(arrays_of(net), arrays_of(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def adam_with_penalties(W, x, y, penalties, rate=0.01, beta1=0.9, beta2=0.999):
    """Return W after a step of Adam for each penalty, for the squared error of W x; written from the paper."""
    mean, square = np.zeros_like(W), np.zeros_like(W)
    for t, l2 in enumerate(penalties, 1):
        g = 2 / len(y) * (W @ x - y) @ x.T + l2 * W
        mean, square = beta1 * mean + (1 - beta1) * g, beta2 * square + (1 - beta2) * g * g
        W = W - rate * mean / (1 - beta1**t) / (np.sqrt(square / (1 - beta2**t)) + 1e-8)
    return W


@pytest.mark.parametrize("engine", ["numpy", "reference"])
def test_another_penalty_goes_on_with_the_state_of_the_optimizer(engine):
    rng = np.random.default_rng(0)
    W, x, y = rng.normal(size=(2, 3)), rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
    net = nNet([denseLayer(W)])
    trainer = net.trainer("mse", optimizer="adam(learning_rate=0.01)", l2=0.1, engine=engine, layer_rates=[(1, 0)])
    penalties = [0.1, 0.1, 5.0, 0.1, 5.0, 0.0]
    for l2 in penalties:
        trainer.change_l2(l2)
        trainer.step(x, y)
    np.testing.assert_allclose(net.layersList[0].linear, adam_with_penalties(W, x, y, penalties), rtol=1e-10)


def test_a_penalty_below_0_is_refused():
    with pytest.raises(ArgumentError, match="l2 is -1"):
        net_of().trainer("cel", 0.1).change_l2(-1)


@pytest.mark.parametrize("engine", ["numpy", "reference"])
@pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES)
def test_steps_lead_where_an_epoch_with_batches_of_one_leads(chosen, engine):
    data, one, other = digits_like(40), net_of(), net_of()
    trainer = one.trainer("cel", **chosen, engine=engine)
    losses = [trainer.step(x, y) for x, y in data]
    history = other.nEpochs(1, data, "cel", **chosen, engine=engine)
    assert np.mean(losses) == pytest.approx(history.loss[0], rel=1e-12)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_a_step_of_a_linear_net_has_the_value_computed_by_hand():
    # a = 2 * 3 + 1 = 7 and y = 5: L = 4, dL/dw = 2 * 2 * 3 = 12, dL/db = 4.
    net = nNet([denseLayer([[2.0]], 1.0)])
    assert net.trainer("mse", learning_rate=0.25).step([[3.0]], [[5.0]]) == 4.0
    assert net.layersList[0].linear.item() == 2.0 - 0.25 * 12
    assert net.layersList[0].bias.item() == 1.0 - 0.25 * 4


def test_a_step_with_many_columns_is_one_update_with_their_mean_gradient():
    one, other = net_of(), net_of()
    data = digits_like(8)
    x, y = (np.hstack(columns) for columns in zip(*data, strict=True))
    loss = one.trainer("cel", learning_rate=0.1).step(x, y)
    assert loss == pytest.approx(other.backprop(data, "cel", 0.1, batch_size=8), rel=1e-12)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_weights_of_samples_scale_their_losses():
    one, other = net_of(), net_of()
    data = digits_like(4)
    x, y = (np.hstack(columns) for columns in zip(*data, strict=True))
    weights = [0.5, 2.0, 1.0, 0.0]
    loss = one.trainer("cel", learning_rate=0.1).step(x, y, weights)
    history = other.nEpochs(1, data, "cel", 0.1, batch_size=4, sample_weights=weights)
    assert loss == pytest.approx(history.loss[0], rel=1e-12)


@pytest.mark.parametrize("chosen", [*CHOICES.values(), {"learning_rate": 0.1, "dropout": 0.5, "seed": 1}])
def test_a_resumed_trainer_continues_bit_for_bit(chosen, tmp_path):
    data, whole, first, second = digits_like(30), net_of(), net_of(), net_of(seed=9)
    settings = {**chosen, "steps_per_epoch": 7}
    without = whole.trainer("cel", **settings)
    without.run(data)
    before = first.trainer("cel", **settings)
    before.run(data[:17])
    before.save(tmp_path / "t.nnf")
    after = second.trainer("cel", **settings)
    after.load(tmp_path / "t.nnf")
    after.run(data[17:])
    assert_same(second, whole)
    assert after.history.loss == without.history.loss
    assert (after.steps, after.seed) == (30, before.seed)


def test_the_file_of_a_trainer_is_read_as_a_net(tmp_path):
    net = net_of()
    trainer = net.trainer("cel", optimizer="adam")
    trainer.run(digits_like(5))
    trainer.save(tmp_path / "t.nnf")
    assert_same(nnframe.load(tmp_path / "t.nnf"), net)


@pytest.mark.parametrize(
    "other", [{"optimizer": "rmsprop"}, {"optimizer": "adam(beta1=0.8)"}, {"optimizer": "adam", "l2": 0.1}]
)
def test_a_state_of_other_settings_is_refused_and_nothing_changes(other, tmp_path):
    net_of().trainer("cel", optimizer="adam").save(tmp_path / "t.nnf")
    net = net_of(seed=9)
    before = arrays_of(net)
    with pytest.raises(ArgumentError, match="was written by a trainer with another setting"):
        net.trainer("cel", **other).load(tmp_path / "t.nnf")
    for mine, theirs in zip(arrays_of(net), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_plain_model_file_is_not_a_state(tmp_path):
    net = net_of()
    net.save(tmp_path / "m.nnf")
    with pytest.raises(ModelFileError, match="has no state of a trainer"):
        net.trainer("cel", 0.1).load(tmp_path / "m.nnf")


def test_a_run_takes_a_generator_and_keeps_nothing_of_it():
    def stream():
        rng = np.random.default_rng(0)
        for _ in range(3000):
            x = rng.normal(size=(5, 1))
            yield x, np.eye(3)[:, [int(x[0, 0] > 0)]]

    trainer = net_of().trainer("cel", optimizer="adam", steps_per_epoch=1000)
    trainer.run(digits_like(10))
    tracemalloc.start()
    try:
        history = trainer.run(stream())
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(history.loss) == 3
    assert history.loss[-1] < history.loss[0]
    assert grown < 100_000


def test_a_run_takes_rows_in_batches():
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(n, 5)), np.eye(3)[rng.integers(3, size=n)]) for n in (4, 1, 5, 2)]
    one, other = net_of(), net_of()
    one.trainer("cel", optimizer="adam").run(batches, rows=True)
    other.trainer("cel", optimizer="adam").run([(x.T, y.T) for x, y in batches])
    assert_same(one, other)
    with pytest.raises(ShapeError, match=r"y has shape \(2,\).*one row per sample"):
        one.trainer("cel", 0.1).run([(np.ones((2, 5)), np.ones(2))], rows=True)


def test_a_run_takes_the_loader_of_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(50, 5)), np.eye(3)[rng.integers(3, size=50)]
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=8, shuffle=False
    )
    one, other = net_of(), net_of()
    trainer = one.trainer("cel", 0.1, steps_per_epoch=len(loader))
    for _ in range(2):
        history = trainer.run(loader, rows=True)
    expected = other.nEpochs(2, nnframe.pairs(X, Y), "cel", 0.1, batch_size=8)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-10)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("x", "y", "wanted"), [
    (np.ones((4, 1)), np.ones((3, 1)), r"x has shape \(4, 1\)"),
    (np.ones((5, 1)), np.ones((2, 1)), r"y has shape \(2, 1\)"),
    (np.ones((5, 2)), np.ones((3, 3)), r"x has shape \(5, 2\) and y has shape \(3, 3\)"),
    (np.ones((5, 0)), np.ones((3, 0)), "at least 1"),
    (np.ones(5), np.ones((3, 1)), "reshape"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(x, y, wanted):
    with pytest.raises(ShapeError, match=wanted):
        net_of().trainer("cel", 0.1).step(x, y)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused_before_anything_changes(bad):
    net = net_of()
    trainer = net.trainer("cel", 0.1)
    trainer.run(digits_like(5))
    before = arrays_of(net)
    x = np.ones((5, 1))
    x[3] = bad
    with pytest.raises(DataError, match=r"x\[3, 0\] is (nan|inf)"):
        trainer.step(x, np.eye(3)[:, [0]])
    with pytest.raises(DataError, match=r"y\[0, 0\] is (nan|inf)"):
        trainer.step(np.ones((5, 1)), np.full((3, 1), bad))
    for mine, theirs in zip(arrays_of(net), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert trainer.steps == 5


def test_large_finite_numbers_whose_squares_overflow_are_taken():
    net = nNet([denseLayer(np.zeros((1, 1), np.float32))])
    assert net.trainer("mse", 0.0).step(np.full((1, 1), 1e25, np.float32), np.zeros((1, 1), np.float32)) == 0


def test_after_divergence_the_net_has_the_weights_of_the_last_check():
    net = nNet([denseLayer([[1.0]])])
    trainer = net.trainer("mse", learning_rate=100.0, check_every=4)
    kept = {}

    def pairs_until_it_diverges():
        for step in range(10_000):
            if step % 4 == 0:
                kept[step] = arrays_of(net)
            yield [[10.0]], [[1.0]]

    with np.errstate(all="raise"), pytest.raises(DivergenceError, match="which were checked"):
        trainer.run(pairs_until_it_diverges())
    for mine, theirs in zip(arrays_of(net), kept[trainer.steps], strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert np.isfinite(mine).all()


def test_a_weight_overwritten_with_nan_is_not_taken_for_an_update_that_overflows():
    net = nNet([denseLayer([[1.0]])])
    trainer = net.trainer("mse", learning_rate=0.1)
    for _ in range(3):
        trainer.step([[1.0]], [[1.0]])
    net.layersList[0].linear[:] = np.nan
    with pytest.raises(
        DivergenceError, match=r"the loss is not finite; with the weights of the last check.* check what it writes"
    ) as caught:
        trainer.step([[1.0]], [[1.0]])
    assert "beyond the largest" not in str(caught.value)
    assert net.layersList[0].linear.item() == 1.0


def test_a_run_that_an_error_ends_leaves_no_weight_that_is_not_finite():
    def stream():
        yield [[10.0]], [[1.0]]
        raise OSError("the line is dead")

    net = nNet([denseLayer([[1.0]])])
    trainer = net.trainer("mse", learning_rate=1e308)
    with pytest.raises(OSError, match="the line is dead"):
        trainer.run(stream())
    # The first update, whose loss was finite, overflows.
    assert net.layersList[0].linear.tolist() == [[1.0]]
    assert trainer.steps == 0


def test_after_divergence_the_history_has_each_epoch_once():
    net = nNet([denseLayer([[1.0]], 0.0)])
    trainer = net.trainer("mse", learning_rate=0.1, steps_per_epoch=10, check_every=100)
    for _ in range(14):
        trainer.step([[1.0]], [[1.0]])
    with pytest.raises(DivergenceError, match="the weights after update 10"):
        trainer.run([([[1e160]], [[1.0]])] * 4)
    assert trainer.steps == 10
    for _ in range(10):
        trainer.step([[1.0]], [[1.0]])
    assert len(trainer.history.loss) == 2
    # The updates that were taken back are in no mean.
    assert trainer.history.loss[1] <= trainer.history.loss[0] <= 1


@pytest.mark.parametrize("activations", [["tanh", "softmax"], [np.tanh, "softmax"]], ids=["built-in", "a function"])
def test_the_error_state_of_numpy_neither_matters_nor_changes(activations):
    rng = np.random.default_rng(0)
    net = nNet.from_sizes([5, 4, 3], activations, seed=3, dtype="float32")
    trainer = net.trainer("cel", optimizer="adam")
    pair = (rng.normal(size=(5, 1)) * 1e30).astype("float32"), np.eye(3, dtype="float32")[:, [0]]
    with np.errstate(all="raise"):
        before = np.geterr()
        for _ in range(3):
            trainer.step(*pair)
        assert np.geterr() == before


def test_a_plugin_of_others_sees_the_context_variables_of_the_caller():
    variable = contextvars.ContextVar("variable", default="outside")
    seen = []

    def value(a, y):
        seen.append(variable.get())
        return ((a - y) ** 2).sum(axis=0)

    trainer = net_of().trainer(nnframe.Loss("mine", value, lambda a, y: 2 * (a - y)), learning_rate=0.1)
    seen.clear()
    variable.set("inside")
    trainer.step(*digits_like(1)[0])
    assert set(seen) == {"inside"}


def test_targets_are_checked_however_many_were_seen_before():
    net, rng = net_of(), np.random.default_rng(0)
    trainer = net.trainer("cel", 0.01)
    x, y = np.ones((5, 1)), np.eye(3)[:, [0]]
    for _ in range(3):
        trainer.step(x, y)
    for _ in range(300):
        trainer.step(x, rng.dirichlet(np.ones(3))[:, None])
    # The array of a target that was fine holds another one now.
    y[0] = 2.0
    with pytest.raises(ArgumentError, match="y has 2"):
        trainer.step(x, y)
    for wrong in ([[-1.0], [1.0], [1.0]], [[0.0], [1.5], [0.0]]):
        with pytest.raises(ArgumentError, match="takes probabilities"):
            trainer.step(x, np.array(wrong))


def test_a_failing_plugin_leaves_the_weights_from_before_the_step():
    calls = []

    def value(a, y):
        calls.append(1)
        if len(calls) > 3:
            raise RuntimeError("no more")
        return ((a - y) ** 2).sum(axis=0)

    net = net_of()
    trainer = net.trainer(nnframe.Loss("mine", value, lambda a, y: 2 * (a - y)), learning_rate=0.1)
    data = digits_like(4)
    calls.clear()
    for x, y in data[:3]:
        trainer.step(x, y)
    before = arrays_of(net)
    with pytest.raises(PluginError, match="no more"):
        trainer.step(*data[3])
    for mine, theirs in zip(arrays_of(net), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def run_with_alarm(trainer, data, delay):
    signal.setitimer(signal.ITIMER_REAL, delay)
    trainer.run(data)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timers that interrupt")
def test_an_interrupt_leaves_the_weights_of_a_whole_update():
    def interrupt(number, frame):
        raise KeyboardInterrupt

    data = digits_like(40)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in (0.011, 0.012, 0.013, 0.014):
            net, like = net_of(), net_of()
            trainer, twin = (each.trainer("cel", optimizer="adam", steps_per_epoch=10) for each in (net, like))
            # On a busy machine it may come as soon as this.
            with pytest.raises(KeyboardInterrupt):
                run_with_alarm(trainer, itertools.cycle(data), delay)
            signal.setitimer(signal.ITIMER_REAL, 0)
            made = int(trainer.bound.rule.state.updates)
            assert trainer.steps in (made - 1, made)
            twin.run(itertools.islice(itertools.cycle(data), made))
            assert_same(net, like)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_early_stopping_follows_the_epochs_of_a_stream():
    trainer = net_of().trainer("cel", learning_rate=0.0, steps_per_epoch=5)
    history = trainer.run((pair for _ in range(100) for pair in digits_like(5)), ["early_stopping(patience=2)"])
    assert len(history.loss) == 3
    assert "loss" in history.stopped


def test_progress_needs_no_number_of_epochs(capsys):
    trainer = net_of().trainer("cel", learning_rate=0.1, steps_per_epoch=2)
    trainer.run(digits_like(5), [nnframe.callbacks.EarlyStopping(patience=1, min_delta=100.0), "progress"])
    assert "epoch 2  loss" in capsys.readouterr().err


def test_checkpoint_says_that_a_trainer_saves_itself(tmp_path):
    trainer = net_of().trainer("cel", learning_rate=0.1)
    with pytest.raises(ArgumentError, match=r"for a trainer, use its own save\(path\)"):
        trainer.run(digits_like(5), [nnframe.callbacks.Checkpoint(tmp_path / "c.nnf")])


def test_a_callback_may_change_the_learning_rate():
    class Halve:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            run.learning_rate /= 2

    trainer = net_of().trainer("cel", learning_rate=0.4, steps_per_epoch=2)
    trainer.run(digits_like(5), [Halve()])
    assert trainer.learning_rate == 0.1


def test_a_schedule_goes_by_updates_and_keeps_its_last_factor():
    # (1 + cos(pi k / 2)) / 2 in epoch k of 2, each of two updates.
    net = nNet([denseLayer([[0.0]], 0.0)])
    trainer = net.trainer("mse", learning_rate=1.0, schedule="cosine", n=2, steps_per_epoch=2)
    rates = []
    for _ in range(6):
        net.layersList[0].bias = 0.0
        trainer.step([[0.0]], [[-0.5]])
        rates.append(-net.layersList[0].bias.item())
    expected = [1, 1, 0.5, 0.5, 0.5, 0.5]
    np.testing.assert_allclose(rates, expected, rtol=1e-12)


@pytest.mark.parametrize("chosen", ["cosine", "exponential", "warm_up(epochs=2.5)"])
def test_factors_are_those_of_the_schedule_in_any_order(chosen):
    schedule = nnframe.registry.get("schedule", chosen)
    factors, last = Factors(schedule, steps_per_epoch=700, n_epochs=4), 2799
    for step in (0, 1, 1023, 1024, 2048, 5, 2799, 2800, 10**12, 0):
        expected = schedule.factor(np.array([min(step, last)]), 700, 4, **schedule.settings)
        assert factors.at(step) == pytest.approx(np.asarray(expected).item(), rel=1e-14)


def test_a_schedule_needs_to_know_how_long_it_lasts():
    with pytest.raises(ArgumentError, match="n is missing"):
        net_of().trainer("cel", 0.1, schedule="cosine")


@pytest.mark.parametrize("bad", [5, (1, 2, 3), None])
def test_something_else_than_a_pair_is_named(bad):
    with pytest.raises(ArgumentTypeError, match=r"number 1 .* is of type"):
        net_of().trainer("cel", 0.1).run([*digits_like(1), bad])


def test_an_engine_without_a_stepper_makes_single_updates_too():
    engine = Engine("only_epochs", prepare=reference.prepare)
    one, other, data = net_of(), net_of(), digits_like(6)
    trainer = one.trainer("cel", 0.1, engine=engine)
    x, y = (np.hstack(columns) for columns in zip(*data[:3], strict=True))
    trainer.step(x, y)
    trainer.step(x, y, [1.0, 2.0, 3.0])
    trainer.run(data)
    twin = other.trainer("cel", 0.1)
    twin.step(x, y)
    twin.step(x, y, [1.0, 2.0, 3.0])
    twin.run(data)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10)


# backprop with one pair


def test_calls_with_one_pair_lead_where_a_list_leads():
    data, one, other = digits_like(20), net_of(), net_of()
    losses = [one.backprop([pair], "cel", 0.1) for pair in data]
    assert np.mean(losses) == pytest.approx(other.backprop(data, "cel", 0.1), rel=1e-12)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_call_with_one_pair_sees_new_weights_activations_layers_and_rates():
    data = digits_like(4)
    one, other = net_of(), net_of()
    for net, calls in ((one, lambda net, pair, rate: net.backprop([pair], "cel", rate)),
                       (other, lambda net, pair, rate: net.nEpochs(1, [pair], "cel", rate))):  # fmt: skip
        calls(net, data[0], 0.1)
        net.layersList[0].linear = np.full((4, 5), 0.3)
        calls(net, data[1], 0.1)
        net.layersList[0].activation = "sigmoid"
        calls(net, data[2], 0.2)
        net.layersList[1] = denseLayer(np.full((3, 4), 0.1), 0, "softmax")
        calls(net, data[3], 0.2)
    for mine, theirs in zip(arrays_of(one), arrays_of(other), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_a_call_with_one_pair_that_diverges_leaves_the_weights_from_before_it():
    net = nNet([denseLayer([[1.0]])])
    data = [(np.full((1, 1), 1e200), np.zeros((1, 1)))]
    with pytest.raises(DivergenceError):
        net.backprop(data, "mse", 1.0)
    assert net.layersList[0].linear.item() == 1.0


def test_a_net_that_keeps_a_trainer_can_be_copied_and_pickled():
    net = net_of()
    net.backprop(digits_like(1), "cel", 0.1)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        twin.backprop(digits_like(1, seed=1), "cel", 0.1)
        assert not np.array_equal(twin.layersList[0].linear, net.layersList[0].linear)


def test_a_call_with_one_pair_sees_that_a_name_means_another_loss_now():
    def doubled(a, y):
        return 2 * ((a - y) ** 2).mean(axis=0)

    net, pair = nNet([denseLayer([[2.0]])]), (np.array([[1.0]]), np.array([[0.0]]))
    losses = []
    for value in (lambda a, y: ((a - y) ** 2).mean(axis=0), doubled):
        with nnframe.registry.temporarily(nnframe.Loss("mine", value)):
            losses.append(net.backprop([pair], "mine", 0.0))
    assert losses == [4.0, 8.0]


def test_a_call_with_one_pair_sees_a_method_put_on_a_layer():
    net = net_of()
    net.backprop(digits_like(1), "cel", 0.1)
    net.layersList[0].forwardPass = lambda v: v
    with pytest.raises(ArgumentTypeError, match="overrides forwardPass"):
        net.backprop(digits_like(1), "cel", 0.1)


def test_calls_with_one_pair_keep_their_trainer_for_a_loss_with_parameters():
    net = net_of()
    loss = nnframe.Loss("scaled", lambda a, y, by: by * ((a - y) ** 2).mean(axis=0), params={"by": 1.0})
    with nnframe.registry.temporarily(loss):
        net.backprop(digits_like(1), "scaled(by=2.0)", 0.1)
        kept = net._kept_trainer
        net.backprop(digits_like(1), "scaled(by=2.0)", 0.1)
        assert net._kept_trainer is kept


@pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES)
def test_layers_in_one_vector_and_layers_apart_train_alike(chosen):
    data, joint = digits_like(20), net_of()
    layers = [denseLayer(layer.linear, layer.bias, layer.activation) for layer in joint.layersList]
    # What someone has seen stays where it is.
    assert all(layer.linear.any() for layer in layers)
    apart = nNet(layers)
    assert joint.layersList[0].linear.base is joint.layersList[1].bias.base
    for net in (joint, apart):
        net.nEpochs(2, data, "cel", batch_size=3, **chosen)
        net.trainer("cel", **chosen).run(data)
    for mine, theirs in zip(arrays_of(joint), arrays_of(apart), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.layersList.append(denseLayer(np.eye(net.layersList[-1].n_out))),
        lambda net: net.layersList.__setitem__(0, denseLayer(net.layersList[0].linear, 0, "relu")),
        lambda net: setattr(net, "layersList", list(reversed(net.layersList))),
        lambda net: setattr(net.layersList[0], "activation", "sigmoid"),
    ],
    ids=["appended", "replaced", "another list", "another activation"],
)
def test_a_trainer_of_a_net_whose_layers_have_changed_says_so(change):
    net = net_of()
    trainer = net.trainer("cel", 0.1, check_every=2)
    pair = digits_like(1)[0]
    trainer.step(*pair)
    change(net)
    with pytest.raises(ArgumentError, match=r"layers or activations have changed.*net\.trainer"):
        trainer.step(*pair)


def test_threads_may_learn_pairs_with_one_net():
    net = nNet.from_sizes([200, 200, 2], ["tanh", None], seed=0)
    pair = np.ones((200, 1)), np.zeros((2, 1))
    interval, errors = sys.getswitchinterval(), []

    def learn():
        try:
            for _ in range(100):
                net.backprop([pair], "mse", 1e-3)
        except BaseException as error:
            errors.append(error)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=learn) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert errors == []
    assert net.backprop([pair], "mse", 1e-3) < 1e-3


@pytest.mark.parametrize("made", [lambda net: net.trainer("cel", 0.1), lambda net: net.predictor()])
@pytest.mark.parametrize("use", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_trainer_and_a_predictor_are_not_copied(made, use):
    with pytest.raises(ArgumentTypeError, match=r"can't be pickled or copied.*the net"):
        use(made(net_of()))


def test_a_net_that_was_trained_by_pairs_can_still_be_copied():
    net = net_of()
    net.backprop(digits_like(1), "cel", 0.1)
    assert pickle.loads(pickle.dumps(copy.deepcopy(net))).n_parameters == net.n_parameters

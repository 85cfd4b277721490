"""Runs of optimizers that see the whole data: what an epoch is, what is refused, and how a run ends."""

import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from nnframe import (
    ArgumentError,
    Converged,
    DivergenceError,
    Loss,
    Optimizer,
    PluginError,
    denseLayer,
    hookimpl,
    nNet,
    pairs,
    registry,
)
from nnframe.backpropagation import loss_and_gradients
from nnframe.callbacks import Checkpoint
from nnframe.engines.fast import whole_data
from nnframe.engines.fast.whole_data import WholeData
from nnframe.training import whole_data as whole_data_runs
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

N = 30


def make_net(dtype=np.float64):
    return nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1, dtype=dtype)


def make_data(count=N):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, 3))
    return pairs(X, np.eye(2)[(X[:, 0] * X[:, 1] + 0.3 * rng.normal(size=count) > 0).astype(int)])


def train(n=5, net=None, data=None, **settings):
    net = net or make_net()
    history = net.nEpochs(n, data or make_data(), "cel", **{"optimizer": "lbfgs", **settings})
    return net, history


def weights_of(net):
    return np.concatenate([array.ravel() for layer in net.layersList for array in (layer.linear, layer.bias)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("chunk", [1, 7, 512])
@pytest.mark.parametrize("most_kept", [0, 2**27])
@pytest.mark.parametrize("shared", ["nothing", "the middle", "the first layer"])
def test_loss_and_gradient_are_those_of_the_reference(monkeypatch, dtype, chunk, most_kept, shared):
    monkeypatch.setattr(whole_data, "CHUNK", chunk)
    monkeypatch.setattr(whole_data, "MOST_KEPT", most_kept)
    net = make_net(dtype)
    size = 5 if shared == "the middle" else 3
    square = denseLayer(np.full((size, size), 0.1, dtype), np.full((size, 1), 0.2, dtype), "tanh")
    if shared == "the middle":
        net = nNet([net.layersList[0], square, square, net.layersList[1]])
    elif shared == "the first layer":
        net = nNet([square, square, *net.layersList])
    data, rng = make_data(), np.random.default_rng(1)
    weights, rows = rng.uniform(0, 2, N), np.sort(rng.permutation(N)[:21])
    settings = Settings.of(loss="cel", optimizer="lbfgs", l2=0.1, sample_weights=weights)
    task = prepare(net, data, settings).task
    w = np.concatenate([a.ravel() for layer in dict.fromkeys(net.layersList) for a in (layer.linear, layer.bias)])
    loss, penalized, gradient = WholeData(task, rows).evaluate(w)
    x, y = data.X[rows].T.astype(dtype), data.Y[rows].T.astype(dtype)
    losses, parts, _ = loss_and_gradients(task.layers, task.objective, x, y, weights[rows].astype(dtype))
    tolerance = {"rtol": 1e-4, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-13}
    assert loss == pytest.approx(losses.mean(), rel=tolerance["rtol"])
    squares = sum(float((layer.linear**2).sum()) for layer in dict.fromkeys(net.layersList))
    assert penalized == pytest.approx(losses.mean() + 0.05 * squares, rel=tolerance["rtol"])
    sums = {}
    for layer, part in zip(net.layersList, parts, strict=True):
        before = sums.get(layer, (0.1 * layer.linear, 0.0))
        sums[layer] = before[0] + part.weights, before[1] + part.bias
    expected = np.concatenate([array.ravel() for pair in sums.values() for array in pair])
    np.testing.assert_allclose(gradient, expected, **tolerance)
    assert gradient.dtype == dtype


@pytest.mark.parametrize("n_in", [9, 10, 13, 15, 16, 29])
@pytest.mark.parametrize("sizes", [(), (6,)])
def test_the_gradient_is_that_of_the_reference_for_any_number_of_inputs(n_in, sizes):
    rng = np.random.default_rng(n_in)
    data = pairs(rng.normal(size=(40, n_in)), rng.normal(size=(40, 2)))
    net = nNet.from_sizes([n_in, *sizes, 2], ["tanh"] * len(sizes) + [None])
    task = prepare(net, data, Settings.of(loss="mse", optimizer="lbfgs")).task
    losses, parts, _ = loss_and_gradients(task.layers, task.objective, data.X.T, data.Y.T)
    expected = np.concatenate([array.ravel() for part in parts for array in (part.weights, part.bias)])
    loss, _, gradient = WholeData(task, None).evaluate(weights_of(net))
    assert loss == pytest.approx(losses.mean(), rel=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)


def test_the_history_has_the_loss_after_each_iteration():
    net, data = make_net(), make_data()
    losses = []

    class Judge:
        @hookimpl
        def nnframe_epoch_end(self, run):
            losses.append(run.net.evaluate(data, "cel")["loss"])

    _, history = train(net=net, callbacks=[Judge()], l2=0.01)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-13)
    assert history.loss == sorted(history.loss, reverse=True)
    assert history.learning_rate == [1.0] * 5


def test_batch_size_and_shuffle_make_no_difference():
    expected, _ = train()
    for settings in ({"batch_size": 7}, {"batch_size": 1000}, {"shuffle": True, "seed": 1}):
        np.testing.assert_array_equal(weights_of(train(**settings)[0]), weights_of(expected))


def test_sample_weights_count_like_copies_of_rows():
    data, counts = make_data(), np.arange(N) % 3
    copies = np.repeat(np.arange(N), counts)
    twin, _ = train(data=pairs(data.X[copies], data.Y[copies]))
    # The mean divides by the number of rows, and so the weights have a mean of 1.
    net, _ = train(sample_weights=counts / counts.mean())
    np.testing.assert_allclose(weights_of(net), weights_of(twin), rtol=1e-6)


def test_it_stops_when_it_has_converged_and_says_why():
    data = make_data()
    net, history = train(500, data=data, l2=0.1)
    assert len(history.loss) < 100
    assert history.stopped.startswith("the largest gradient is ")
    assert history.stopped.endswith(", at most tolerance=1e-05")
    before = weights_of(net)
    _, again = train(5, net=net, data=data, l2=0.1)
    assert (again.loss, again.stopped) == ([], history.stopped)
    np.testing.assert_array_equal(weights_of(net), before)


def test_it_stops_when_an_iteration_gains_little():
    _, history = train(500, optimizer="lbfgs(min_gain=0.001)")
    assert history.stopped.startswith("an iteration lowered the loss by ")
    assert history.loss[-2] - history.loss[-1] <= 0.001


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"l1": 0.1}, "l1 is 0.1, and optimizer 'lbfgs' needs a smooth loss, which l1 is not: use l2"),
        ({"clip_norm": 1.0}, "clip_norm is 1.0, and optimizer 'lbfgs' needs the gradient as it is"),
        ({"clip_value": 1.0}, "clip_value is 1.0, and"),
        ({"dropout": 0.5}, "dropout is 0.5, and optimizer 'lbfgs' needs the same loss in every evaluation"),
        ({"dropout": [0.5]}, r"dropout is \(0.5,\), and"),
        ({"schedule": "cosine"}, "schedule is .*cosine.*, and optimizer 'lbfgs' chooses its steps itself"),
        ({"learning_rate": 0.1}, "learning_rate is 0.1 and optimizer is 'lbfgs'; .*lbfgs chooses its steps itself"),
        ({"optimizer": "lbfgs(learning_rate=0.1)"}, "lbfgs has no parameter 'learning_rate'"),
    ],
)
def test_what_it_can_not_follow_is_refused_before_anything_changes(settings, sentence):
    net = make_net()
    with pytest.raises(ArgumentError, match=sentence):
        train(net=net, **settings)
    np.testing.assert_array_equal(weights_of(net), weights_of(make_net()))


def test_a_trainer_refuses_it():
    with pytest.raises(ArgumentError, match="'lbfgs' needs the whole data for each step, and a trainer sees a batch"):
        make_net().trainer("cel", optimizer="lbfgs")


def test_a_callback_can_not_change_a_learning_rate_that_there_is_not():
    class Halve:
        @hookimpl
        def nnframe_epoch_end(self, run):
            run.learning_rate /= 2

    with pytest.raises(PluginError, match=r"learning_rate is 0\.5, and optimizer 'lbfgs' has none") as caught:
        train(callbacks=[Halve()])
    assert isinstance(caught.value.__cause__, ArgumentError)


def test_reduce_on_plateau_is_refused_before_the_first_iteration():
    net = make_net()
    with pytest.raises(ArgumentError, match="'lbfgs' has none: it chooses its steps itself"):
        train(net=net, callbacks=["reduce_on_plateau"])
    np.testing.assert_array_equal(weights_of(net), weights_of(make_net()))


def test_gradients_that_are_too_large_for_any_step_leave_the_weights_alone():
    data, net, twin = (make_data(), *(nNet.from_sizes([3, 5, 2], ["relu", "softmax"]) for _ in range(2)))
    _, history = train(net=net, data=pairs(data.X * 1e200, data.Y))
    assert history.loss == []
    assert "no step lowers the loss" in history.stopped
    assert history.stopped.endswith("; scale the data")
    np.testing.assert_array_equal(weights_of(net), weights_of(twin))


def test_held_out_rows_are_left_out_and_early_stopping_keeps_the_best_weights():
    net, history = train(60, validation=0.3, seed=1, callbacks=["early_stopping(patience=5)"])
    assert "validation_loss has not become better" in history.stopped
    best = int(np.argmin(history.validation_loss))
    again, _ = train(best + 1, validation=0.3, seed=1)
    np.testing.assert_array_equal(weights_of(net), weights_of(again))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_checkpoint_continues_bit_for_bit(tmp_path, dtype):
    whole, expected = train(12, net=make_net(dtype), validation=0.2, seed=3)
    train(5, net=make_net(dtype), validation=0.2, seed=3, callbacks=[Checkpoint(tmp_path / "run")])
    net, history = train(12, net=make_net(dtype), validation=0.2, seed=3, callbacks=[Checkpoint(tmp_path / "run")])
    np.testing.assert_array_equal(weights_of(net), weights_of(whole))
    assert (history.loss, history.validation_loss) == (expected.loss, expected.validation_loss)


def test_an_interrupt_leaves_the_weights_after_the_last_iteration():
    lbfgs = registry.get("optimizer", "lbfgs")

    def interrupted(evaluate, w, *state, t, **settings):
        def counted(w):
            if t == 3 and threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt
            return evaluate(w)

        return lbfgs.minimize(counted, w, *state, t=t, **settings)

    net = make_net()
    with pytest.raises(KeyboardInterrupt):
        train(net=net, optimizer=replace(lbfgs, name="interrupted", minimize=interrupted))
    np.testing.assert_array_equal(weights_of(net), weights_of(train(2)[0]))


def test_a_sample_that_is_not_finite_is_named(monkeypatch):
    monkeypatch.setattr(whole_data, "CHUNK", 7)
    data, net = make_data(), make_net()
    X = data.X.copy()
    X[17, 1] = np.nan
    with pytest.raises(DivergenceError, match=r"stopped in epoch 1: the input of sample 17 of the data"):
        train(net=net, data=pairs(X, data.Y))
    np.testing.assert_array_equal(weights_of(net), weights_of(make_net()))


def sign_descent(evaluate, w, t, learning_rate):
    return (w - learning_rate * np.sign(evaluate(w)[1]),)


def test_a_learning_rate_is_followed_where_there_is_one():
    mine = Optimizer("mine", minimize=sign_descent, params={"learning_rate": 0.5})
    net = make_net()
    before = weights_of(net)
    _, history = train(2, net=net, optimizer=mine, schedule="exponential(gamma=0.5)")
    assert history.learning_rate == [0.5, 0.5]
    assert set(np.round(np.abs(weights_of(net) - before), 12)) <= {0.25, 0.75}


WRONG = {
    "raised ZeroDivisionError": lambda evaluate, w, t: 1 / 0,
    r"returned None; expected a tuple \(new w\)": lambda evaluate, w, t: None,
    r"returned an array of shape \(1,\)": lambda evaluate, w, t: (w[:1],),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_failing_optimizer_is_blamed_and_the_weights_stay(sentence):
    net = make_net()
    with pytest.raises(PluginError, match=f"optimizer 'mine', minimize: {sentence}"):
        train(net=net, optimizer=Optimizer("mine", minimize=WRONG[sentence]))
    np.testing.assert_array_equal(weights_of(net), weights_of(make_net()))


def test_weights_that_are_not_finite_are_not_taken_over():
    net = make_net()
    with pytest.raises(DivergenceError, match="the optimizer mine returned weights or a state with numbers that are"):
        train(net=net, optimizer=Optimizer("mine", minimize=lambda evaluate, w, t: (w * np.inf,)))
    np.testing.assert_array_equal(weights_of(net), weights_of(make_net()))


def test_an_optimizer_may_converge_with_or_without_new_weights():
    def minimize(evaluate, w, t):
        raise Converged("enough", w + 1) if t == 2 else Converged("never")

    net, history = train(optimizer=Optimizer("mine", minimize=lambda e, w, t: (w,) if t == 1 else minimize(e, w, t)))
    assert (len(history.loss), history.stopped) == (2, "enough")
    np.testing.assert_allclose(weights_of(net), weights_of(make_net()) + 1)
    _, history = train(optimizer=Optimizer("mine", minimize=minimize))
    assert (history.loss, history.stopped) == ([], "never")


def test_an_optimizer_has_update_or_minimize_but_not_both():
    with pytest.raises(TypeError, match="'mine' has neither of update and minimize"):
        Optimizer("mine", params={"learning_rate": 0.1})
    with pytest.raises(TypeError, match="'mine' has both of update and minimize"):
        Optimizer("mine", max, minimize=max, params={"learning_rate": 0.1})
    with pytest.raises(TypeError, match=r"begins with 'size'; expected a number such as 0.0, or one or two names of"):
        Optimizer("mine", minimize=max, state={"kept": "size"}, params={"size": 2.0})
    with pytest.raises(TypeError, match=r"begins with \('size', 'other'\); expected a number such as 0.0, or one or"):
        Optimizer("mine", minimize=max, state={"kept": ("size", "other")}, params={"size": 2})


def test_weights_are_evaluated_once_although_they_are_asked_for_again():
    seen = []

    def minimize(evaluate, w, t):
        seen.extend([evaluate(w)[0], evaluate(w.copy())[0]])
        return (w - 0.1 * evaluate(w)[1],)

    counts = []

    class Count:
        @hookimpl
        def nnframe_epoch_end(self, run):
            counts.append(run.evaluations)

    train(3, optimizer=Optimizer("mine", minimize=minimize), callbacks=[Count()])
    assert counts == [2, 3, 4]
    assert seen[::2] == seen[1::2]


@pytest.mark.parametrize(
    "changed",
    [lambda w: w[:-1], lambda w: np.append(w, w[-1]), lambda w: w[:, np.newaxis], lambda w: w[:0], lambda w: w.sum()],
)
@pytest.mark.parametrize("ask", [lambda evaluate, w: evaluate(w), lambda evaluate, w: evaluate.gauss_newton(w)])
def test_evaluate_refuses_what_is_not_a_vector_of_all_weights(changed, ask):
    optimizer = Optimizer("mine", minimize=lambda evaluate, w, t: ask(evaluate, changed(w)))
    with pytest.raises(PluginError, match=r"got weights of shape \(.*\); expected \(32,\), a vector like w"):
        make_net().nEpochs(1, make_data(), "mse", optimizer=optimizer)


def test_a_view_of_changing_weights_is_evaluated_again():
    seen = []

    def minimize(evaluate, w, t):
        buffer = w.copy()
        view = buffer.view()
        view.flags.writeable = False
        for _ in range(2):
            seen.append((evaluate(view)[0], evaluate(buffer.copy())[0]))
            buffer *= 0.5
        return (w,)

    train(1, optimizer=Optimizer("mine", minimize=minimize))
    assert all(of_view == of_copy for of_view, of_copy in seen)
    assert seen[0] != seen[1]


def test_what_evaluate_returns_can_not_be_changed():
    def minimize(evaluate, w, t):
        evaluate(w)[1][...] = 0

    with pytest.raises(PluginError, match="read-only"):
        train(optimizer=Optimizer("mine", minimize=minimize))


def test_an_engine_without_passes_over_all_rows_leaves_them_to_numpy():
    other = replace(registry.get("engine", "reference"), name="other")
    with pytest.warns(UserWarning, match="'lbfgs' takes the whole data, for which engine 'other' has nothing"):
        net, _ = train(engine=other)
    np.testing.assert_array_equal(weights_of(net), weights_of(train()[0]))


def test_activations_of_all_rows_are_never_in_memory_at_once():
    rows = 100_000
    X, Y = np.ones((rows, 2), np.float32), np.ones((rows, 1), np.float32)
    net = nNet.from_sizes([2, 50, 1], ["tanh", None], dtype=np.float32)
    tracemalloc.start()
    net.nEpochs(1, pairs(X, Y), "mse", optimizer="lbfgs")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The activations of all rows would take 20 MB.
    assert peak < 4e6


def with_factors(run, factors):
    run.task = run.task._replace(rule=run.task.rule._replace(factors=factors))
    return run


def test_frozen_arrays_have_no_gradient_and_no_penalty():
    data = make_data()
    run = prepare(make_net(), data, Settings.of(loss="cel", optimizer="lbfgs", l2=0.1))
    w = np.concatenate([array.ravel() for array in run.weights])
    free = WholeData(run.task, None).evaluate(w)[2]
    frozen = WholeData(with_factors(run, (0.0, 1.0, 1.0, 0.0)).task, None).evaluate(w)[2]
    # 15 weights and 5 biases, 10 weights and 2 biases.
    kept = slice(15, 30)
    np.testing.assert_allclose(frozen[kept], free[kept], rtol=1e-12)
    assert not np.delete(frozen, np.arange(32)[kept]).any()
    last = WholeData(with_factors(run, (0.0, 0.0, 0.0, 1.0)).task, None).evaluate(w)[2]
    np.testing.assert_allclose(last, [0.0] * 30 + [*free[30:]], rtol=1e-12)


def test_learning_rates_of_single_arrays_are_refused():
    run = with_factors(prepare(make_net(), make_data(), Settings.of(loss="cel", optimizer="lbfgs")), (1, 1, 0.5, 1))
    with pytest.raises(ArgumentError, match="a factor of the learning rate is neither 0 nor 1, and optimizer 'lbfgs'"):
        whole_data_runs.bind_iterations(run, run.settings.optimizer)


def test_gradients_in_float32_have_no_subnormal_numbers_on_the_way():
    # Certain of the right class, but for the first sample: gradients of about exp(-95).
    net = nNet([denseLayer(np.float32([[95.0], [0.0]]), activation="softmax")])
    X, Y = np.float32([[1], [1], [-1], [1]]), np.float32([[0, 1], [1, 0], [0, 1], [1, 0]])
    task = prepare(net, pairs(X, Y), Settings.of(loss="cel", optimizer="lbfgs")).task
    _, _, gradient = WholeData(task, np.arange(1, 4)).evaluate(np.float32([95, 0, 0, 0]))
    assert not gradient.any()
    _, _, gradient = WholeData(task, None).evaluate(np.float32([95, 0, 0, 0]))
    np.testing.assert_array_equal(gradient, np.float32([0.25, -0.25, 0.25, -0.25]))


def test_a_gradient_in_float32_may_be_one_of_its_arguments():
    slanted = Loss("slanted", lambda a, y: (a * y).sum(axis=0), gradient=lambda a, y: y)
    net = nNet([denseLayer(np.float32([[0.5, 0.5]]))])
    X, Y = np.float32([[1, 2], [3, 4]]), np.float32([[1], [2]])
    for array in (X, Y):
        array.flags.writeable = False
    task = prepare(net, pairs(X, Y), Settings.of(loss=slanted, optimizer="lbfgs")).task
    loss, _, gradient = WholeData(task, None).evaluate(np.float32([0.5, 0.5, 0]))
    assert loss == (1.5 * 1 + 3.5 * 2) / 2
    assert gradient.tolist() == [(1 * 1 + 3 * 2) / 2, (2 * 1 + 4 * 2) / 2, (1 + 2) / 2]


def test_a_vector_in_place_of_a_matrix_of_the_state_replaces_its_oldest_row():
    seen = []

    def minimize(evaluate, w, kept, t, rows):
        seen.append(kept.copy())
        # A part of the old state at t = 2, all of it at 3, and all of it in another order at 4.
        if t == 3:
            return w, kept
        return w, {1: np.full_like(w, 1), 2: kept[0], 4: kept[::-1], 5: np.full_like(w, 5), 6: kept[1]}[t]

    optimizer = Optimizer("keeping", minimize=minimize, state={"kept": "rows"}, params={"rows": 3})
    train(6, optimizer=optimizer)
    rows = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 5, 1]]
    assert [each[:, 0].tolist() for each in seen] == rows
    assert all((each == each[:, :1]).all() for each in seen)


def test_a_pair_of_parameters_is_the_shape_of_a_matrix_of_the_state():
    seen = []

    def minimize(evaluate, w, kept, t, rows, columns):
        seen.append(kept.tolist())
        return w, kept + t

    state, params = {"kept": ("rows", "columns")}, {"rows": 2, "columns": 1}
    train(3, optimizer=Optimizer("keeping", minimize=minimize, state=state, params=params))
    assert seen == [[[0], [0]], [[1], [1]], [[3], [3]]]

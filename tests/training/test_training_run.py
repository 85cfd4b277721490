"""Orders, seeds, validation, and what is refused."""

import copy
import gc
import weakref

import numpy as np
import pytest

from nnframe import ArgumentError, ArgumentTypeError, DataError, UnknownNameError, datasets, nNet, pairs
from nnframe.training.plan import Plan

rng = np.random.default_rng(0)
DATA = pairs(rng.normal(size=(30, 3)), rng.dirichlet(np.ones(2), 30))


def net_of():
    return nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)


def arrays_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]


def train(data=DATA, n=3, **settings):
    net = net_of()
    return net, net.nEpochs(n, data, "cel", 0.1, 4, **settings)


def same(one, other):
    return all(np.array_equal(mine, yours) for mine, yours in zip(arrays_of(one), arrays_of(other), strict=True))


@pytest.mark.parametrize("engine", ["reference", "numpy"])
@pytest.mark.parametrize("settings", [{"shuffle": True}, {"dropout": 0.3}, {"validation": 0.25}], ids=str)
def test_the_same_seed_leads_to_the_same_weights_bit_for_bit(settings, engine):
    one, history = train(seed=3, engine=engine, **settings)
    other, again = train(seed=3, engine=engine, **settings)
    different, _ = train(seed=4, engine=engine, **settings)
    assert same(one, other)
    assert history == again
    assert not same(one, different)


def test_a_drawn_seed_repeats_the_run():
    one, history = train(shuffle=True, dropout=0.2)
    other, _ = train(shuffle=True, dropout=0.2, seed=history.seed)
    assert same(one, other)
    assert train(shuffle=True)[1].seed != history.seed


def test_every_epoch_visits_every_sample_once_in_a_new_order():
    plan = Plan(3, 4, 30, True, 7, None, None, drops=False)
    orders = [plan.epoch(i, 0.1).order for i in range(3)]
    for order in orders:
        assert sorted(order) == list(range(30))
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[1], orders[2])


def test_epochs_with_other_learning_rates_are_not_kept():
    plan = Plan(1000, 4, 30, False, 7, None, None, drops=False)
    first = weakref.ref(plan.epoch(0, 0.1).learning_rates)
    assert plan.epoch(1, 0.2).learning_rates.tolist() == [0.2] * 8
    gc.collect()
    assert first() is None


def test_without_shuffle_the_samples_come_in_the_order_of_the_data():
    shuffled = pairs(DATA.X[::-1], DATA.Y[::-1])
    assert same(train()[0], train(seed=5)[0])
    assert not same(train()[0], train(shuffled)[0])


def test_validation_data_changes_no_weights_and_its_loss_is_that_of_the_net():
    held_out = pairs(rng.normal(size=(9, 3)), rng.dirichlet(np.ones(2), 9))
    net, history = train(validation=held_out, metrics=["accuracy"])
    assert same(net, train()[0])
    assert len(history.validation_loss) == 3
    expected = net.evaluate(held_out, "cel", ["accuracy"])
    assert history.validation_loss[-1] == expected["loss"]
    assert history.metrics["accuracy"][-1] == expected["accuracy"]


def test_validation_data_may_be_a_list_of_pairs():
    _, history = train(validation=[DATA[i] for i in range(5)])
    assert history.validation_loss == train(validation=DATA[:5])[1].validation_loss


def test_a_share_is_held_out_and_never_trained_with():
    marked = pairs(DATA.X, DATA.Y.copy())
    net, history = train(marked, validation=0.3, seed=2, metrics=["accuracy"])
    seen = set()
    # A target that is never trained with makes no difference.
    for row in range(30):
        Y = DATA.Y.copy()
        Y[row] = Y[row, ::-1]
        if not same(train(pairs(DATA.X, Y), validation=0.3, seed=2)[0], net):
            seen.add(row)
    assert len(seen) == 21
    held_out = sorted(set(range(30)) - seen)
    expected = net.evaluate(pairs(DATA.X[held_out], DATA.Y[held_out]), "cel")
    assert history.validation_loss[-1] == pytest.approx(expected["loss"], rel=1e-12)


def test_without_validation_metrics_are_of_the_data():
    net, history = train(metrics=["accuracy", "top_k(k=1)"])
    expected = net.evaluate(DATA, metrics=["accuracy"])["accuracy"]
    assert history.metrics == {"accuracy": history.metrics["accuracy"], "top_k(k=1)": history.metrics["accuracy"]}
    assert history.metrics["accuracy"][-1] == expected
    assert history.validation_loss == []


def test_an_epoch_of_part_of_the_data_counts_its_samples_alone():
    net = net_of()
    start = copy.deepcopy(net)
    history = net.nEpochs(1, DATA, "cel", 0.0, 4, validation=0.5, seed=1)
    mean = (history.loss[0] + history.validation_loss[0]) / 2
    assert mean == pytest.approx(start.evaluate(DATA, "cel")["loss"])


def test_a_whole_run_on_digits_learns():
    train_data, test_data = datasets.load_digits()
    net = nNet.from_sizes([64, 32, 10], ["relu", "softmax"])
    settings = {"optimizer": "adam(learning_rate=0.005)", "shuffle": True, "seed": 0}
    history = net.nEpochs(15, train_data, "cel", None, 32, validation=test_data, metrics=["accuracy"], **settings)
    assert history.metrics["accuracy"][-1] > 0.95


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"validation": 1.5}, ArgumentError, "validation is 1.5; expected a share above 0 and below 1"),
        ({"validation": 0.0}, ArgumentError, "validation is 0.0; expected a share above 0 and below 1"),
        ({"validation": 1}, DataError, "validation is of type int; expected a sequence of pairs"),
        ({"validation": []}, DataError, "validation is empty"),
        ({"metrics": "accuracy"}, ArgumentTypeError, "metrics is 'accuracy'; expected a list such as"),
        ({"metrics": ["acuracy"]}, UnknownNameError, "no metric 'acuracy'; did you mean 'accuracy'"),
        ({"callbacks": "progress"}, ArgumentTypeError, "callbacks is 'progress'; expected a list such as"),
        ({"callbacks": ["progres"]}, UnknownNameError, "no callback 'progres'; did you mean 'progress'"),
        ({"callbacks": [object()]}, ArgumentTypeError, "has no method marked @nnframe.hookimpl"),
        ({"seed": -1}, ArgumentError, "seed"),
    ],
    ids=str,
)
def test_wrong_settings_are_refused_and_nothing_is_trained(settings, error, message):
    net = net_of()
    with pytest.raises(error, match=message):
        net.nEpochs(3, DATA, "cel", 0.1, **settings)
    assert same(net, net_of())


def test_one_sample_can_not_be_held_out():
    with pytest.raises(DataError, match="data has 1 sample; expected at least 2"):
        train(DATA[:1], validation=0.5)

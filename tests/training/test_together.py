"""Several processes train one net together; here they are threads, so that nothing has to be installed."""

import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest

from nnframe import ArgumentError, DataError, Engine, EngineError, PluginError, nNet, pairs
from nnframe.contracts.engine import BatchShares
from nnframe.engines.reference import reference
from nnframe.training.settings import Settings
from nnframe.training.stepping import Stepping
from nnframe.training.together import gathered, in_first

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.random.default_rng(1).normal(size=(20, 2))
SECONDS = 30


class ThreadTeam:
    """Threads in the place of processes."""

    def __init__(self, size, has_shards=False):
        self.size, self.has_shards = size, has_shards
        self._barrier = threading.Barrier(size, timeout=SECONDS)
        self._values, self._own = [None] * size, threading.local()

    @property
    def rank(self):
        return self._own.rank

    def gather(self, value):
        # Processes don't share objects.
        self._values[self.rank] = pickle.dumps(value)
        self._barrier.wait()
        told = list(map(pickle.loads, self._values))
        self._barrier.wait()
        return told

    def begin(self):
        pass

    def raise_interrupt(self):
        pass

    def end(self):
        pass

    def run(self, work):
        """Return what each thread ends with: the result of some work, or its error."""
        results = [None] * self.size

        def run_one(rank):
            self._own.rank = rank
            try:
                results[rank] = work(rank)
            except BaseException as error:
                results[rank] = error

        threads = [threading.Thread(target=run_one, args=(rank,)) for rank in range(self.size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        return results

    def engine(self):
        """Return an engine that adds up gradients over the threads."""

        def combine(gradient, loss_sum):
            told = self.gather((gradient.copy(), loss_sum))
            gradient[...] = sum(each for each, _ in told)
            return sum(each for _, each in told)

        def prepare(task):
            run = reference.prepare(task._replace(combine=combine))
            size = task.batch_size

            def run_epoch(epoch):
                if epoch.shares is not None:
                    return run(epoch)
                n = len(task.data if epoch.order is None else epoch.order)
                starts = np.arange(0, n, size)
                ends = np.minimum(starts + size, n)
                cuts = starts + (ends - starts) * np.array([[self.rank], [self.rank + 1]]) // self.size
                return run(epoch._replace(shares=BatchShares(*cuts, cuts[0], ends - starts)))

            return run_epoch

        return Engine("threads", prepare, team=lambda: self)


def train(engine, data=None, **settings):
    net = nNet.from_sizes([3, 4, 2], ["tanh", None], seed=1)
    settings = {"learning_rate": 0.1, "batch_size": 8, "seed": 2} | settings
    history = net.nEpochs(3, pairs(X, Y) if data is None else data, "mse", engine=engine, **settings)
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)], history


def test_a_team_trains_as_one_process_does():
    expected, history = train("reference", validation=0.3, metrics=["r2"])
    team = ThreadTeam(3)
    engine = team.engine()
    for weights, other in team.run(lambda rank: train(engine, validation=0.3, metrics=["r2"])):
        for mine, wanted in zip(weights, expected, strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-12)
        np.testing.assert_allclose(other.validation_loss, history.validation_loss, rtol=1e-12)
        np.testing.assert_allclose(other.metrics["r2"], history.metrics["r2"], rtol=1e-12)


def test_callbacks_run_in_the_first_process_and_decide_for_all():
    calls = []

    def decide(run):
        calls.append(run.epoch)
        run.learning_rate = 0.01
        run.weights[0][...] = 1.0
        if run.epoch == 2:
            run.stop("enough")

    team = ThreadTeam(2)
    engine = team.engine()
    (first, history), (second, other) = team.run(lambda rank: train(engine, callbacks=[decide]))
    assert calls == [1, 2]
    assert history.learning_rate == other.learning_rate == [0.1, 0.01]
    assert history.stopped == other.stopped == "enough"
    assert (second[0] == 1).all()
    assert all(map(np.array_equal, first, second))


def test_the_weights_at_the_start_are_those_of_the_first_process():
    team = ThreadTeam(2)
    engine = team.engine()

    def start(rank):
        net = nNet.from_sizes([3, 4, 2], ["tanh", None], seed=rank)
        net.nEpochs(0, pairs(X, Y), "mse", 0.1, engine=engine)
        return net.layersList[0].linear

    first, second = team.run(start)
    np.testing.assert_array_equal(second, first)


def test_the_seed_is_drawn_once():
    team = ThreadTeam(2)
    engine = team.engine()
    first, second = team.run(lambda rank: train(engine, seed=None, shuffle=True)[1].seed)
    assert first == second


def test_what_differs_is_an_error_in_all():
    team = ThreadTeam(2)
    engine = team.engine()
    for error in team.run(lambda rank: train(engine, l2=0.1 * rank)):
        assert isinstance(error, EngineError)
        assert "l2 is 0.0 in process 0 and 0.1 in process 1; expected the same in all 2" in str(error)


def test_an_error_in_one_process_is_raised_in_all():
    def work(rank):
        return gathered(team, lambda: 1 // (1 - rank))

    team = ThreadTeam(2)
    first, second = team.run(work)
    assert isinstance(second, ZeroDivisionError)
    assert isinstance(first, EngineError)
    assert "process 1 of 2 failed: ZeroDivisionError" in str(first)


def test_an_error_of_nnframe_keeps_its_type_and_attributes_in_other_processes():
    def fail():
        raise PluginError("broken", provider="it", hook="forward")

    team = ThreadTeam(2)
    _, other = team.run(lambda rank: in_first(team, fail))
    assert type(other) is PluginError
    assert str(other) == "process 0 of 2: broken"
    assert (other.provider, other.hook) == ("it", "forward")


@pytest.mark.parametrize("split", [(2, 1), (1, 2), (3, 0)])
def test_shards_train_alike_however_they_are_spread(split):
    class Shards(type(pairs(X, Y))):
        lengths = ()

    def of(rank):
        first = sum(split[:rank])
        lengths = (13, 0, 7)[first : first + split[rank]]
        start = sum((13, 0, 7)[:first])
        data = Shards(X[start : start + sum(lengths)], Y[start : start + sum(lengths)])
        data.lengths = lengths
        return data

    one, two = ThreadTeam(1, has_shards=True), ThreadTeam(2, has_shards=True)
    settings = {"shuffle": True, "validation": 0.2, "metrics": ["mae"], "dropout": 0.5}
    whole = Shards(X, Y)
    whole.lengths = (13, 0, 7)
    engine = one.engine()
    ((expected, history),) = one.run(lambda rank: train(engine, whole, **settings))
    engine = two.engine()
    for weights, other in two.run(lambda rank: train(engine, of(rank), **settings)):
        for mine, wanted in zip(weights, expected, strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-12)
        np.testing.assert_allclose(other.metrics["mae"], history.metrics["mae"], rtol=1e-12)


def test_shards_without_any_sample_are_an_error_in_all():
    team = ThreadTeam(2, has_shards=True)
    engine = team.engine()
    for error in team.run(lambda rank: train(engine, pairs(X[:0], Y[:0]))):
        assert isinstance(error, DataError)
        assert "data is empty in every process" in str(error)


def test_weights_of_zero_everywhere_are_an_error_in_all():
    team = ThreadTeam(2, has_shards=True)
    engine = team.engine()
    for error in team.run(lambda rank: train(engine, sample_weights=np.zeros(20))):
        assert isinstance(error, ArgumentError)
    weights = [np.zeros(20), np.ones(20)]
    assert not isinstance(team.run(lambda rank: train(engine, sample_weights=weights[rank]))[0], Exception)


def test_single_steps_refuse_an_engine_of_several_processes():
    net = nNet.from_sizes([3, 2], [None])
    with pytest.raises(EngineError, match="trains in several processes; create the trainer with"):
        Stepping(net, Settings.of(loss="mse", learning_rate=0.1, engine=ThreadTeam(1).engine()))


def test_a_trainer_refuses_shards():
    net = nNet.from_sizes([3, 2], [None])
    with pytest.raises(EngineError, match="takes other samples in each process, and a trainer the same ones"):
        net.trainer("mse", 0.1, engine=ThreadTeam(1, has_shards=True).engine())


def test_an_engine_may_have_a_parameter_called_engine():
    wrapped = replace(reference, prepare=lambda task, engine: reference.prepare(task), params={"engine": "x"}, name="w")
    train(wrapped)


def test_trainers_of_a_team_refuse_another_l2_in_one_process():
    team = ThreadTeam(2)
    engine = team.engine()

    def step(rank):
        trainer = nNet.from_sizes([3, 2], [None], seed=1).trainer("mse", 0.1, engine=engine)
        trainer.change_l2(0.5 * rank)
        trainer.step(X[:4].T, Y[:4].T)

    for error in team.run(step):
        assert isinstance(error, EngineError)
        assert "l2 has other numbers in process 1 than in process 0" in str(error)


def test_trainers_of_a_team_have_the_weights_of_the_first_process_after_a_check():
    team = ThreadTeam(2)
    engine = team.engine()

    def steps(rank):
        net = nNet.from_sizes([3, 2], [None], seed=1)
        trainer = net.trainer("mse", 0.1, engine=engine, check_every=2)
        net.layersList[0].bias = rank
        for _ in range(2):
            trainer.step(X[:4].T, Y[:4].T)
        return trainer.weights

    first, second = team.run(steps)
    assert all(map(np.array_equal, first, second))

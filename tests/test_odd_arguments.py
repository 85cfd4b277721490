"""An argument of any type is used or refused with an NNFrameError; no other error gets out."""

import inspect
from contextlib import suppress
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from nnframe import Activation, Loss, NNFrameError, denseLayer, load, nNet, one_hot, pairs, registry

X = np.linspace(-1, 1, 18).reshape(6, 3)
DATA = pairs(X, np.eye(2)[[0, 1, 0, 1, 1, 0]])
PAIR = DATA[0]
# Whole numbers are small, because each is an allowed number of epochs.
ODD = [
    None, 3, 0, -1, 1.5, True, "", "x", "relu", "cel", "adam", "a\0", "\ud800", b"x", [], [1], [None], ["a"], {},
    {"a": 1}, {1: 2}, object(), np.nan, np.inf, np.array([1]), np.array(["a"]), np.array(3.0), np.empty((0, 0)),
    np.ones((3, 1)), np.ones(6), np.ones((6, 3)), len, int, lambda *a: None, set(), range(3), 3 + 4j, np.float64(0.5),
    np.int64(3), pd.NA, pd.Series([1]), Decimal(1), DATA, [PAIR], PAIR, [(1, 2)], Exception(),
    "adam(learning_rate=nan)", "relu()", "x(y=", "a/b", "a" * 5000, np.ma.masked_array([1.0, 2.0], mask=[1, 0]),
    slice(3), Ellipsis,
]  # fmt: skip


def net():
    return nNet.from_sizes([3, 4, 2], ["tanh", "softmax"])


def registered(plugin, name=None):
    with registry.temporarily(plugin, name):
        pass


def each_argument(function, call, **others):
    """Return a call for each argument of a function, with the others as given."""
    named = [each.name for each in inspect.signature(function).parameters.values() if each.kind != each.VAR_KEYWORD]
    return {f"{function.__name__}, {name}": lambda odd, name=name: call(**{**others, name: odd}) for name in named}


CEL = {"loss": "cel", "learning_rate": 0.1}
TRAINER = net().trainer("cel", 0.1)
USES = {
    **each_argument(net().nEpochs, lambda **all: net().nEpochs(**all), n=1, data=DATA, **CEL),
    **each_argument(net().trainer, lambda **all: net().trainer(**all).step(*PAIR), **CEL),
    **each_argument(TRAINER.step, lambda **all: net().trainer("cel", 0.1).step(**all), x=PAIR[0], y=PAIR[1]),
    **each_argument(net().backprop, lambda **all: net().backprop(**all), data=[PAIR], **CEL),
    **each_argument(net().evaluate, lambda **all: net().evaluate(**all), data=DATA),
    **each_argument(denseLayer, denseLayer, linear=X),
    **each_argument(nNet.from_sizes, nNet.from_sizes, sizes=[2, 3]),
    **each_argument(Activation, Activation, name="z", forward=np.tanh),
    "run": lambda odd: net().trainer("cel", 0.1).run(odd),
    "run, callbacks": lambda odd: net().trainer("cel", 0.1).run([PAIR], odd),
    "load a trainer": lambda odd: net().trainer("cel", 0.1).load(odd),
    "nNet": nNet,
    "forwardPass": lambda odd: net().forwardPass(odd),
    "predict": lambda odd: net().predict(odd),
    "predictor": lambda odd: net().predictor()(odd),
    "predictor, engine": lambda odd: net().predictor(odd),
    "pairs, X": lambda odd: pairs(odd, X),
    "one_hot": one_hot,
    "one_hot, classes": lambda odd: one_hot([1, 2], odd),
    "one_hot, dtype": lambda odd: one_hot([1, 2], dtype=odd),
    "metadata": lambda odd: net().save("m.nnf", odd),
    "a value in metadata": lambda odd: net().save("m.nnf", {"v": odd}),
    "load": load,
    "registry.get, kind": lambda odd: registry.get(odd, "relu"),
    "registry.get, name": lambda odd: registry.get("activation", odd),
    "registry.names": registry.names,
    "registry.register": lambda odd: registered(odd),
    "registry.register, name": lambda odd: registered(Activation("odd_one", np.tanh), odd),
    "registry.provider_of": registry.provider_of,
    "Loss, a_domain": lambda odd: Loss("z", lambda a, y: ((a - y) ** 2).mean(axis=0), a_domain=odd),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_odd_argument_is_used_or_refused_by_an_error_of_ours(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for odd in ODD:
        with suppress(NNFrameError):
            use(odd)


@pytest.mark.parametrize("name", ["learning_rate", "l1", "l2", "clip_norm", "dropout"])
def test_a_number_that_no_float_holds_is_refused(name):
    with pytest.raises(NNFrameError, match=f"{name} is inf"):
        net().nEpochs(**{"n": 1, "data": DATA, "loss": "cel", "learning_rate": 0.1, name: 10**400})

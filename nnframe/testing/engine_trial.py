"""A small net, trained once with the engine under trial and once with the reference."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.bound import trained_arrays
from nnframe.contracts.engine import BatchShares, Engine, Epoch, TrainingTask
from nnframe.contracts.learned import Learned
from nnframe.contracts.loss import Loss
from nnframe.data import Pairs, pairs
from nnframe.errors import EngineError
from nnframe.network import nNet
from nnframe.testing.outcome import CheckFailure, CheckSkipped, require_close
from nnframe.training.loop import train
from nnframe.training.prepare import prepare
from nnframe.training.settings import Settings

N_SAMPLES = 11
SIZES = (4, 6, 5, 3)
TOLERANCES = {FLOAT32: 1e-4, FLOAT64: 1e-10}

# Without in-place or fused forms, and with parameters, as most plugins are.
plain = Activation("plain", lambda z, k: np.tanh(k * z), lambda z, k: 1 / np.cosh(k * z) ** 2 * k, params={"k": 0.7})
mixing = Activation("mixing", lambda z: z - z.mean(axis=0), backward=lambda grad, z, a: grad - grad.mean(axis=0))
absolute = Loss("absolute", lambda a, y: np.abs(a - y).sum(axis=0), lambda a, y: np.sign(a - y))

# With learned parameters, one of which soon reaches its limit.
learning = Activation(
    "learning",
    lambda z, p, q: np.tanh(p * z) + q * z,
    params={"p": 0.7, "q": 0.1},
    limits={"q": "(-1, 0.12]"},
    learned={"p": Learned(), "q": Learned(penalized=False)},
)
learning_loss = Loss(
    "learning_loss", lambda a, y, s: (np.exp(-s) * (a - y) ** 2 + s).sum(axis=0), params={"s": 0.5}, learned=("s",)
)

# With three outputs for one target, and with what a loss takes by name.
three_outputs = Loss(
    "three_outputs",
    lambda a, y: np.abs(y - a[0]).sum(axis=0) + ((y - a[1]) ** 2 * np.exp(-a[2]) + a[2]).sum(axis=0),
    outputs=3,
    point=lambda a: a[1],
)
by_name = Loss("by_name", lambda a, y, x, sample_weight: sample_weight * ((a - y) ** 2).sum(axis=0) * np.exp(x[1]))


class Ending(NamedTuple):
    """The activations of a net's three layers, and its loss."""

    activations: tuple[str | Activation | None, ...]
    loss: str | Loss


# Every activation in a hidden layer and, where it fits, in the last; every loss with and without a fused form.
ENDINGS = (
    Ending(("relu", "sigmoid", "softmax"), "cel"),
    Ending(("softmax", "tanh", "sigmoid"), "mse"),
    Ending((plain, "relu", "softmax"), "mse"),
    Ending(("tanh", mixing, "sigmoid"), "cel"),
    Ending(("sigmoid", None, plain), absolute),
    Ending((None, "softmax", None), "mse"),
)

LEARNING = Ending(("tanh", learning, None), "mse")
LEARNING_LOSS = Ending((learning, "relu", learning), learning_loss)

SEVERAL_OUTPUTS = Ending(("tanh", "relu", None), three_outputs)
BY_NAME = Ending(("tanh", "relu", "sigmoid"), by_name)


def make_net(activations: tuple[str | Activation | None, ...], dtype: DType) -> nNet:
    """Return a net with weights and biases that are all different."""
    rng = np.random.default_rng(0)
    net = nNet.from_sizes(SIZES, activations, seed=1, dtype=dtype)
    for layer in net.layersList:
        layer.bias = rng.normal(size=layer.bias.shape)
    return net


def inputs_and_targets(dtype: DType) -> tuple[Array, Array]:
    """Return samples as rows; the targets are probabilities."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, SIZES[0])).astype(dtype)
    return X, rng.dirichlet(np.ones(SIZES[-1]), size=N_SAMPLES).astype(dtype)


class Case(NamedTuple):
    """What is trained, and how.

    Attributes
    ----------
    ending : Ending
    dtype : numpy.dtype
    batch_size : int
    learning_rate : float or None
        None where an optimizer has it.
    settings : mapping
        Other arguments of `nNet.nEpochs`.
    data : Pairs or None
        Other data than usual.
    make : callable or None
        What makes another net than usual.
    repeats : int
        How often the data is repeated.
    """

    ending: Ending = ENDINGS[0]
    dtype: DType = FLOAT64
    batch_size: int = 4
    learning_rate: float | None = 0.05
    settings: Mapping[str, Any] = {}
    data: Pairs | None = None
    make: Callable[[], nNet] | None = None
    repeats: int = 1

    def __str__(self) -> str:
        names = [str(each.name if isinstance(each, Activation) else each) for each in self.ending.activations]
        loss = self.ending.loss.name if isinstance(self.ending.loss, Loss) else self.ending.loss
        given = "".join(f", {key} given" if key == "sample_weights" else f", {key}={value}" for key, value in
                        self.settings.items())  # fmt: skip
        kind = f"{', '.join(names)} with {loss}" if self.make is None else "a net with one layer twice"
        return f"{kind}, {self.dtype}, batch_size={self.batch_size}{given}"


class Trained(NamedTuple):
    """How a training ended: the mean loss of each epoch, the weights, and the optimizer's state."""

    losses: list[float]
    weights: list[Array]
    state: tuple[Array, ...]


def trained(engine: str | Engine, case: Case, batches_per_part: int | None = None) -> Trained:
    """Train for two epochs.

    Raises
    ------
    CheckSkipped
        If the engine refuses.
    """
    net = make_net(case.ending.activations, case.dtype) if case.make is None else case.make()
    data = case.data
    if data is None:
        X, Y = inputs_and_targets(case.dtype)
        data = pairs(np.tile(X, (case.repeats, 1)), np.tile(Y, (case.repeats, 1)))
    with warnings.catch_warnings():
        # An engine may warn that it is slow with a plugin, which doesn't matter here.
        warnings.simplefilter("ignore")
        try:
            settings = Settings.of(
                n=2,
                loss=case.ending.loss,
                learning_rate=case.learning_rate,
                batch_size=case.batch_size,
                **{"seed": 0, **case.settings, "engine": engine},
            )
            run = prepare(net, data, settings)
            run.batches_per_part = batches_per_part
            losses = train(run).loss
        except EngineError as refusal:
            raise CheckSkipped(f"it refuses: {refusal}") from refusal
    return Trained(losses, run.weights, run.task.rule.state.arrays)


def with_shares(engine: Engine, shares: BatchShares, factor: float, is_sum: bool = False) -> Engine:
    """Return an engine that takes shares of the batches, and multiplies losses and gradients where they are combined.

    Parameters
    ----------
    engine : Engine
    shares : BatchShares
    factor : float
    is_sum : bool, optional
        Whether to tell the engine so, and where it may write the gradient.
    """

    def combine(gradient: Array, loss_sum: float) -> float:
        gradient *= gradient.dtype.type(factor)
        return factor * loss_sum

    def prepare(task: TrainingTask, **params: Any) -> Callable[[Epoch], float]:
        task = task._replace(combine=combine)
        if is_sum:
            arrays = trained_arrays(task.layers, task.objective)
            gradient = np.full(sum(array.size for array in arrays), np.nan, arrays[0].dtype)
            task = task._replace(gradient=gradient, combine_is_sum=True)
        run_epoch = engine.prepare(task, **params)
        return lambda epoch: run_epoch(epoch._replace(shares=shares))

    return replace(engine, prepare=prepare)


def require_same(
    engine: Engine, case: Case, batches_per_part: int | None = None, expected_case: Case | None = None
) -> None:
    """Raise unless the engine agrees with the reference up to rounding.

    Parameters
    ----------
    engine : Engine
    case : Case
    batches_per_part : int, optional
    expected_case : Case, optional
        What the reference trains, if that is another case.

    Raises
    ------
    CheckFailure
        With what was trained, and where the two differ most.
    CheckSkipped
        If the engine refuses.
    """
    got, expected = trained(engine, case, batches_per_part), trained("reference", expected_case or case)
    tolerance = TOLERANCES[case.dtype]
    where = f"({case})"
    _require_same_arrays([np.array(got.losses)], [np.array(expected.losses)], f"a loss {where}", tolerance)
    _require_same_arrays(got.weights, expected.weights, f"a weight {where}", tolerance)
    _require_same_arrays(got.state, expected.state, f"the optimizer's state {where}", tolerance)


def _require_same_arrays(got: Any, expected: Any, where: str, tolerance: float) -> None:
    advice = "Expected is what engine='reference' gives, up to rounding; nnframe/engines/reference.py can be read."
    if len(got) != len(expected):
        raise CheckFailure(f"{where} is missing; expected {len(expected)} of them. {advice}")
    for mine, wanted in zip(got, expected, strict=True):
        require_close(mine, wanted, where, advice, rtol=tolerance, atol=tolerance)

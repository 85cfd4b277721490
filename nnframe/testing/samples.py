"""The sample inputs for the checks, the same in every call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from typing import TypeVar

import numpy as np

from nnframe.arrays import FLOAT32, FLOAT64, Array, DType
from nnframe.contracts.domains import Domain, sample
from nnframe.contracts.loss import Loss
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.parameters import Limit, Parameter, format_parameter, interval_of
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError

P = TypeVar("P", bound=Plugin)

DTYPES = (FLOAT32, FLOAT64)
LARGE = 1e4
# More columns, or components, than formulas with a special case for large arrays usually have.
MANY = 130
# And as many as a large batch or a wide layer has; too many to go through one by one.
VERY_MANY = 1100
# Values of parameters that formulas have branches for, as for a power of 0 or a temperature of 1.
SPECIAL = (0, 1, 2)
# Long enough for most schedules to go through all their phases.
STEPS_PER_EPOCH, N_EPOCHS = 7, 12
# Updates before the one that is checked, so that the state is not the initial one.
UPDATES = 3


def tiled(array: Array, count: int = MANY) -> Array:
    """Return an array with its last axis repeated up to so many elements."""
    return array[..., np.arange(count) % array.shape[-1]]


def pre_activations(dtype: DType = FLOAT64) -> Array:
    """Return pre-activations z, shape (6, 40): small and large ones, and round numbers, where kinks often are."""
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=(6, 17)), rng.normal(scale=6, size=(6, 17))], axis=1)
    round_numbers = np.array([0, 0.5, 1, 2, 3, 6]).reshape(-1, 1) * np.array([1, -1, 0.5, -0.5, 0, 0.25])
    return np.concatenate([z, round_numbers], axis=1).astype(dtype)


def columns(domain: Domain, seed: int, dtype: DType = FLOAT64, n: int = 4) -> Array:
    """Return columns of a domain, shape (n, 24), not at its edges."""
    rng = np.random.default_rng(seed)
    if domain == "real":
        return np.concatenate([rng.normal(size=(n, 16)), rng.normal(scale=5, size=(n, 8))], axis=1).astype(dtype)
    return sample(domain, (n, 24), rng).astype(dtype)


def targets(domain: Domain, dtype: DType = FLOAT64, n: int = 4) -> Array:
    """Return targets of a domain, shape (n, 24): plain ones, and one-hot columns or signs."""
    y = columns(domain, seed=1, dtype=dtype, n=n)
    if domain in ("real", "positive", "nonnegative", "probability", "distribution"):
        y[:, ::2] = np.eye(n)[np.arange(12) % n].T + (domain == "positive")
    if domain == "real":
        y[:, ::2] = 2 * y[:, ::2] - 1
    return y


def loss_arguments(loss: Loss, dtype: DType = FLOAT64, n: int = 4, seed: int = 0) -> dict[str, Array]:
    """Return what a loss is tried with: outputs a, targets y, and what it takes by name, of 24 columns.

    Parameters
    ----------
    loss : Loss
    dtype : numpy.dtype, optional
    n : int, optional
        The number of targets.
    seed : int, optional
        That of the outputs.
    """
    a, y = columns(loss.a_domain, seed, dtype, n * loss.n_outputs), targets(loss.y_domain, dtype, n)
    if loss.is_grouped:
        a = a.reshape(loss.n_outputs, n, -1)
    return {"a": a, "y": y, **loss.given_samples(a, y)}


def update_arguments(optimizer: Optimizer, dtype: DType = FLOAT64) -> tuple[Array, ...]:
    """Return weights w, gradients g and states as they are after some updates, all of shape (24,)."""
    rng = np.random.default_rng(0)
    w, *state = (rng.normal(size=24).astype(dtype), *initial_state(optimizer, 24, dtype))
    for t in range(1, UPDATES + 1):
        results = optimizer.update(w, rng.normal(size=24).astype(dtype), *state, t=t, **optimizer.settings)
        if not isinstance(results, (tuple, list)) or len(results) != 1 + len(state):
            # Another check reports it.
            break
        w, *state = (np.asarray(each, dtype) for each in results)
    return (w, rng.normal(size=24).astype(dtype), *state)


def outputs_and_classes(dtype: DType = FLOAT64) -> tuple[Array, Array]:
    """Return probabilities and one-hot targets, shape (12, 40), with the right class often among the largest."""
    rng = np.random.default_rng(0)
    y = np.eye(12)[np.arange(40) % 12].T
    a = rng.dirichlet(np.ones(12), size=40).T + 0.05 * y
    return (a / a.sum(axis=0)).astype(dtype), y.astype(dtype)


def initial_state(optimizer: Optimizer, count: int, dtype: DType = FLOAT64) -> list[Array]:
    """Return the initial states of an optimizer for `count` weights."""
    return [np.full(optimizer.state_shape(key, count), optimizer.initial_value(key), dtype) for key in optimizer.state]


def steps(steps_per_epoch: int, n_epochs: int) -> Array:
    """Return all steps of a run, from 0."""
    return np.arange(steps_per_epoch * n_epochs)


def variants(plugin: P) -> Iterator[P]:
    """Yield a plugin, and the same with other parameters: for each a near value, special ones, its interval's ends."""
    yield plugin
    for name in plugin.settings:
        others, telling = other_values(plugin, name), (*SPECIAL, *_ends(plugin.limits.get(name)))
        for other in others[:1] + [each for each in others[1:] if each in telling]:
            yield plugin.with_params(**{name: other})


def with_changes(plugin: Plugin) -> str:
    """Return the changed parameters as text for a message."""
    return "".join(
        f" with {name}={format_parameter(value)}" + ("" if name in plugin.limits else " (which no limit rules out)")
        for name, value in plugin.overrides.items()
        if not isinstance(value, Plugin)
    )


def other_values(plugin: Plugin, name: str) -> list[Parameter]:
    """Return other values for a parameter, the safest first; none for text without choices."""
    value, limit = plugin.settings[name], plugin.limits.get(name)
    choices = sorted(limit, key=repr) if isinstance(limit, Set) else _ends(limit)
    found: list[Parameter] = []
    for other in [*_near(value), *_near(_somewhere(limit) if value is None else None), *choices]:
        try:
            changed = plugin.with_params(**{name: other}).settings[name]
        except (ArgumentError, ArgumentTypeError):
            # Not within the plugin's limits.
            continue
        if changed != value and changed not in found:
            found.append(changed)
    return found


def _ends(limit: Limit | None) -> list[float]:
    """Return the ends of an interval that belong to it: formulas often have a branch of their own there."""
    interval = interval_of(limit)
    return [] if interval is None else [end for end in (interval.low, interval.high) if end in interval]


def _near(value: Parameter) -> list[Parameter]:
    """Return values like one: for a number between 0 and 1, the first is between 0 and 1, too."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value + 2, max(1, value - 1), value - 1, *SPECIAL]
    if isinstance(value, float):
        return [*_near_number(value), *map(float, SPECIAL)]
    if isinstance(value, tuple):
        others = tuple(_near_number(each)[0] for each in value)
        return [others, value[:-1], (*value[:-1], *others[-1:])]
    if isinstance(value, Plugin):
        return [value.with_params(**{name: other}) for name in value.params for other in other_values(value, name)[:1]]
    return []


def _near_number(value: float) -> list[float]:
    if math.isinf(value):
        return [1.0, 2.0]
    if value == 0:
        return [0.25, 0.5, 1.0]
    return [0.75 * value, 0.5 * value, 1.5 * value, value + 1]


def _somewhere(limit: Limit | None) -> Parameter:
    """Return a value within a limit, to begin with where the default is None."""
    interval = interval_of(limit)
    if interval is None:
        return 1 if limit is int else 0.5 if limit is float else "other" if limit is str else None
    if math.isinf(interval.low) or math.isinf(interval.high):
        return 1.0 if math.isinf(interval.low) else interval.low + 1
    return (interval.low + interval.high) / 2

"""The settings of training: every argument of `nNet.nEpochs` but the data, checked once and in one place.

A line an argument: its type once it is checked, its check, and its default. Whatever trains a net takes a `Settings`;
what depends on the net or the data as well is checked in `nnframe.training.prepare`.
"""

# setting() only builds a field; it creates no default that instances could share by mistake.
# ruff: noqa: RUF009
from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nnframe import registry
from nnframe.contracts.engine import Engine
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, UnknownNameError, shown, with_type
from nnframe.inputs.checks import finite_number, whole_number
from nnframe.registry.kinds import kind_named
from nnframe.training.layer_rates import LayerRate, checked_layer_rates

# A run imports the contracts of those kinds that it uses.
if TYPE_CHECKING:
    from nnframe.contracts.loss import Loss
    from nnframe.contracts.metric import Metric
    from nnframe.contracts.optimizer import Optimizer
    from nnframe.contracts.schedule import Schedule

ENGINE_VARIABLE = "NNFRAME_ENGINE"
DEFAULT_ENGINE = "numpy"
LEARNING_RATE = "learning_rate"
# History and evaluate() use these names for the loss.
RESERVED_NAMES = ("loss", "validation_loss")

# Takes an argument and its name, and returns the argument as it is stored.
Check: TypeAlias = Callable[[Any, str], Any]


def unchecked(value: Any, name: str) -> Any:
    """Return the argument as it is."""
    return value


def optional(check: Check) -> Check:
    """Return a check that also accepts None."""
    return lambda value, name: None if value is None else check(value, name)


def plugin(kind: str) -> Check:
    """Return a check that turns a name into the plugin object of that name."""
    return lambda value, name: registry.resolve(kind_named(kind).type, value)


def count(minimum: int) -> Check:
    """Return a check for whole numbers of at least `minimum`."""
    return lambda value, name: whole_number(value, name, minimum)


def number(example: str) -> Check:
    """Return a check for finite numbers of at least 0."""
    return lambda value, name: finite_number(value, name, example)


def positive(value: Any, name: str) -> float:
    """Return a finite number above 0."""
    checked = finite_number(value, name, "1.0")
    if checked == 0:
        raise ArgumentError(f"{name} is 0; expected a number above 0, or None")
    return checked


def yes_or_no(value: Any, name: str) -> bool:
    """Return a bool; a text such as "no" would count as true."""
    if not isinstance(value, (bool, np.bool_, int)) or value not in (0, 1):
        raise ArgumentTypeError(f"{name} is {with_type(value)}; expected True or False")
    return bool(value)


def dropout_shares(value: Any, name: str) -> float | tuple[float, ...]:
    """Return one share for all hidden layers, or a tuple of one each."""
    # An array without dimensions is a number.
    is_list = (
        isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str) and getattr(value, "shape", None) != ()
    )
    shares = tuple(finite_number(each, name, "0.2") for each in (value if is_list else [value]))
    if any(share >= 1 for share in shares):
        raise ArgumentError(f"{name} is {shown(value)}; expected shares from 0 to below 1, such as 0.2")
    return shares if is_list else shares[0]


def validation_share(value: Any, name: str) -> Any:
    """Return a share above 0 and below 1 as a float; leave data as it is."""
    if not isinstance(value, (float, np.floating)):
        return value
    share = finite_number(value, name, "0.2")
    if not 0 < share < 1:
        raise ArgumentError(f"{name} is {share}; expected a share above 0 and below 1, such as 0.2")
    return share


def engine_or_default(value: Any, name: str) -> Engine:
    """Return an engine; for None the one that the environment names, or the default."""
    if value is not None:
        return registry.resolve(Engine, value)
    value = os.environ.get(ENGINE_VARIABLE) or DEFAULT_ENGINE
    try:
        return registry.resolve(Engine, value)
    except UnknownNameError as error:
        raise UnknownNameError(f"the environment variable {ENGINE_VARIABLE} is {value!r}: {error}") from None


def named_metrics(value: Any, name: str) -> dict[str, Metric]:
    """Return metrics by the names under which their values are reported."""
    if isinstance(value, (str, Plugin)) or not isinstance(value, Sequence):
        raise ArgumentTypeError(f"{name} is {shown(value)}; expected a list such as ['accuracy']")
    found: dict[str, Metric] = {}
    for each in value:
        metric: Metric = registry.resolve(kind_named("metric").type, each)  # type: ignore[assignment]
        key = each if isinstance(each, str) else metric.spec
        if key in found or key in RESERVED_NAMES:
            reason = "is there twice" if key in found else "is the name of the loss"
            raise ArgumentError(f"{name} has {key!r}, which {reason}; leave it out, or give the metric another name")
        found[key] = metric
    return found


def callback_list(value: Any, name: str) -> tuple[Any, ...]:
    """Return the callbacks as a tuple; they are looked up and created for each run."""
    if isinstance(value, (str, Plugin)) or not isinstance(value, Sequence):
        raise ArgumentTypeError(f"{name} is {shown(value)}; expected a list such as ['progress', 'early_stopping']")
    return tuple(value)


def setting(check: Check, default: Any = MISSING) -> Any:
    """Return a field with a check; `default` is what a caller would write."""
    return field(default=default, metadata={"check": check})


@dataclass(frozen=True)
class Settings:
    """How a net is trained; `nNet.nEpochs` describes each argument.

    `Settings.of` takes them as a caller writes them. The fields hold what was checked: plugin objects for names, floats
    for numbers. `learning_rate` is the optimizer's where an optimizer is given, 1 if it has none, and plain sgd counts
    as no optimizer.
    """

    loss: Loss = setting(plugin("loss"))
    n: int = setting(count(minimum=0), 1)
    learning_rate: float = setting(optional(number("0.1")), None)
    batch_size: int = setting(count(minimum=1), 1)
    engine: Engine = setting(engine_or_default, None)
    optimizer: Optimizer | None = setting(optional(plugin("optimizer")), None)
    schedule: Schedule | None = setting(optional(plugin("schedule")), None)
    layer_rates: tuple[LayerRate, ...] | None = setting(optional(checked_layer_rates), None)
    l1: float = setting(number("0.001"), 0)
    l2: float = setting(number("0.001"), 0)
    clip_value: float | None = setting(optional(positive), None)
    clip_norm: float | None = setting(optional(positive), None)
    dropout: float | tuple[float, ...] = setting(dropout_shares, 0)
    shuffle: bool = setting(yes_or_no, False)
    seed: int | None = setting(optional(count(minimum=0)), None)
    sample_weights: Any = setting(unchecked, None)
    class_weights: Any = setting(unchecked, None)
    validation: Any = setting(validation_share, None)
    metrics: Mapping[str, Metric] = setting(named_metrics, ())
    callbacks: tuple[Any, ...] = setting(callback_list, ())

    @classmethod
    def of(cls, **arguments: Any) -> Settings:
        """Return the settings for arguments as a caller writes them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument can't be used, or there is none of that name.
        UnknownNameError, NameConflictError, PluginError
            If a plugin can't be found or used.
        """
        checked = {}
        for each in fields(cls):
            value = arguments.pop(each.name, each.default)
            if value is MISSING:
                raise ArgumentTypeError(f"{each.name} is missing")
            checked[each.name] = each.metadata["check"](value, each.name)
        if arguments:
            known = ", ".join(each.name for each in fields(cls))
            raise ArgumentTypeError(f"there is no argument {next(iter(arguments))!r}; expected one of {known}")
        settings = cls(**checked | _step_size(checked[LEARNING_RATE], checked["optimizer"]))
        if settings.optimizer is not None and settings.optimizer.takes_whole_data:
            _check_whole_data(settings, settings.optimizer)
        return settings


def _check_whole_data(settings: Settings, optimizer: Optimizer) -> None:
    """Raise for settings that an optimizer of whole data can't follow.

    Raises
    ------
    ArgumentError
    """
    reasons = {
        "l1": "needs a smooth loss, which l1 is not: use l2",
        "clip_value": "needs the gradient as it is: leave it out",
        "clip_norm": "needs the gradient as it is: leave it out",
        "dropout": "needs the same loss in every evaluation: use l2",
    }
    if LEARNING_RATE not in optimizer.settings:
        reasons["schedule"] = "chooses its steps itself and has no learning rate: leave it out"
    for name, reason in reasons.items():
        value = getattr(settings, name)
        if np.any(value) if name == "dropout" else value:
            raise ArgumentError(f"{name} is {shown(value)}, and optimizer {optimizer.spec!r} {reason}")


def _step_size(learning_rate: float | None, optimizer: Optimizer | None) -> dict[str, Any]:
    """Return the learning rate and the optimizer of a run, for what was given as the two.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is neither or both, or the optimizer's learning rate can't be used.
    """
    if optimizer is None:
        if learning_rate is None:
            raise ArgumentError(
                f"{LEARNING_RATE} is missing; expected a number such as 0.1, or an optimizer such as optimizer='adam'"
            )
        return {}
    if learning_rate is not None:
        raise ArgumentError(
            f"{LEARNING_RATE} is {learning_rate} and optimizer is {optimizer.spec!r}; expected one of the two"
            + (
                f": '{optimizer.name}({LEARNING_RATE}={learning_rate})' says both"
                if LEARNING_RATE in optimizer.settings
                else f": {optimizer.name} chooses its steps itself"
            )
        )
    rate = finite_number(optimizer.settings.get(LEARNING_RATE, 1.0), LEARNING_RATE, "0.1")
    # Engines have a shorter way for plain sgd.
    is_plain = registry.refers_to("optimizer", "nnframe/sgd", optimizer) and not set(optimizer.overrides) - {
        LEARNING_RATE
    }
    return {LEARNING_RATE: rate, "optimizer": None if is_plain else optimizer}

"""All checks, and how they are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnframe import registry
from nnframe.activation import Activation
from nnframe.engine import Engine
from nnframe.errors import ArgumentTypeError, one_line, with_type
from nnframe.loss import Loss
from nnframe.plugin import Plugin
from nnframe.testing import activation_checks as activations
from nnframe.testing import behaviour_checks as behaviour
from nnframe.testing import common_checks as common
from nnframe.testing import engine_checks as engines
from nnframe.testing import fused_checks as fused
from nnframe.testing import loss_checks as losses
from nnframe.testing.outcome import CheckFailure, CheckResult, CheckSkipped, CheckWarning
from nnframe.testing.trial import Trial

Check = Callable[[Any], None]

BEHAVIOUR_CHECKS: tuple[Check, ...] = (
    behaviour.shape_and_dtype_are_kept,
    behaviour.arguments_are_left_alone,
    behaviour.the_same_input_gives_the_same_result,
    behaviour.columns_are_independent,
    common.every_parameter_changes_the_result,
    fused.fused_forms_agree,
    common.it_is_documented,
)
COMMON_CHECKS: tuple[Check, ...] = (
    common.parameters_survive_their_spelling,
    common.it_pickles_and_copies,
)
ACTIVATION_CHECKS: tuple[Check, ...] = (
    activations.components_are_independent,
    activations.derivative_matches_differences,
    activations.large_inputs_stay_finite,
    activations.the_limits_of_the_dtype_give_no_nan,
    activations.in_place_forms_agree,
)
LOSS_CHECKS: tuple[Check, ...] = (
    losses.gradient_matches_differences,
    losses.certain_probabilities_stay_finite,
    losses.large_inputs_give_no_nan,
    losses.the_minimum_is_kept,
)
ENGINE_CHECKS: tuple[Check, ...] = (
    engines.weights_and_losses_agree,
    engines.optimizers_agree,
    engines.penalties_and_clipping_agree,
    engines.orders_agree,
    engines.epochs_can_be_run_in_parts,
    engines.dropout_agrees,
    engines.sample_weights_agree,
    engines.all_data_will_do,
    engines.a_layer_used_twice_agrees,
    engines.the_same_seed_gives_the_same_bits,
    engines.failures_of_plugins_leave_whole_batches,
    engines.interrupts_leave_whole_batches,
)
# What a function should have done that raised, where it isn't one of arrays.
RESULTS: dict[type[Plugin], str] = {Engine: "training. Let prepare raise EngineError for what the engine can't do"}


def checks_of(plugin: Plugin) -> dict[str, Callable[[], None]]:
    """Return the checks of a plugin by name, ready to be called; kinds without checks of their own have the common ones."""
    checks: dict[str, Callable[[], None]] = {}
    if isinstance(plugin, (Activation, Loss)):
        for check in BEHAVIOUR_CHECKS + (ACTIVATION_CHECKS if isinstance(plugin, Activation) else LOSS_CHECKS):
            checks[check.__name__] = _bound(check, plugin, Trial(plugin))
    if isinstance(plugin, Engine):
        for check in ENGINE_CHECKS:
            checks[check.__name__] = _bound(check, plugin, plugin)
    for check in COMMON_CHECKS:
        checks[check.__name__] = _bound(check, plugin, plugin)
    return checks


def run_checks(plugin: Plugin) -> list[CheckResult]:
    """Run all checks of a plugin and return how each ended; nothing that the plugin does is raised."""
    results = []
    for name, check in checks_of(plugin).items():
        try:
            check()
        except CheckSkipped as skipped:
            results.append(CheckResult(name, "skipped", str(skipped)))
        except CheckWarning as warning:
            results.append(CheckResult(name, "warned", str(warning)))
        except CheckFailure as failure:
            results.append(CheckResult(name, "failed", str(failure)))
        else:
            results.append(CheckResult(name, "passed", ""))
    return results


def check_activation(activation: str | Activation) -> None:
    """Raise `CheckFailure` for the first check that an activation fails.

    Parameters
    ----------
    activation : str or Activation
        A registered name, or the object.

    Raises
    ------
    CheckFailure
        With what was expected, what came, at which input, and what to do.
    UnknownNameError, NameConflictError, PluginError
        If it can't be found.
    """
    _check(registry.resolve(Activation, activation))


def check_loss(loss: str | Loss) -> None:
    """Raise `CheckFailure` for the first check that a loss fails; see `check_activation`."""
    _check(registry.resolve(Loss, loss))


def plugins_meant_by(what: str | Plugin) -> list[Plugin]:
    """Return the plugins that a distribution's name, a plugin's name or an object means.

    Raises
    ------
    UnknownNameError
        If nothing has that name.
    ArgumentTypeError
        If it is something else.
    """
    if isinstance(what, Plugin):
        return [what]
    if not isinstance(what, str):
        raise ArgumentTypeError(f"{with_type(what)} came; wanted a distribution's or plugin's name, or an object")
    rows = [row for row in registry.overview() if row.is_from(what)]
    for row in rows:
        if row.state == "broken":
            raise CheckFailure(f"{row.qualified_name} could not be loaded: {row.detail}")
    if rows:
        return [registry.get(row.kind, row.qualified_name) for row in rows if row.kind]
    return [plugin for _, plugin in registry.get_all_kinds(what)]


def _check(plugin: Plugin) -> None:
    for check in checks_of(plugin).values():
        try:
            check()
        except (CheckSkipped, CheckWarning):
            continue


def _bound(check: Check, plugin: Plugin, subject: object) -> Callable[[], None]:
    def run() -> None:
        try:
            check(subject)
        except (CheckFailure, CheckSkipped, CheckWarning) as ending:
            raise type(ending)(f"{plugin.spec}: {ending}") from ending.__cause__
        except Exception as error:
            raise CheckFailure(
                f"{plugin.spec}: a function raised {one_line(error)} in the check {check.__name__}; expected "
                f"{RESULTS.get(type(plugin), 'an array. Make it work for any matrix of columns')}"
            ) from error

    run.__doc__ = check.__doc__
    return run

"""All checks, and how they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe import registry
from nnframe.contracts.activation import Activation
from nnframe.contracts.callback import Callback
from nnframe.contracts.command import Command
from nnframe.contracts.engine import Engine
from nnframe.contracts.format import Format
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.reader import Reader
from nnframe.contracts.schedule import Schedule
from nnframe.errors import ArgumentTypeError, one_line, with_type
from nnframe.testing import activation_checks as activations
from nnframe.testing import behaviour_checks as behaviour
from nnframe.testing import callback_checks as callbacks
from nnframe.testing import command_checks as commands
from nnframe.testing import common_checks as common
from nnframe.testing import engine_checks as engines
from nnframe.testing import format_checks as formats
from nnframe.testing import fused_checks as fused
from nnframe.testing import loss_checks as losses
from nnframe.testing import metric_checks as metrics
from nnframe.testing import optimizer_checks as optimizers
from nnframe.testing import schedule_checks as schedules
from nnframe.testing.outcome import CheckFailure, CheckResult, CheckSkipped, CheckWarning

Check = Callable[[Any], None]

FORMULA_CHECKS: tuple[Check, ...] = (
    behaviour.arguments_are_left_alone,
    behaviour.the_same_input_gives_the_same_result,
    behaviour.threads_do_not_disturb_each_other,
    common.every_parameter_changes_the_result,
    common.it_is_documented,
)
COLUMN_CHECKS: tuple[Check, ...] = (
    behaviour.shape_and_dtype_are_kept,
    behaviour.float32_agrees_with_float64,
    behaviour.columns_are_independent,
    fused.fused_forms_agree,
)
COMMON_CHECKS: tuple[Check, ...] = (
    common.its_entry_point_has_its_name,
    common.parameters_survive_their_spelling,
    common.it_pickles_and_copies,
)
# The checks of each kind, besides those of all kinds.
CHECKS: dict[type[Plugin], tuple[Check, ...]] = {
    Activation: (
        *COLUMN_CHECKS,
        *FORMULA_CHECKS,
        activations.components_are_independent,
        activations.derivative_matches_differences,
        activations.outputs_are_in_their_domain,
        activations.large_inputs_stay_finite,
        activations.the_limits_of_the_dtype_give_no_nan,
        activations.in_place_forms_agree,
    ),
    Loss: (
        *COLUMN_CHECKS,
        *FORMULA_CHECKS,
        losses.gradient_matches_differences,
        losses.results_are_numbers,
        losses.certain_probabilities_stay_finite,
        losses.column_value_agrees,
        losses.large_inputs_give_no_nan,
        losses.the_minimum_is_kept,
    ),
    Optimizer: (
        optimizers.results_fit_the_weights,
        *FORMULA_CHECKS,
        behaviour.float32_agrees_with_float64,
        optimizers.elements_are_independent,
        optimizers.numbers_give_what_arrays_give,
        optimizers.updates_stay_finite,
        optimizers.it_goes_downhill,
    ),
    Schedule: (
        schedules.factors_have_the_shape_of_the_steps,
        *FORMULA_CHECKS,
        schedules.factors_are_finite,
        schedules.a_factor_depends_on_its_own_step_alone,
    ),
    Metric: (
        metrics.it_gives_a_finite_number,
        *FORMULA_CHECKS,
        behaviour.float32_agrees_with_float64,
        metrics.the_order_of_the_samples_does_not_matter,
        metrics.the_targets_themselves_are_best,
    ),
    Callback: (
        callbacks.it_follows_a_run,
        callbacks.each_run_has_an_object_of_its_own,
        callbacks.its_state_can_be_kept,
    ),
    Engine: (
        engines.it_trains,
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
        engines.its_predictor_agrees,
        engines.failures_of_plugins_leave_whole_batches,
        engines.interrupts_leave_whole_batches,
    ),
    Command: (
        commands.its_options_can_be_added,
        commands.its_help_says_what_it_does,
        commands.its_documentation_has_a_first_line,
    ),
    Reader: (
        commands.its_options_can_be_added,
        commands.its_options_leave_those_of_train_alone,
        commands.its_documentation_has_a_first_line,
    ),
    Format: (
        formats.what_is_written_is_read_bit_for_bit,
        formats.the_manifest_is_read_without_the_arrays,
        formats.long_content_survives,
        formats.arrays_can_be_changed,
        formats.damaged_files_are_refused,
        formats.a_failure_leaves_the_old_file,
    ),
}


# Common causes: if a check fails, and one of those listed for it fails too, only the latter is reported.
CAUSES: dict[Check, tuple[Check, ...]] = {
    behaviour.the_same_input_gives_the_same_result: (behaviour.arguments_are_left_alone,),
    behaviour.threads_do_not_disturb_each_other: (behaviour.the_same_input_gives_the_same_result,),
    behaviour.float32_agrees_with_float64: (behaviour.the_same_input_gives_the_same_result,),
    behaviour.columns_are_independent: (behaviour.the_same_input_gives_the_same_result,),
    activations.components_are_independent: (behaviour.the_same_input_gives_the_same_result,),
    activations.derivative_matches_differences: (
        behaviour.columns_are_independent,
        activations.components_are_independent,
        activations.large_inputs_stay_finite,
    ),
    activations.the_limits_of_the_dtype_give_no_nan: (activations.large_inputs_stay_finite,),
    activations.in_place_forms_agree: (activations.derivative_matches_differences,),
    losses.gradient_matches_differences: (behaviour.columns_are_independent, losses.results_are_numbers),
    losses.certain_probabilities_stay_finite: (losses.results_are_numbers,),
    losses.the_minimum_is_kept: (losses.results_are_numbers, losses.gradient_matches_differences),
    fused.fused_forms_agree: (
        activations.derivative_matches_differences,
        losses.gradient_matches_differences,
    ),
    optimizers.elements_are_independent: (behaviour.the_same_input_gives_the_same_result,),
    optimizers.numbers_give_what_arrays_give: (behaviour.the_same_input_gives_the_same_result,),
    optimizers.updates_stay_finite: (optimizers.elements_are_independent,),
    schedules.a_factor_depends_on_its_own_step_alone: (behaviour.the_same_input_gives_the_same_result,),
    metrics.the_order_of_the_samples_does_not_matter: (behaviour.the_same_input_gives_the_same_result,),
    metrics.the_targets_themselves_are_best: (behaviour.the_same_input_gives_the_same_result,),
}


def checks_of(plugin: Plugin) -> dict[str, Callable[[], None]]:
    """Return the checks of a plugin by name, as functions without arguments."""
    own = next((checks for kind, checks in CHECKS.items() if isinstance(plugin, kind)), ())
    checks = (*own, *COMMON_CHECKS)
    return {check.__name__: _bound(check, plugin, _before(check, checks)) for check in checks}


def run_checks(plugin: Plugin) -> list[CheckResult]:
    """Run all checks of a plugin and return the results; errors of the plugin are never raised."""
    return [run_check(name, check) for name, check in checks_of(plugin).items()]


def run_check(name: str, check: Callable[[], None]) -> CheckResult:
    """Run one of the checks from `checks_of` and return the result."""
    try:
        check()
    except CheckSkipped as skipped:
        return CheckResult(name, "skipped", str(skipped))
    except CheckWarning as warning:
        return CheckResult(name, "warned", str(warning))
    except CheckFailure as failure:
        return CheckResult(name, "failed", str(failure))
    return CheckResult(name, "passed", "")


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


def check_optimizer(optimizer: str | Optimizer) -> None:
    """Raise `CheckFailure` for the first check that an optimizer fails; see `check_activation`."""
    _check(registry.resolve(Optimizer, optimizer))


def check_schedule(schedule: str | Schedule) -> None:
    """Raise `CheckFailure` for the first check that a schedule fails; see `check_activation`."""
    _check(registry.resolve(Schedule, schedule))


def check_metric(metric: str | Metric) -> None:
    """Raise `CheckFailure` for the first check that a metric fails; see `check_activation`."""
    _check(registry.resolve(Metric, metric))


def check_engine(engine: str | Engine) -> None:
    """Raise `CheckFailure` for the first check that an engine fails; see `check_activation`."""
    _check(registry.resolve(Engine, engine))


def plugins_meant_by(what: str | Plugin) -> list[Plugin]:
    """Return the plugins that a distribution's name, a plugin's name or an object refers to.

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
        raise ArgumentTypeError(f"{with_type(what)} came; expected a distribution's or plugin's name, or an object")
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


def _before(check: Check, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks whose failure explains the failure of a given one."""
    # A kind's first check is that its functions return arrays at all.
    found = list(checks[:1])
    causes = [check]
    while causes:
        for cause in CAUSES.get(causes.pop(), ()):
            if cause in checks and cause not in found:
                found.append(cause)
                causes.append(cause)
    return tuple(cause for cause in found if cause is not check)


def _bound(check: Check, plugin: Plugin, first: tuple[Check, ...]) -> Callable[[], None]:
    """Return a check without arguments that names the plugin, and is skipped where another failure explains its own."""

    def run() -> None:
        # So pytest shows the author's test and function, without the kit in between.
        __tracebackhide__ = True
        try:
            # One check looks for floating-point warnings, and turns them into errors.
            with np.errstate(all="ignore"):
                check(plugin)
        except CheckFailure as failure:
            give_way()
            raise type(failure)(f"{plugin.spec}: {failure}") from failure.__cause__
        except (CheckSkipped, CheckWarning) as ending:
            raise type(ending)(f"{plugin.spec}: {ending}") from ending.__cause__
        except (Exception, SystemExit) as error:
            give_way()
            raise CheckFailure(
                f"{plugin.spec}: a function raised {one_line(error)} in the check {check.__name__}; expected a result "
                f"for each of its sample inputs"
            ) from error

    def give_way() -> None:
        for other in first:
            try:
                _bound(other, plugin, ())()
            except (CheckSkipped, CheckWarning):
                continue
            except CheckFailure as failure:
                raise CheckSkipped(f"{plugin.spec}: it fails too; {other.__name__} is to pass first") from failure

    run.__doc__ = check.__doc__
    return run

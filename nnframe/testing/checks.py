"""Which checks there are for each kind, and which failure explains which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from nnframe.testing import activation_checks as activations
from nnframe.testing import behaviour_checks as behaviour
from nnframe.testing import callback_checks as callbacks
from nnframe.testing import command_checks as commands
from nnframe.testing import common_checks as common
from nnframe.testing import engine_checks as engines
from nnframe.testing import format_checks as formats
from nnframe.testing import fused_checks as fused
from nnframe.testing import learned_checks as learned
from nnframe.testing import loss_checks as losses
from nnframe.testing import metric_checks as metrics
from nnframe.testing import minimizer_checks as minimizers
from nnframe.testing import optimizer_checks as optimizers
from nnframe.testing import schedule_checks as schedules
from nnframe.testing import speed_checks as speed
from nnframe.testing import stepper_checks as steppers

# It may return what is worth knowing of a plugin that passes.
Check = Callable[[Any], "str | None"]

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
    speed.overrides_pay,
    speed.formulas_are_fast,
)
COMMON_CHECKS: tuple[Check, ...] = (
    common.its_entry_point_has_its_name,
    common.parameters_survive_their_spelling,
    common.it_pickles_and_copies,
)
# Of an optimizer that is given a batch's gradient, and of one that sees the whole data.
UPDATE_CHECKS: tuple[Check, ...] = (
    optimizers.results_fit_the_weights,
    behaviour.float32_agrees_with_float64,
    optimizers.elements_are_independent,
    optimizers.numbers_give_what_arrays_give,
    optimizers.updates_stay_finite,
    optimizers.it_goes_downhill,
)
MINIMIZE_CHECKS: tuple[Check, ...] = (
    minimizers.iterations_fit_the_weights,
    minimizers.a_run_goes_downhill,
    minimizers.infinite_losses_are_left_behind,
    minimizers.iterations_stay_finite,
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
        learned.learned_parameters_may_be_arrays,
        learned.learned_derivatives_match_differences,
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
        losses.answers_fit_the_targets,
        learned.learned_parameters_may_be_arrays,
        learned.learned_derivatives_match_differences,
    ),
    Optimizer: (
        *UPDATE_CHECKS,
        *MINIMIZE_CHECKS,
        *FORMULA_CHECKS,
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
        common.its_documentation_has_a_first_line,
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
        engines.losses_of_all_kinds_agree,
        engines.all_data_will_do,
        engines.a_layer_used_twice_agrees,
        engines.learned_parameters_agree,
        engines.layer_rates_agree,
        engines.shares_are_combined,
        engines.the_same_seed_gives_the_same_bits,
        engines.its_predictor_agrees,
        steppers.its_single_updates_agree,
        steppers.numbers_that_are_not_finite_change_nothing,
        engines.failures_of_plugins_leave_whole_batches,
        engines.interrupts_leave_whole_batches,
        common.its_documentation_has_a_first_line,
    ),
    Command: (
        commands.its_options_can_be_added,
        commands.its_help_says_what_it_does,
        common.its_documentation_has_a_first_line,
    ),
    Reader: (
        commands.its_options_can_be_added,
        commands.its_options_leave_those_of_train_alone,
        common.its_documentation_has_a_first_line,
    ),
    Format: (
        formats.what_is_written_is_read_bit_for_bit,
        formats.the_manifest_is_read_without_the_arrays,
        formats.long_content_survives,
        formats.arrays_can_be_changed,
        formats.damaged_files_are_refused,
        formats.a_failure_leaves_the_old_file,
        common.its_documentation_has_a_first_line,
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
    learned.learned_derivatives_match_differences: (
        learned.learned_parameters_may_be_arrays,
        activations.large_inputs_stay_finite,
        losses.results_are_numbers,
    ),
    speed.overrides_pay: (
        activations.components_are_independent,
        activations.derivative_matches_differences,
        losses.gradient_matches_differences,
    ),
    engines.epochs_can_be_run_in_parts: (engines.orders_agree,),
    engines.dropout_agrees: (engines.orders_agree, engines.epochs_can_be_run_in_parts),
    engines.sample_weights_agree: (engines.orders_agree,),
    engines.losses_of_all_kinds_agree: (engines.sample_weights_agree,),
    engines.a_layer_used_twice_agrees: (engines.optimizers_agree,),
    engines.learned_parameters_agree: (engines.optimizers_agree, engines.penalties_and_clipping_agree),
    engines.layer_rates_agree: (engines.optimizers_agree, engines.penalties_and_clipping_agree),
    engines.interrupts_leave_whole_batches: (engines.failures_of_plugins_leave_whole_batches,),
}

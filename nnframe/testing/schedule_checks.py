"""Checks of schedules."""

from __future__ import annotations

import numpy as np

from nnframe.contracts.schedule import Schedule
from nnframe.testing.calls import factor_call
from nnframe.testing.outcome import CheckFailure, require_close
from nnframe.testing.samples import N_EPOCHS, STEPS_PER_EPOCH, variants, with_changes

# Steps per epoch, and epochs: from a run of one update to a long one.
RUNS = ((1, 1), (1, 2), (7, 1), (1, 50), (STEPS_PER_EPOCH, N_EPOCHS), (100, 300))


def factors_have_the_shape_of_the_steps(schedule: Schedule) -> None:
    """The factors are an array of real numbers, one for each step."""
    for run in RUNS:
        factor = factor_call(schedule, *run)
        for some in (factor, factor[:1], factor[-3:]):
            result = some()
            if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiu":
                raise CheckFailure(
                    f"{factor.name} returned {result.dtype} for step of shape {some.arguments['step'].shape}; expected "
                    f"an array of real numbers"
                )


def factors_are_finite(schedule: Schedule) -> None:
    """Factors are finite and computed without a warning, in runs of one update and of many."""
    for each in variants(schedule):
        for run in RUNS:
            factor = factor_call(each, *run)
            try:
                with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                    result = factor()
            except CheckFailure as failure:
                if isinstance(failure.__cause__, ArithmeticError):
                    raise CheckFailure(
                        f"{factor.name}{with_changes(each)}: {failure.__cause__}; expected finite factors. Mind a run "
                        f"of one update, where steps_per_epoch * n_epochs - 1 is 0"
                    ) from failure
                raise
            if not np.isfinite(result).all():
                at = int(np.argmin(np.isfinite(result)))
                raise CheckFailure(
                    f"{factor.name}{with_changes(each)} is {result[at]} at step {at}; expected finite factors. Mind "
                    f"the first step and the last, steps_per_epoch * n_epochs - 1"
                )


def a_factor_depends_on_its_own_step_alone(schedule: Schedule) -> None:
    """A factor depends on its own step only, so that a run can be stopped and resumed."""
    for each in variants(schedule):
        factor = factor_call(each, STEPS_PER_EPOCH, N_EPOCHS)
        whole = factor()
        for epoch in np.split(np.arange(len(whole)), N_EPOCHS):
            require_close(
                factor[epoch](),
                whole[epoch],
                f"{factor.name} for the steps {epoch[0]} to {epoch[-1]} of a run",
                "Expected is what it gives among all steps of the run. Compute each factor from its own step, without "
                "a sum or product over the array.",
                rtol=1e-12,
                atol=1e-15,
            )

"""Checks of metrics."""

from __future__ import annotations

import numpy as np

from nnframe.contracts.metric import Metric
from nnframe.testing.calls import outputs_call
from nnframe.testing.outcome import CheckFailure, require_close
from nnframe.testing.samples import DTYPES, variants, with_changes


def it_gives_a_finite_number(metric: Metric) -> None:
    """A metric is one finite number, for any number of samples and components."""
    for each in variants(metric):
        for dtype in DTYPES:
            value = outputs_call(each, dtype)
            for some in (value, value[:, :1], value[:1], value[:1, :1]):
                result = some()
                if not np.isfinite(result):
                    raise CheckFailure(
                        f"{value.name}{with_changes(each)} is {result} for outputs of shape "
                        f"{some.arguments['a'].shape}; expected a finite number. Mind a class that never occurs, and "
                        f"targets that are all alike"
                    )


def the_order_of_the_samples_does_not_matter(metric: Metric) -> None:
    """The order of the samples does not change the metric."""
    value = outputs_call(metric)
    require_close(
        value[:, ::-1](),
        value(),
        f"{value.name} of the samples from the last to the first",
        "Expected is what it is from the first to the last. Take means and sums over all samples.",
        rtol=1e-9,
        atol=1e-12,
        inputs=value.arguments,
    )


def the_targets_themselves_are_best(metric: Metric) -> None:
    """No outputs are better than the targets themselves, in the direction of `better`."""
    value = outputs_call(metric)
    y = value.arguments["y"]
    perfect, other = float(metric.value(y, y, **metric.settings)), float(value())
    if (perfect < other) if metric.better == "higher" else (perfect > other):
        raise CheckFailure(
            f"value(y, y) is {perfect:.6g} and {value.name} for outputs with errors is {other:.6g}, and better is "
            f"{metric.better!r}; expected that the targets themselves are no worse. Look at better and at the sign"
        )

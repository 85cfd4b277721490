"""From a net and the arguments of a run to what an engine is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnframe.contracts.bound import Linear, distinct_layers, parameters_of
from nnframe.contracts.engine import OptimizerState, UpdateRule
from nnframe.contracts.optimizer import Optimizer
from nnframe.registry.binding import bind_optimizer


def update_rule(
    layers: Sequence[Linear],
    optimizer: Optimizer | None,
    l1: float,
    l2: float,
    clip_value: float | None,
    clip_norm: float | None,
) -> UpdateRule:
    """Return what happens to gradients, with the optimizer's state at its beginning."""
    distinct = distinct_layers(layers)
    count = sum(array.size for array in parameters_of(distinct))
    initial = optimizer.state.values() if optimizer else ()
    state = OptimizerState(
        tuple(np.full(count, value, distinct[0].weights.dtype) for value in initial), np.zeros((), np.int64)
    )
    return UpdateRule(l1, l2, clip_value, clip_norm, bind_optimizer(optimizer) if optimizer else None, state)

"""What the names in the source of `nnframe_numba.batch_source` stand for, for a net and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nnframe import Array, TrainingTask
from nnframe.arrays import DType
from nnframe.contracts.activation import Activation
from nnframe.contracts.bound import distinct_layers
from nnframe.contracts.engine import BoundNet
from nnframe.contracts.learned import learned_of, range_of
from nnframe.contracts.loss import Loss
from nnframe.engines.dropout import Dropout
from nnframe.engines.fast.memory import Memory
from nnframe.engines.random_bits import BITS
from nnframe.engines.vectors import factors_by_layer, vector_of
from nnframe.registry.binding import IDENTITY
from nnframe_numba.batch_source import BatchVariant
from nnframe_numba.learned_source import LearnedForm
from nnframe_numba.part_formulas import is_in_place


def variant_of(
    net: BoundNet | TrainingTask,
    *,
    single: bool,
    weighted: bool,
    updates_on_numpy: bool = False,
    on_blas: bool = False,
    parametrized: Iterable[str] = (),
) -> BatchVariant:
    """Return the variant of the source for a net."""
    rule, dtype = net.rule, net.layers[0].weights.dtype
    factors = None if rule.factors is None else factors_by_layer(net.layers, rule)
    return BatchVariant(
        single=single,
        fused=net.objective.loss_gradient is None,
        weighted=weighted,
        dropped=tuple(share > 0 for share in Dropout(net).shares),
        n_state=None if rule.is_plain or updates_on_numpy else len(rule.state.arrays),
        plain=rule.is_plain and not updates_on_numpy,
        on_blas=on_blas,
        parametrized=frozenset(parametrized),
        trained=None if factors is None else tuple(tuple(factor > 0 for factor in each) for each in factors),
        learned=tuple(_learned_forms(layer.activation.plugin, dtype) for layer in net.layers),
        loss_learned=_learned_forms(net.objective.plugin, dtype),
    )


def _learned_forms(plugin: Activation | Loss | None, dtype: DType) -> tuple[LearnedForm, ...]:
    if plugin is None:
        return ()
    return tuple(
        LearnedForm(each.penalized, *range_of(plugin.limits.get(name), dtype))
        for name, each in learned_of(plugin).items()
    )


def has_repeats(net: BoundNet | TrainingTask) -> bool:
    """Return whether the net has a layer twice."""
    return len(distinct_layers(net.layers)) < len(net.layers)


def layer_arrays(net: BoundNet | TrainingTask, batch_size: int, memory: Memory) -> list[Array]:
    """Return what `nnframe_numba.batch_source.layer_names` lists."""
    arrays = []
    dropout, last = Dropout(net), len(net.layers) - 1
    dtype = net.layers[0].weights.dtype
    for k, layer in enumerate(net.layers):
        shape = (batch_size, len(layer.weights))
        z, d = (memory.empty(shape, dtype) for _ in range(2))
        # A loss may ask for z of the last layer.
        in_place = layer.activation is IDENTITY or (k < last and is_in_place(layer.activation))
        arrays += [layer.weights, layer.bias[:, 0], z, z if in_place else memory.empty(shape, dtype), d]
        share = dropout.shares[k]
        if share > 0:
            mask, kept = (memory.empty(shape, dtype) for _ in range(2))
            numbers = np.array([dropout.n_units, dropout.first_units[k], int(share * 2**BITS)], np.uint64)
            arrays += [mask, kept, numbers, np.array([share])]
        arrays += [*layer.parameters, *(memory.empty(shape, dtype) for _ in layer.parameters)]
    of_loss = as_matrices(net.objective.parameters)
    return [*arrays, *of_loss, *(memory.empty((batch_size, 1), dtype) for _ in of_loss)]


def as_matrices(numbers: Sequence[Array]) -> list[Array]:
    """Return arrays of shape () as views of shape (1, 1)."""
    return [number.reshape(1, 1) for number in numbers]


def rule_arrays(net: BoundNet | TrainingTask, variant: BatchVariant, memory: Memory) -> list[Any]:
    """Return what `nnframe_numba.batch_source.rule_names` lists, for an update that isn't made on numpy."""
    if variant.updates_in_place:
        return []
    rule = net.rule
    if variant.plain:
        weights = [array for layer in net.layers for array in (layer.weights, layer.bias[:, 0], *layer.parameters)]
        return [memory.empty_like(array) for array in [*weights, *as_matrices(net.objective.parameters)]]
    of_loss = net.objective.parameters
    vector, parts = vector_of(net.layers, memory, of_loss)
    # The gradients of frozen layers are never written.
    vector[...] = 0
    gradients = [array for part in parts for array in (part.weights, part.bias[:, 0], *part.parameters)]
    # They are at the end of the vector.
    gradients += [vector[vector.size - i :][:1].reshape(1, 1) for i in range(len(of_loss), 0, -1)]
    numbers = (rule.l1, rule.l2, rule.clip_value or 0.0, rule.clip_norm or 0.0)
    factors = [factor for factor in rule.factors or () if factor > 0]
    return [*gradients, vector, *rule.state.arrays, rule.state.updates.reshape(1), *map(float, (*numbers, *factors))]

"""The loss over all rows and its gradient, for optimizers that see the whole data.

Rows are taken in chunks, so that the memory for their activations is bounded. The losses are added in float64, and so
are the gradients of several chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import TypeVar

import numpy as np

from nnframe import registry
from nnframe.arrays import FLOAT32, Array
from nnframe.backpropagation import Gradient
from nnframe.blas.threads import ONE_ANYWAY, FittingThreads, largest_product
from nnframe.contracts.bound import Linear, distinct_layers, trained_arrays
from nnframe.contracts.engine import Epoch, TrainingTask
from nnframe.contracts.learned import learned_of
from nnframe.engines.fast.gauss_newton import jacobians
from nnframe.engines.fast.joined import Layout, PassSamples, factors_of_joined, is_joined, memory_with_ones
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory, Output, output_columns
from nnframe.engines.fast.passes import Passes, Places
from nnframe.engines.vectors import Role, add_up_uses, factors_by_layer, parts_of, roles_of, vector_of
from nnframe.errors import ArgumentError
from nnframe.registry.binding import IDENTITY, bind_activation, bind_objective

# The most rows at a time: enough to make the calls of numpy cheap, and few enough for the processor's cache.
CHUNK = 1024
# Added to the gradients of float32 losses and subtracted again, which leaves 0 of numbers below a ten-millionth of it.
# They are of no use, and further products of them would be subnormal, which processors multiply a hundred times as
# slowly: near a minimum, passes took twice as long.
NEGLIGIBLE = 1e-20
# Rows are kept in the best order if they then take at most so many bytes.
MOST_KEPT = 2**27
# What is a usual number of vectors in an optimizer's state.
VECTORS = 10
# The most weights for a Gauss-Newton matrix, which then takes 200 MB, and the most numbers of a Jacobian at a time.
MOST_WEIGHTS, MOST_NUMBERS = 5000, 2**20


T = TypeVar("T")


class WholeData:
    """Computes the mean loss over all rows, with the penalty, and its gradient.

    Parameters
    ----------
    task : TrainingTask
        Without dropout, l1 or clipping.
    order : ndarray of int, shape (n_rows,), or None
        The rows; all by default.
    n_total : int, optional
        The number of rows in all processes, if others have some too.
    add_up : callable, optional
        ``add_up(array)`` then replaces an array by its sum over all processes.

    Attributes
    ----------
    epoch : Epoch
        The rows, in chunks of `CHUNK`.
    n_rows, n_total : int
    threads : FittingThreads
        For the whole of an iteration.
    """

    def __init__(
        self,
        task: TrainingTask,
        order: Array | None,
        n_total: int | None = None,
        add_up: Callable[[Array], None] | None = None,
    ) -> None:
        self.task = task._replace(batch_size=CHUNK)
        self.n_rows = len(task.data) if order is None else len(order)
        self.n_total = self.n_rows if n_total is None else n_total
        self._add_up = add_up
        n_chunks = -(-self.n_rows // CHUNK)
        self.epoch = Epoch(np.ones(n_chunks), order)
        # Chunks of about the same size; a process may have no rows.
        self._chunk = -(-self.n_rows // max(n_chunks, 1)) or 1
        distinct, of_loss = distinct_layers(task.layers), task.objective.parameters
        arrays = trained_arrays(task.layers, task.objective)
        size = 2 * self.n_rows * (task.data.X.shape[1] + 1 + task.data.Y.shape[1]) * arrays[0].itemsize
        self._has_ones = size <= MOST_KEPT
        has_repeats = len(distinct) < len(task.layers)
        layout = Layout.of(distinct, len(of_loss), self._has_ones, fills_blocks=not has_repeats)
        self._order, self._places, self._n_zeros = layout.order, layout.places, layout.n_zeros
        self._vector, parts = vector_of(layout.layers, None, of_loss)
        self._layers = _in_net(task.layers, map(_moved, layout.layers, parts))
        self._objective = task.objective
        if of_loss or self._layers[-1].parameters:
            loss, last = task.objective.plugin, self._layers[-1].activation
            named = dict(zip(learned_of(loss), _at_end(self._vector, of_loss), strict=True))
            self._objective = bind_objective(loss, last.plugin, last, named)
        self._both = self._objective.both
        if self._both is not None:
            # Then passes end with z, and are given dL/dz in place of targets.
            self._layers[-1] = self._layers[-1]._replace(activation=IDENTITY)
            self._objective = self._objective._replace(gradient=lambda z, a, slope: slope, fused=None)
        if self._vector.dtype == FLOAT32:
            gradient, loss_gradient = self._objective.gradient, self._objective.loss_gradient
            self._objective = self._objective._replace(
                gradient=_without_negligible(gradient),
                loss_gradient=None if loss_gradient is None else _without_negligible(loss_gradient),
            )
        self._sums_vector, sums = vector_of(layout.gradients, None, of_loss)
        # The gradients of frozen arrays are never written.
        self._sums_vector[...] = 0
        self._loss_sums = _at_end(self._sums_vector, of_loss)
        self._sums = _in_net(task.layers, sums)
        # For each layer of the net, where passes write its gradient: elsewhere, if a layer comes twice.
        self._own = self._sums
        if has_repeats:
            vector, self._own = vector_of(self._layers, None, of_loss)
            vector[...] = 0
        roles = roles_of(task.layers, task.objective, self._vector.dtype)
        self._penalty = self._factors_of_l2(arrays, roles) if task.rule.l2 else None
        factors = task.rule.factors or (1.0,) * len(arrays)
        stops = accumulate(array.size for array in arrays)
        self._frozen = [
            slice(stop - array.size, stop) for stop, array, f in zip(stops, arrays, factors, strict=True) if not f
        ]
        self._passes: dict[int, tuple[Passes, Output]] = {}
        product = largest_product((layer.weights for layer in task.layers), self._chunk)
        if prod(product) <= ONE_ANYWAY:
            # Then the products of the optimizer's state with vectors are what BLAS may split.
            product = VECTORS, len(self._vector), 1
        self.threads = FittingThreads(product, self._vector.dtype, trains=True)
        self._scale = np.full((), 1 / self.n_total, self._vector.dtype)
        self._kept = list(self._chunks()) if self._has_ones else []

    def evaluate(self, w: Array) -> tuple[float, float, Array]:
        """Return the mean loss, the same with the penalty, and the gradient of the latter, for a vector of weights.

        Raises
        ------
        PluginError
            If an activation or the loss fails.
        """
        # The fastest way, although no place is out of bounds.
        w.take(self._order, None, self._vector, "clip")
        total, gradient = 0.0, self._sums_vector
        # At the end, the loss.
        sums = np.zeros(len(w) + 1) if self._chunk < self.n_rows or self._add_up is not None else None
        for chunk in self._kept or self._chunks():
            total += self._pass(chunk)
            gradient = self._sums_vector.take(self._places)
            if sums is not None:
                sums[:-1] += gradient
        if sums is not None:
            sums[-1] = total
            if self._add_up is not None:
                self._add_up(sums)
            total, gradient = float(sums[-1]), sums[:-1].astype(w.dtype)
        loss = penalized = total / self.n_total
        for part in self._frozen:
            gradient[part] = 0
        if self._penalty is not None:
            pull = self._penalty * w
            penalized += float(pull.dot(w)) / 2
            gradient += pull
        return loss, penalized, gradient

    def gauss_newton(self, w: Array) -> Array:
        """Return the Gauss-Newton matrix for a vector of weights; see `WholeLoss.gauss_newton`.

        Raises
        ------
        ArgumentError
            If the loss is not mse, something besides weights and biases is trained, or there are too many of them.
        """
        loss, count = self.task.objective.plugin, len(w)
        layers: Sequence[Linear] = self.task.layers
        if not registry.refers_to("loss", "nnframe/mse", loss):
            raise ArgumentError(f"the loss is {loss.spec!r}; expected 'mse', which the Gauss-Newton matrix is for")
        if any(layer.parameters for layer in layers):
            raise ArgumentError("an activation has learned parameters, which the Gauss-Newton matrix leaves out")
        if count > MOST_WEIGHTS:
            raise ArgumentError(
                f"the net has {count:,} weights; expected at most {MOST_WEIGHTS:,}, for the Gauss-Newton matrix has a "
                f"row and a column for each: use 'lbfgs'"
            )
        distinct = distinct_layers(layers)
        layers = _in_net(layers, map(_moved, distinct, vector_of(distinct, vector=w.copy())[1]))
        starts, start = {}, 0
        for layer in distinct_layers(layers):
            starts[id(layer.weights)] = start
            start += layer.weights.size + layer.bias.size
        total = np.zeros((count, count))
        for samples in self.task.samples(self.epoch, max(1, MOST_NUMBERS // count)):
            for J in jacobians(layers, starts, count, samples.x):
                if samples.weights is not None:
                    J *= np.sqrt(samples.weights)[:, np.newaxis]
                total += J.T @ J
        if self._add_up is not None:
            self._add_up(total)
        total *= 2 / (self.n_total * len(layers[-1].weights))
        for part in self._frozen:
            total[part] = total[:, part] = 0
        if self._penalty is not None:
            total += np.diag(self._penalty.astype(np.float64))
        return total

    def _pass(self, chunk: PassSamples) -> float:
        """Fill the sums with the gradient of some rows, and return the sum of their losses."""
        rows, columns, y, weights, factors = chunk
        passes, output = self._passes.get(len(rows)) or self._new_passes(len(rows))
        passes.forward(columns.T, output)
        # np.ascontiguousarray takes half a microsecond even for what is contiguous.
        outputs = output.columns if output.rows is output.columns else np.ascontiguousarray(output.columns)
        if self._both is None:
            losses, target = self._objective.value(outputs, outputs, y), y
        else:
            losses, target = self._both(outputs, y)
        passes.backward(rows, target, output, self._scale, weights)
        if self._own is not self._sums:
            add_up_uses(self._sums, zip(self._sums, self._own, strict=True))
        return float(losses.dot(factors))

    def _new_passes(self, size: int) -> tuple[Passes, Output]:
        """Return the passes for chunks of a size, and memory for their outputs."""
        memory, last = Memory(), self._layers[-1]
        memories = [
            memory_with_ones(memory, layer, size)
            if is_joined(after)
            else LayerMemory.allocate(memory, layer, size).first(size)
            for layer, after in pairwise(self._layers)
        ]
        memories.append(LayerMemory.allocate(memory, last, size, is_last=True).first(size))
        factors = factors_of_joined(self._layers, factors_by_layer(self.task.layers, self.task.rule))
        passes = Passes(Places(self._layers, self._own, self._loss_sums), self._objective, memories, factors)
        output = Output.part_of(output_columns(memory, last, size, size), 0, size)
        self._passes[size] = passes, output
        return passes, output

    def _chunks(self) -> Iterator[PassSamples]:
        for samples in self.task.samples(self.epoch, self._chunk):
            yield PassSamples.of(samples, self._has_ones, self._n_zeros)

    def _factors_of_l2(self, arrays: Sequence[Array], roles: Sequence[Role]) -> Array:
        """Return what each number is multiplied by in the gradient of the penalty; 0 for biases and what is frozen."""
        vector, rule = np.empty_like(self._vector), self.task.rule
        factors = rule.factors or (1.0,) * len(arrays)
        for part, role, factor in zip(parts_of(vector, arrays), roles, factors, strict=True):
            part[...] = rule.l2 if role.is_penalized and factor else 0
        return vector


def _without_negligible(gradient: Callable[..., Array]) -> Callable[..., Array]:
    """Return a function for the same gradient with 0 in place of numbers that are `NEGLIGIBLE`."""

    def call(*arrays: Array) -> Array:
        # Not in place at first: a gradient may be one of the arguments, such as the targets.
        result = gradient(*arrays) + NEGLIGIBLE
        result -= NEGLIGIBLE
        return result

    return call


def _in_net(layers: Sequence[Linear], distinct: Iterable[T]) -> list[T]:
    """Return what belongs to the distinct ones of some layers, for each of the layers."""
    found = dict(zip((id(layer.weights) for layer in distinct_layers(layers)), distinct, strict=True))
    return [found[id(layer.weights)] for layer in layers]


def _at_end(vector: Array, loss_parameters: Sequence[Array]) -> list[Array]:
    """Return the last numbers of a vector, as arrays like the learned parameters of a loss."""
    return parts_of(vector[len(vector) - len(loss_parameters) :], loss_parameters)


def _moved(layer: Linear, part: Gradient) -> Linear:
    """Return a layer with other arrays, which its activation uses as well."""
    activation = layer.activation
    if layer.parameters:
        names = learned_of(activation.plugin)
        activation = bind_activation(activation.plugin, dict(zip(names, part.parameters, strict=True)))
    return Linear(part.weights, part.bias, activation, tuple(part.parameters))

"""Weights and bias of the first layer in one matrix while an epoch runs, for nets that an optimizer trains.

Inputs then end with a 1, so that one product makes W x + b, and another one both gradients:

    [x^T 1] [W^T]        [dL/dW^T] = [x] d^T
            [b^T]        [dL/db^T]   [1]

An optimizer works number by number, so it doesn't matter where in a vector the weights are, as long as those of its
state are at the same places. The bias follows the weights in memory anyway; the matrix is transposed, for BLAS takes
two thirds of the time to multiply small matrices whose rows are contiguous. To copy everything at the start of an epoch
and at its end takes as long as is saved in two updates.

For a net of 30, 100 and 1 units with batches of 64, an epoch of seven takes 0.91 of the time.
"""

from __future__ import annotations

from collections.abc import Iterable

from nnframe.arrays import Array, copy_all
from nnframe.backpropagation import Gradient
from nnframe.contracts.bound import Linear, distinct_layers, parameters_of
from nnframe.contracts.engine import OptimizerState, TrainingTask
from nnframe.data import Pairs
from nnframe.engines.fast.descent import Descent
from nnframe.engines.fast.joined import factors_of_joined
from nnframe.engines.fast.memory import Memory
from nnframe.engines.joint_memory import joint_vector
from nnframe.engines.update import Updater
from nnframe.engines.vectors import factors_by_layer, parts_of

# With fewer samples in a batch, the calls that are saved are cheap; with more inputs, so is the addition of a bias.
FEWEST_SAMPLES, MOST_INPUTS = 16, 2**8


def joins_first(task: TrainingTask, batch_size: int) -> bool:
    """Whether the first layer of a task should have its weights and bias in one matrix."""
    layers, data, state = task.layers, task.data, task.rule.state.arrays
    n_inputs, dtype = layers[0].weights.shape[1], layers[0].weights.dtype
    if (
        task.rule.optimizer is None
        or task.combine is not None
        or len(layers) == 1
        or len(distinct_layers(layers)) < len(layers)
        or task.objective.parameters
        or any(layer.parameters for layer in layers)
    ):
        return False
    if batch_size < FEWEST_SAMPLES or n_inputs > MOST_INPUTS:
        return False
    if type(data) is not Pairs or not data.X.dtype == data.Y.dtype == dtype:
        return False
    vector = joint_vector(parameters_of(layers))
    if vector is None or any(array.shape != vector.shape for array in state):
        return False
    # Only optimizers pay for the import of what records formulas.
    from nnframe.engines.update_program import recipe_of

    return recipe_of(task.rule.optimizer.plugin) is not None


class JoinedFirst(Descent):
    """Updates copies of the weights and of the optimizer's state, in which the first layer's weights are transposed."""

    takes_steps = False

    def __init__(self, task: TrainingTask) -> None:
        arrays = parameters_of(task.layers)
        vector = joint_vector(arrays)
        assert vector is not None
        live = [vector, *task.rule.state.arrays]
        memory = Memory()
        own = [memory.empty_like(each) for each in live]
        parts = iter(parts_of(own[0], arrays))
        layers = tuple(layer._replace(weights=next(parts), bias=next(parts)) for layer in task.layers)
        state = OptimizerState(tuple(own[1:]), task.rule.state.updates)
        rule = task.rule._replace(state=state)
        # It sees the first layer's weights in another order.
        updater = Updater(task._replace(layers=layers, rule=rule), in_place=True)
        self._update = updater.bound()
        first, n_out = task.layers[0].weights, len(task.layers[0].bias)
        self._live, self._own = list(_parts(live, first.shape)), []
        for each in _parts(own, first.shape[::-1]):
            self._own.append(each.T if each.ndim == 2 else each)
        self.layers = [_joined(layers[0], own[0], n_out), *layers[1:]]
        joined = _joined(layers[0], updater.gradient, n_out)
        self.gradients = [Gradient(joined.weights, joined.bias, []), *updater.gradients[1:]]
        self.factors = factors_of_joined(self.layers, factors_by_layer(task.layers, task.rule))

    def begin(self) -> None:
        """Copy the weights and the state."""
        copy_all(self._own, self._live)

    def step(self, learning_rate: float) -> None:
        """Update the copies."""
        self._update(learning_rate)

    def end(self) -> None:
        """Copy the weights and the state back."""
        copy_all(self._live, self._own)


def _parts(vectors: Iterable[Array], shape: tuple[int, ...]) -> Iterable[Array]:
    """Yield of each vector the numbers of the first weights, as a matrix of a shape, and the others."""
    n_first = shape[0] * shape[1]
    for vector in vectors:
        yield vector[:n_first].reshape(shape)
        yield vector[n_first:]


def _joined(layer: Linear, vector: Array, n_out: int) -> Linear:
    """Return a first layer with weights that contain the bias, (n_out, n_in + 1), at the start of a vector."""
    n_numbers = layer.weights.size + layer.bias.size
    matrix = vector[:n_numbers].reshape(-1, n_out).T
    return layer._replace(weights=matrix, bias=matrix[:0, :1])

"""Plain gradient descent with batches of one, for nets with large layers.

The gradient of a layer's weights for one sample is d x', of rank one. It is subtracted from the weights without being
written down first, so an update reads and writes each of them once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from nnframe.backpropagation import Gradient
from nnframe.blas.outer_products import outer_subtraction
from nnframe.contracts.bound import distinct_layers
from nnframe.contracts.engine import BoundNet, TrainingTask
from nnframe.engines.calls import call
from nnframe.engines.fast.descent import Descent, is_plain
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.memory_layout import LayerMemory
from nnframe.engines.joint_memory import joint_vectors
from nnframe.engines.vectors import parts_of

# Smaller matrices are updated in the same time or less by numpy.
FEWEST_WEIGHTS = 2**14
# With fewer, threads that wait for each other twice an update may take ten times as long as one, and gain little.
FEWEST_SHARED = 2**20


def rank_one_descent(task: TrainingTask | BoundNet, memories: Sequence[LayerMemory]) -> Descent | None:
    """Return how to update a net with batches of one; None if the other descents do it as fast, or alone can do it.

    Parameters
    ----------
    task : TrainingTask or BoundNet
    memories : sequence of LayerMemory
        For each layer, for one sample.
    """
    layers = task.layers
    if not is_plain(task) or len(distinct_layers(layers)) < len(layers):
        return None
    if isinstance(task, TrainingTask) and task.combine is not None:
        return None
    are_large = [layer.weights.size >= FEWEST_WEIGHTS for layer in layers]
    found = RankOne(task, memories, are_large) if any(are_large) else None
    return found if found is not None and found.has_functions else None


class RankOne(Descent):
    """Weights stay in the layers; the gradients of large ones are subtracted without being written down.

    Attributes
    ----------
    has_functions : bool
        Whether BLAS has what it takes.
    """

    has_begin = False

    def __init__(
        self, task: TrainingTask | BoundNet, memories: Sequence[LayerMemory], are_large: Sequence[bool]
    ) -> None:
        self.layers = task.layers
        memory, small = Memory(), []
        for layer, is_large in zip(self.layers, are_large, strict=True):
            small += [layer.bias] if is_large else [layer.weights, layer.bias]
        vectors = joint_vectors(small)
        step = memory.empty((sum(array.size for array in small),), small[0].dtype)
        slots = iter(parts_of(step, small))
        none = np.empty((0, 0), step.dtype)
        self.gradients = [Gradient(none if is_large else next(slots), next(slots)) for is_large in are_large]
        inputs = memory.empty((1, self.layers[0].weights.shape[1]), step.dtype)
        self.inputs = inputs if are_large[0] else None
        self._calls: list[Callable[[], object]] = [
            partial(np.subtract, vector, part, vector)
            for vector, part in zip(vectors, parts_of(step, vectors), strict=True)
        ]
        self.has_functions = True
        for k, layer in enumerate(self.layers):
            if are_large[k]:
                before = inputs if k == 0 else memories[k - 1].out.T
                # For one sample, d is the gradient of the bias.
                function = outer_subtraction(layer.weights, self.gradients[k].bias, before)
                self.has_functions &= function is not None
                self._calls += [] if function is None else [function]
        self.wants_one_thread = max(layer.weights.size for layer in self.layers) < FEWEST_SHARED
        self.factors = [(0.0 if is_large else 1.0, 1.0) for is_large in are_large]

    def begin(self) -> None:
        """Do nothing: the weights are in the net already."""

    def step(self, learning_rate: float) -> None:
        """Subtract the gradients."""
        deque(map(call, self._calls), 0)

    def end(self) -> None:
        """Do nothing."""

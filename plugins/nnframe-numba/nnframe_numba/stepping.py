"""Single updates of a net in compiled code, one call each, loaded without numba where it has been compiled before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.array_utils import byte_bounds

from nnframe import Array
from nnframe.contracts.domains import Domain
from nnframe.contracts.engine import BoundNet, Samples
from nnframe.engines.fast.memory import Memory
from nnframe.engines.fast.stepper import stepper as numpy_stepper
from nnframe.inputs.by_name import INPUTS, SAMPLE_WEIGHT
from nnframe_numba.code_store import CodeStore, LoadedCode, ObjectFile
from nnframe_numba.engine import warn_of_numpy
from nnframe_numba.engine_warnings import LeftToNumpyError, give_warnings
from nnframe_numba.net_arrays import has_repeats, layer_arrays, rule_arrays, variant_of
from nnframe_numba.parameters import numeric, table_entry
from nnframe_numba.part_formulas import Formula, part_formulas
from nnframe_numba.stepper_source import BARRIER_SIZE, takes_pairs

# From so many multiplications in the layers on, a batch is left to the engine's epochs, in which threads share it.
FEWEST_SHARED = 2_000_000
# From so many on, other threads of Python may run meanwhile.
FEWEST_WITHOUT_GIL = 200_000
# Of more batch sizes than these, the memory of the oldest is given up.
MOST_SIZES = 4
MOST_CODES = 256
ENTRY = np.dtype(np.int64)

Step: TypeAlias = Callable[[Samples, float, int], float]
# Of inputs, targets, weights or None, the learning rate and the dropout key.
Call: TypeAlias = Callable[[Array, Array, "Array | None", float, int], Any]


_store = CodeStore("stepper", MOST_CODES)


def stepper(net: BoundNet, by_epochs: Callable[[], Step]) -> Step | None:
    """Return the function that makes an update, or None where some of it runs on numpy.

    Parameters
    ----------
    net : BoundNet
    by_epochs : callable
        Returns a function that makes updates by epochs of one batch, for batches that threads share.
    """
    if has_repeats(net) and not net.rule.is_plain:
        # Its two gradients have to be added up.
        return None
    steps = Steps(net, by_epochs)
    reason = steps.machine_code(single=True, weighted=False).reason
    if reason and (net.objective.parameters or any(layer.parameters for layer in net.layers)):
        warn_of_numpy(LeftToNumpyError(reason))
        return numpy_stepper(net)
    give_warnings(stacklevel=3)
    return None if reason else steps.function()


class Steps:
    """Makes single updates of a net.

    Parameters
    ----------
    net : BoundNet
    by_epochs : callable
        As for `stepper`.
    """

    def __init__(self, net: BoundNet, by_epochs: Callable[[], Step]) -> None:
        self.net, self.by_epochs = net, by_epochs
        # Of the equal objects, the one that arrays usually have.
        self.dtype = np.dtype(net.layers[0].weights.dtype.type)
        self.n_multiplications = sum(layer.weights.size for layer in net.layers)
        self.n_targets = len(net.layers[-1].weights) // net.objective.plugin.n_outputs
        self.formulas = part_formulas(net, self.dtype)
        # By batch size; negative with sample weights.
        self.calls: dict[int, Call] = {}

    def step(self, samples: Samples, learning_rate: float, dropout_key: int) -> float:
        """Make one update and return the sum of the losses before it."""
        x, y, weights, _ = samples
        size = len(x)
        call = self.calls.get(size if weights is None else -size) or self.call_for(size, weights is not None)
        total = call(x, y, weights, learning_rate, dropout_key)
        if total is x:
            weights = None if weights is None else weights.copy()
            total = call(x.copy(), y.copy(), weights, learning_rate, dropout_key)
        return total  # type: ignore[no-any-return]

    def function(self) -> Step:
        """Return `step` as the contract for engines has it, with its attributes."""
        step: Any = partial(self.step)
        # Compiled code knows nothing of numpy's error state, and epochs set it.
        step.is_silent = True
        if target_limits(self.net) is not None and takes_pairs(variant_of(self.net, single=True, weighted=False)):
            step.pair_step = self.call_for(1, weighted=False)
        function: Step = step
        return function

    def call_for(self, size: int, weighted: bool) -> Call:
        """Return what makes an update for a batch size."""
        while len(self.calls) >= MOST_SIZES:
            del self.calls[next(iter(self.calls))]
        is_shared = size > 1 and size * self.n_multiplications >= FEWEST_SHARED
        code = None if is_shared else self.machine_code(single=size == 1, weighted=weighted)
        if code is None or code.bind is None:
            call = _by_epochs(self.by_epochs())
        else:
            call = code.bind(*self.table(code, size, weighted))
        self.calls[-size if weighted else size] = call
        return call

    def table(self, code: LoadedCode, size: int, weighted: bool) -> tuple[Array, list[Any]]:
        """Return the table for a batch size, and the arrays that it has addresses of."""
        memory, loss = Memory(), self.net.objective.plugin
        sizes = {INPUTS: self.net.layers[0].weights.shape[1], SAMPLE_WEIGHT: 1}
        n_given = sum(sizes[name] for name in loss.asks)
        variant = variant_of(self.net, single=size == 1, weighted=weighted, parametrized=code.parametrized)
        low, high = target_limits(self.net) or (0.0, 0.0)
        values: list[Any] = [int(size * self.n_multiplications >= FEWEST_WITHOUT_GIL), id(None), id(np.ndarray)]
        first = self.net.layers[0]
        n_in = first.weights.shape[1]
        values += [id(self.dtype), n_in, self.n_targets, low, high, size * n_in * self.dtype.itemsize]
        values += [address for array in (first.weights, first.bias) for address in byte_bounds(array)]
        values += [size]
        values += [memory.empty((size,), self.dtype), memory.empty((size, self.n_targets + n_given), self.dtype)]
        values += [*layer_arrays(self.net, size, memory), *rule_arrays(self.net, variant, memory)]
        if size > 1:
            values += [np.zeros(BARRIER_SIZE, ENTRY), *self.workspace(code.constants, memory)]
        for name in code.parametrized:
            values += self.parameters(name)
        entries: list[int] = []
        for value in values:
            entries += [value.ctypes.data, *value.shape] if isinstance(value, np.ndarray) else [table_entry(value)]
        return np.array(entries, ENTRY), values

    def workspace(self, constants: dict[str, int], memory: Memory) -> list[Array]:
        """Return what `nnframe_numba.matrix_products.new_workspace` returns."""
        nr, kc, mc, a_step = (constants[name] for name in ("nr", "kc", "mc", "a_step"))
        n_panels = -(-max(max(layer.weights.shape) for layer in self.net.layers) // nr)
        shapes = (n_panels * kc, nr), (mc, a_step), (1, n_panels * nr), (mc, nr)
        return [memory.empty(shape, self.dtype) for shape in shapes]

    def parameters(self, name: str) -> list[bool | int | float]:
        """Return the parameters of a part that its machine code takes as arguments."""
        formula = self.formulas[name]
        assert isinstance(formula, Formula)
        return list(numeric(formula.settings).values())

    def machine_code(self, single: bool, weighted: bool) -> LoadedCode:
        """Return the machine code for updates of this kind."""
        variant = variant_of(self.net, single=single, weighted=weighted)

        def make() -> ObjectFile | str:
            from nnframe_numba.stepper_compiler import object_file

            return object_file(self.net, variant)

        return _store.code_for((self.dtype.name, variant), self.formulas, make)


def target_limits(net: BoundNet) -> tuple[float, float] | None:
    """Return the lowest and the highest target that a loss takes; None if that isn't all it limits, or all it takes."""
    largest = float(np.finfo(net.layers[0].weights.dtype).max)
    limits: dict[Domain, tuple[float, float]] = {
        "real": (-largest, largest),
        "nonnegative": (0.0, largest),
        "probability": (0.0, 1.0),
        "distribution": (0.0, 1.0),
    }
    loss = net.objective.plugin
    return None if loss.asks else limits.get(loss.y_domain)


def _by_epochs(step: Step) -> Call:
    def call(x: Array, y: Array, weights: Array | None, learning_rate: float, dropout_key: int) -> float:
        return step(Samples(x, y, weights, 0), learning_rate, dropout_key)

    return call

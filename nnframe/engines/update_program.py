"""An optimizer's formula as a list of numpy calls that overwrite the weights and the state, with no other memory.

As a formula, an update of adam makes some 15 arrays of the weights' size. Here it is recorded once, and each of its
operations becomes a call with ``out=``, on blocks of the weights that fit the processor's cache: an update goes element
by element, so the vector may be cut. What depends on the step and the learning rate alone is a number, computed once
per update.

Means of gradients that have become 0 shrink until they are subnormal, and stay so: 0.9 times the smallest number is
rounded to that number. Processors take fifty times as long for subnormal numbers, so a weight behind a unit that is
never active again would slow down every update. Every `FLUSH_EVERY` updates, such numbers of the state become 0. Normal
numbers, and with them the results, stay as they are.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import TRAINING_ERRORS, Array, DType
from nnframe.contracts.optimizer import LEARNING_RATE, Optimizer
from nnframe.engines.calls import call
from nnframe.engines.factors import with_factors_outside
from nnframe.engines.fast.memory import Memory
from nnframe.engines.vectors import Segment
from nnframe.formula.graph import BOOL, CONSTANT, FLOAT, INPUT, PARAMETER, Node, Shape, reachable, rebuilt
from nnframe.formula.recording import record
from nnframe.formula.refusal import NotRecordableError

STEP, COMPUTE = "t", "compute"
# The numbers of a block: many enough to make up for the calls, few enough for all arrays of an update to stay in cache.
BLOCK = 2**15
# The calls that look for subnormal numbers take a tenth of an update's time.
FLUSH_EVERY = 32
# Python's operators, for what is computed with numbers.
OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


class Recipe(NamedTuple):
    """A recorded update.

    Attributes
    ----------
    names : tuple of str
        What the arrays are called: w, g and the state.
    results : tuple of Node
        The new w and state.
    vectors : list of Node
        What has to be computed for each weight, arguments first.
    constants, numbers : list of Node
        The numbers that these need: those that are known, and those that each step has of its own.
    compute : callable
        ``compute(t, learning_rate)`` returns the latter.
    """

    names: tuple[str, ...]
    results: tuple[Node, ...]
    vectors: list[Node]
    constants: list[Node]
    numbers: list[Node]
    compute: Callable[[int, float], tuple[float, ...]]


@lru_cache(maxsize=32)
def recipe_of(optimizer: Optimizer) -> Recipe | None:
    """Return the update of an optimizer as a recipe; None if its formula is not one of element-wise numpy calls."""
    names = ("w", "g", *optimizer.state)
    settings: Mapping[str, Any] = {STEP: 1, **optimizer.settings}
    try:
        results = tuple(rebuilt(record(optimizer.update, names, settings, (STEP, LEARNING_RATE)), _simpler))
        results = with_factors_outside(results)
    except NotRecordableError:
        return None
    vectors = [node for node in reachable(results) if node.shape != Shape.SCALAR and node.op != INPUT]
    needed = dict.fromkeys(arg for node in vectors for arg in node.args if arg.shape == Shape.SCALAR)
    numbers = [node for node in needed if not node.is_constant]
    source = _source_of(numbers)
    if len(results) != len(names) - 1 or source is None or not all(map(_is_elementwise, vectors)):
        return None
    for name, result in zip(("w", *optimizer.state), results, strict=True):
        # Arrays that change places can't be overwritten one by one.
        if result.shape != Shape.FULL or (result.op == INPUT and result.data not in (name, "g")):
            return None
    namespace: dict[str, Any] = {"np": np, "sqrt": math.sqrt}
    exec(compile(source, f"<numbers of {optimizer.name}>", "exec"), namespace)
    recipe = Recipe(names, results, vectors, [node for node in needed if node.is_constant], numbers, namespace[COMPUTE])
    return recipe if _agrees(recipe, optimizer) else None


class UpdateProgram:
    """A recorded update for given arrays.

    Parameters
    ----------
    recipe : Recipe
    w : sequence of ndarray
        The weights, in vectors that have n numbers together.
    g : ndarray, shape (n,)
    state : sequence of ndarray, each of shape (n,)
    memory : Memory
    after : sequence of callable, optional
        What is called after each update, as a part of it.
    segments : sequence of Segment, optional
        The parts of the arrays to update; all by default.
    before : sequence of callable, optional
        What is called before each update, likewise.
    """

    def __init__(
        self,
        recipe: Recipe,
        w: Sequence[Array],
        g: Array,
        state: Sequence[Array],
        memory: Memory,
        after: Sequence[Callable[[], object]] = (),
        segments: Sequence[Segment] | None = None,
        before: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._compute = recipe.compute
        constants = {node: np.array(node.data, g.dtype) for node in recipe.constants}
        buffers = _Buffers(memory, min(BLOCK, g.size), g.dtype)
        tiny = np.array(np.finfo(g.dtype).tiny, g.dtype)
        # For each segment, the factor of its learning rate, and what sets the numbers of a step.
        self._fills: list[tuple[float, list[Callable[[Any], None]]]] = []
        self._calls: list[Callable[[], object]] = [*before]
        flushes: list[Callable[[], object]] = []
        for start, stop, factor in [Segment(0, g.size, 1.0)] if segments is None else segments:
            # Arrays: numpy takes longer to convert a number to one than to multiply by it.
            numbers = [np.empty((), g.dtype) for _ in recipe.numbers]
            self._fills.append((factor, [number.fill for number in numbers]))
            values = {**dict(zip(recipe.numbers, numbers, strict=True)), **constants}
            for weights, first in _blocks(w, start, stop):
                part = slice(first, first + weights.size)
                parts = [each[part] for each in state]
                self._calls += _calls(recipe, [weights, g[part], *parts], values, buffers)
                for each in parts:
                    flushes += _flush(each, tiny, buffers)
        self._flushing_calls = [*self._calls, *flushes, *after]
        self._calls += after
        self._flushes = False

    def set_numbers(self, t: int, learning_rate: float) -> bool:
        """Compute the numbers of a step; return whether that is possible."""
        self._flushes = t % FLUSH_EVERY == 0
        try:
            for factor, fills in self._fills:
                for fill, value in zip(fills, self._compute(t, learning_rate * factor), strict=True):
                    fill(value)
        except (ArithmeticError, TypeError, ValueError):
            return False
        return True

    def run(self) -> None:
        """Make an update; an interrupt comes before it or after it."""
        deque(map(call, self._flushing_calls if self._flushes else self._calls), 0)


def _blocks(vectors: Sequence[Array], start: int, stop: int) -> Iterator[tuple[Array, int]]:
    """Yield the numbers from `start` to `stop` of consecutive vectors, cut into blocks, and where each block starts."""
    offset = 0
    for vector in vectors:
        low, high = max(start - offset, 0), min(stop - offset, vector.size)
        for first in range(low, high, BLOCK):
            yield vector[first : min(first + BLOCK, high)], offset + first
        offset += vector.size


class _Buffers:
    """Memory for what is computed on the way, used again for the next block."""

    def __init__(self, memory: Memory, size: int, dtype: DType) -> None:
        self._memory, self._size, self._dtype = memory, size, dtype
        self._free: dict[DType, list[Array]] = {}

    def take(self, kind: str) -> Array:
        dtype = np.dtype(bool) if kind == BOOL else self._dtype
        free = self._free.setdefault(dtype, [])
        return free.pop() if free else self._memory.empty((self._size,), dtype)

    def give_back(self, buffer: Array) -> None:
        self._free[buffer.dtype].append(buffer)


def _calls(
    recipe: Recipe, arrays: Sequence[Array], numbers: Mapping[Node, Array], buffers: _Buffers
) -> list[Callable[[], object]]:
    """Return the calls for one block of w, g and the state."""
    by_name = dict(zip(recipe.names, arrays, strict=True))
    last_use = {arg: i for i, node in enumerate(recipe.vectors) for arg in node.args}
    inputs = {node.data: node for node in (*last_use, *recipe.results) if node.op == INPUT}
    values = {**numbers, **{node: by_name[name] for name, node in inputs.items()}}
    targets = [array for name, array in by_name.items() if name != "g"]
    olds = [inputs.get(name) for name in recipe.names if name != "g"]
    held: dict[Node, Array] = {}
    calls: list[Callable[[], object]] = []
    for i, node in enumerate(recipe.vectors):
        out = None
        for target, old, result in zip(targets, olds, recipe.results, strict=True):
            # A result replaces the old array once nothing else reads that.
            if result is node and node.op != "where" and (old is None or last_use.get(old, -1) <= i):
                out = target
        if out is None:
            held[node] = buffers.take(node.kind)
            out = held[node][: len(arrays[0])]
        values[node] = out
        calls += _call_of(node, [values[arg] for arg in node.args], out)
        for arg in set(node.args) & held.keys():
            if last_use[arg] == i and arg not in recipe.results:
                buffers.give_back(held.pop(arg))
    for target, result in zip(targets, recipe.results, strict=True):
        if values[result] is not target:
            calls.append(_copy(target, values[result]))
    for buffer in held.values():
        buffers.give_back(buffer)
    return calls


def _flush(state: Array, tiny: Array, buffers: _Buffers) -> list[Callable[[], object]]:
    """Return the calls that set the subnormal numbers of a block to 0."""
    size, number, mask = state.size, buffers.take(FLOAT), buffers.take(BOOL)
    buffers.give_back(number)
    buffers.give_back(mask)
    return [
        partial(np.abs, state, number[:size]),
        partial(np.less, number[:size], tiny, mask[:size]),
        partial(np.multiply, state, np.zeros((), state.dtype), state, where=mask[:size]),
    ]


def _copy(target: Array, source: Array) -> Callable[[], object]:
    return partial(np.ndarray.__setitem__, target, ..., source)


def _call_of(node: Node, args: Sequence[Array], out: Array) -> list[Callable[[], object]]:
    if node.op == "where":
        condition, yes, no = args
        # Not np.copyto: it calls a function written in Python, in which an interrupt could end the update halfway.
        one = np.ones((), out.dtype)
        copy_where = partial(np.logical_and if node.kind == BOOL else np.multiply, yes, one, out, where=condition)
        return [_copy(out, no), copy_where]
    if node.op in ("as_float", "spread"):
        return [_copy(out, args[0])]
    if node.op in ("maximum", "minimum"):
        # Theirs may be given by keyword alone, which takes longer.
        return [partial(getattr(np, node.op), *args, out=out)]
    return [partial(getattr(np, node.op), *args, out)]


def _is_elementwise(node: Node) -> bool:
    is_known = node.op in ("where", "as_float", "spread") or isinstance(getattr(np, node.op, None), np.ufunc)
    return is_known and node.shape == Shape.FULL


def _simpler(node: Node, args: tuple[Node, ...]) -> Node:
    """Return a node without what adds nothing, such as a weight decay of 0, and with factors in place of divisors."""
    graph = node.graph
    if node.op == "multiply":
        for one, other in (args, args[::-1]):
            if one.equals(0) or one.equals(1):
                return one if one.equals(0) else other
    if node.op == "add":
        for one, other in (args, args[::-1]):
            if one.equals(0):
                return other
    if node.op == "divide" and args[0].shape > args[1].shape == Shape.SCALAR:
        return graph.node("multiply", args[0], graph.node("divide", 1.0, args[1]))
    return graph.node(node.op, *args, data=node.data) if args else node


def _source_of(numbers: Sequence[Node]) -> str | None:
    """Return the function that computes numbers from t and the learning rate, as text; None if it can't be written."""
    lines = [f"def {COMPUTE}({STEP}, {LEARNING_RATE}):"]
    for node in reachable(numbers):
        args = [f"v{arg.index}" for arg in node.args]
        if node.op == CONSTANT:
            text = repr(float(node.data)) if math.isfinite(node.data) else f"float('{node.data}')"
        elif node.op == PARAMETER:
            text = node.data
        elif node.op in OPERATORS:
            text = OPERATORS[node.op].join(args)
        elif node.op == "sqrt":
            # Raises for a negative number.
            text = f"sqrt({args[0]})"
        elif isinstance(getattr(np, node.op, None), np.ufunc):
            text = f"float(np.{node.op}({', '.join(args)}))"
        else:
            return None
        lines.append(f"    v{node.index} = {text}")
    returned = "".join(f"v{node.index}, " for node in numbers)
    return "\n".join([*lines, f"    return ({returned})"])


@np.errstate(**TRAINING_ERRORS)
def _agrees(recipe: Recipe, optimizer: Optimizer) -> bool:
    """Whether a few updates are those of the formula."""
    rng = np.random.default_rng(0)
    settings: dict[str, Any] = dict(optimizer.settings)
    w, rate = rng.normal(size=7), settings.pop(LEARNING_RATE)
    state = [np.full_like(w, value) for value in optimizer.state.values()]
    mine = [w.copy(), *(each.copy() for each in state)]
    g = np.empty_like(w)
    program = UpdateProgram(recipe, mine[:1], g, mine[1:], Memory())
    for t in (1, 2, 3):
        g[...] = rng.normal(size=w.size)
        try:
            w, *state = optimizer.update(w, g.copy(), *state, t=t, learning_rate=rate, **settings)
        except (Exception, SystemExit):
            return False
        if not program.set_numbers(t, rate):
            return False
        program.run()
        if not all(map(partial(np.allclose, rtol=1e-9, atol=1e-12, equal_nan=True), mine, [w, *state])):
            return False
    return True

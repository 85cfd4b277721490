"""Recording: a plain numpy function is called with symbols, and the operations on them become its graph.

len(a) and a.shape are numbers of the size that a recording has. The function is recorded at several sizes: what differs
with n, the number of components, is worked out as a formula of n, and what differs with the number of samples is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnframe.arrays import DType
from nnframe.formula import functions, reductions
from nnframe.formula.graph import BOOL, COMPARISONS, FLOAT, INPUT, SPREAD, Graph, Node, Shape
from nnframe.formula.instead import GIVE_A_RULE, INSTEAD, OTHERWISE
from nnframe.formula.operands import as_floats, mask_of, node_of
from nnframe.formula.operations import FLAT, PARTIAL_SLOPES, SELECTIONS, SLOPES, floor_of
from nnframe.formula.refusal import NotRecordableError, augments, author_frame, raised_by, refusal
from nnframe.formula.rules import Rule, rule_of
from nnframe.formula.sizes import at_any_size
from nnframe.formula.symbol import Symbol
from nnframe.inputs.by_name import INPUTS

# The operations that functions of numpy stand for, where the names differ.
ALIASES = {
    "fabs": "absolute",
    "radians": "deg2rad",
    "degrees": "rad2deg",
    "float_power": "power",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "invert": "logical_not",
}
ON_TRUTH_ALONE = frozenset(("bitwise_and", "bitwise_or", "bitwise_xor", "invert"))
TRUTH = frozenset(("logical_and", "logical_or", "logical_xor", "logical_not"))
KNOWN = frozenset(SLOPES) | frozenset(PARTIAL_SLOPES) | FLAT | SELECTIONS | COMPARISONS | TRUTH
TESTS = frozenset(("isnan", "isfinite", "isinf"))
# For truth values, numpy's + means or, and its * means and.
OF_TRUTH = {"add": "logical_or", "multiply": "logical_and", "maximum": "logical_or", "minimum": "logical_and"}

# Components and samples. Odd, apart from each other, and seldom seen in formulas.
SIZES = ((7, 5), (7, 11), (13, 5), (17, 5), (23, 5))


class Recording:
    """A formula on its way to becoming a graph; the `nnframe.formula.symbol.Recorder` of its symbols.

    Parameters
    ----------
    n, n_columns : int
        The size that arrays have for this recording.
    dtype : numpy.dtype
        The dtype that they have.
    graph : Graph, optional
        Where to add the nodes.
    """

    def __init__(self, n: int, n_columns: int, dtype: DType, graph: Graph | None = None) -> None:
        self.graph = graph or Graph()
        self.dtype = dtype
        self._shapes = {
            Shape.FULL: (n, n_columns),
            Shape.KEPT: (1, n_columns),
            Shape.ROW: (n_columns,),
            Shape.SCALAR: (),
        }

    def shape_of(self, shape: Shape) -> tuple[int, ...]:
        """Return a shape in numbers."""
        return self._shapes[shape]

    def call_ufunc(self, ufunc: np.ufunc, method: str, inputs: Any, settings: Any) -> Any:
        """Record one of numpy's element-wise functions."""
        name = ufunc.__name__
        if method == "reduce" and name in reductions.REDUCING_UFUNCS:
            # Theirs is the first axis by default.
            settings = {"axis": 0, **dict(zip(("axis",), inputs[1:], strict=False)), **settings}
            return reductions.reduction(reductions.REDUCING_UFUNCS[name])(self, inputs[0], **settings)
        if method != "__call__":
            raise refusal(f"np.{name}.{method}", INSTEAD.get(f"{name}.{method}", INSTEAD.get(method, OTHERWISE)))
        settings.pop("dtype", None)
        (out,) = settings.get("out") or (None,)
        if isinstance(out, Symbol) and not out.is_argument:
            # An array of the author's own.
            result = self.call_ufunc(ufunc, method, inputs, {**settings, "out": None})
            out.replace(result.node, f"out= of np.{name}")
            return out
        if out is not None and out is inputs[0] and augments(author_frame()):
            # x += z, for an array x of numbers, has Python assign what is returned.
            return self.call_ufunc(ufunc, method, inputs, {**settings, "out": None})
        reductions.refuse_settings(name, **settings)
        if getattr(np, name, None) is not ufunc and (rule := rule_of(ufunc)):
            return self.call_rule(rule, inputs)
        if name in ("positive", "conjugate"):
            return functions.copy(self, *inputs)
        if name == "square":
            return inputs[0] * inputs[0]
        if name == "reciprocal":
            return 1 / inputs[0]
        op = ALIASES.get(name, name)
        if op not in KNOWN and op not in TESTS:
            module = "" if getattr(np, name, None) is not ufunc else "np."
            raise refusal(
                f"{module}{name}",
                INSTEAD.get(name, GIVE_A_RULE),
            )
        return self._call(op, [node_of(self, value) for value in inputs], mask_of(inputs), name in ON_TRUTH_ALONE)

    def _call(self, op: str, nodes: list[Node], mask: Node | None, on_truth_alone: bool) -> Symbol:
        truth = all(node.kind == BOOL for node in nodes)
        if on_truth_alone and not truth:
            sign = {"logical_and": "&", "logical_or": "|", "logical_xor": "^", "logical_not": "~"}[op]
            raise refusal(
                f"{sign} of numbers", f"write {sign} between conditions, each in parentheses: (z > -1) & (z < 1)"
            )
        if op in OF_TRUTH and truth:
            op = OF_TRUTH[op]
        if op in TRUTH:
            nodes = [node if node.kind == BOOL else self.graph.node("not_equal", node, 0) for node in nodes]
        else:
            nodes = as_floats(nodes)
        if op == "maximum" and nodes[1].equals(floor_of(self.dtype)):
            return Symbol(self, self.graph.node("floored", nodes[0]), mask)
        return Symbol(self, self.graph.node(op, *nodes), mask)

    def call_rule(self, rule: Rule, inputs: Sequence[Any]) -> Symbol:
        """Record a function whose slope is known."""
        nodes = as_floats(node_of(self, value) for value in inputs)
        return Symbol(self, self.graph.node("call", *nodes, data=rule), mask_of(inputs))

    def call_function(self, function: Any, args: Any, settings: Any) -> Any:
        """Record another of numpy's functions."""
        return functions.call(self, function, args, settings)

    def item(self, symbol: Symbol, key: Any) -> Symbol:
        """Record symbol[key]."""
        node = symbol.node
        if _is_all(key):
            # A view: what is written to it is written to the array.
            return symbol
        if isinstance(key, Symbol) and key.node.kind == BOOL and symbol.mask is None:
            return Symbol(self, node, mask=node_of(self, key))
        if node.shape == Shape.ROW and (key is None or key in ((None,), (None, slice(None)), (None, Ellipsis))):
            return Symbol(self, self.graph.node("keep", node))
        if node.shape == Shape.KEPT and isinstance(key, int) and key in (0, -1):
            return Symbol(self, self.graph.node("drop", node))
        if node.op == INPUT and node.data == INPUTS and isinstance(key, int):
            # A loss sees the inputs of a net, which have names of their own.
            return Symbol(self, self.graph.node("row", node, data=key))
        if isinstance(key, Symbol):
            raise refusal("indexing by numbers", "write np.where(condition, yes, no)")
        raise refusal(
            "indexing by element or by a part",
            "write the formula for all elements at once: np.where(condition, yes, no), or sums over axis=0",
        )

    def with_item(self, symbol: Symbol, key: Any, value: Any) -> Node:
        """Return what symbol is after symbol[key] = value."""
        node = symbol.node
        if _is_all(key):
            (new,) = as_floats([node_of(self, value)]) if node.kind == FLOAT else [node_of(self, value)]
            return new if new.shape == node.shape else self._spread(new, node.shape)
        if not isinstance(key, Symbol) or key.node.kind != BOOL:
            raise refusal("an assignment to an element", "write np.where(condition, yes, no)")
        condition, new = node_of(self, key), node_of(self, value)
        mask = value.mask if isinstance(value, Symbol) else None
        if mask is not None and mask is not condition:
            raise refusal("elements selected by different conditions", "select all of them by the same condition")
        if mask is None and new.shape != Shape.SCALAR:
            raise refusal(
                "an assignment of a whole array to selected elements",
                "select the same elements of it: x[mask] = y[mask]",
            )
        if node.kind == FLOAT:
            (new,) = as_floats([new])
        return self.graph.node("where", condition, new, node)

    def _spread(self, node: Node, shape: Shape) -> Node:
        op = SPREAD.get(shape)
        return self.graph.node(op, node) if op else node


def _is_all(key: Any) -> bool:
    keys = key if isinstance(key, tuple) else (key,)
    return all(each is Ellipsis or (isinstance(each, slice) and each == slice(None)) for each in keys)


def record(
    function: Callable[..., Any],
    arguments: Sequence[str],
    settings: Mapping[str, Any],
    symbols: Sequence[str] = (),
    dtype: DType | type = np.float64,
    shapes: Mapping[str, Shape] | None = None,
) -> tuple[Node, ...]:
    """Return the results of a function, as nodes of a graph.

    Parameters
    ----------
    function : callable
        ``function(*arguments, **settings)``.
    arguments : sequence of str
        Names for the arrays.
    settings : mapping
        The parameters, by keyword.
    symbols : sequence of str, optional
        Which of them are to be symbols; the others are numbers.
    dtype : numpy.dtype, optional
        What the arrays' dtype is said to be.
    shapes : mapping of str to Shape, optional
        The shapes of arrays that are not (n, B).

    Raises
    ------
    NotRecordableError
        If it does something that can't be recorded.
    NeedsNumberError
        If a parameter is to be a number for that.
    """
    graphs = [
        _recorded(function, arguments, settings, symbols, np.dtype(dtype), shapes or {}, n, n_columns)
        for n, n_columns in SIZES
    ]
    return at_any_size(graphs, SIZES)


def _recorded(
    function: Callable[..., Any],
    arguments: Sequence[str],
    settings: Mapping[str, Any],
    symbols: Sequence[str],
    dtype: DType,
    shapes: Mapping[str, Shape],
    n: int,
    n_columns: int,
) -> tuple[Node, ...]:
    """Return the nodes of one recording."""
    recording = Recording(n, n_columns, dtype)
    inputs = [recording.graph.input(name, shapes.get(name, Shape.FULL)) for name in arguments]
    arrays = [Symbol(recording, node, is_argument=True) for node in inputs]
    given = {
        name: Symbol(recording, recording.graph.parameter(name)) if name in symbols else value
        for name, value in settings.items()
    }
    try:
        result = function(*arrays, **given)
    except NotRecordableError:
        raise
    except (Exception, SystemExit) as error:
        raise raised_by(error) from error
    results = result if isinstance(result, (tuple, list)) else (result,)
    nodes = []
    for each in results:
        if isinstance(each, Symbol) and each.mask is not None:
            raise NotRecordableError("a result of selected elements", "return an array of the arguments' shape")
        try:
            nodes.append(node_of(recording, each))
        except (TypeError, ValueError) as error:
            raise NotRecordableError(
                f"a result of type {type(each).__name__}", "return an array", raised=error
            ) from None
    return tuple(as_floats(nodes))

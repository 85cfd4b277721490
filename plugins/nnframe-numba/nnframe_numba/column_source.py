"""The source of a part whose formula mixes the components of a column, as loops over single numbers.

A formula is recorded and cut where it reduces a column to one number. What is between two cuts becomes a function of
numbers. softmax, say, is cut at its maximum and its sum::

    def part(z, a, *parameters):
        for i in range(z.shape[0]):
            r0 = f0(element(z[i, 0]))
            for j in range(1, z.shape[1]):
                r0 = larger(r0, f0(element(z[i, j])))
            r1 = f1(element(z[i, 0]), r0)
            for j in range(1, z.shape[1]):
                r1 = r1 + f1(element(z[i, j]), r0)
            for j in range(z.shape[1]):
                a[i, j] = plain(f2(element(z[i, j]), r0, r1))

    def f0(z):
        return z

    def f1(z, r0):
        return np.exp(z - r0)

    def f2(z, r0, r1):
        return np.exp(z - r0) / r1

No array is allocated, which takes numba longer than a small column, and nothing of numba's runtime is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nnframe.arrays import DType
from nnframe.formula.derive import reachable_within, specialized
from nnframe.formula.graph import INPUT, PARAMETER, REDUCTIONS, SIZE, Node, Shape, reachable, rebuilt
from nnframe.formula.recording import record
from nnframe.formula.simplify import simplified_graph
from nnframe.formula.source import source_of
from nnframe_numba.batch_source import function_source, indented
from nnframe_numba.column_layout import Layout, plain_layout
from nnframe_numba.part_formulas import Formula

# What these do is said by the shapes alone, which single numbers don't have.
RESHAPES = frozenset(("keep", "drop", "spread", "spread_row", "spread_kept"))
# How a number joins the reduction of those before it.
MERGED = {
    "sum": "{0} + {1}",
    "mean": "{0} + {1}",
    "max": "larger({0}, {1})",
    "min": "smaller({0}, {1})",
    "any": "{0} or {1}",
    "all": "{0} and {1}",
}


class NoLoopsError(Exception):
    """A formula can't be computed number by number."""


class ColumnSource(NamedTuple):
    """A part as loops.

    Attributes
    ----------
    text : str
        The source of the function `part`.
    functions : dict of str to callable
        What it calls for single numbers, in numpy.
    """

    text: str
    functions: dict[str, Callable[..., Any]]


def column_source(
    formula: Formula, symbols: Sequence[str], arrays: Sequence[str], target: str, dtype: DType
) -> ColumnSource:
    """Return a part as loops over columns.

    Parameters
    ----------
    formula : Formula
        It returns an array of its argument's shape, or a number for each column.
    symbols : sequence of str
        The parameters that are arguments, after the arrays.
    arrays : sequence of str
        What the part is called with. Its `grad` is the formula's d.
    target : str
        Which of them it fills.
    dtype : dtype

    Raises
    ------
    NotRecordableError, NoLoopsError
        If there is no such source.
    """
    if formula.source is None:
        roots = record(formula.function, formula.arguments, formula.settings, symbols, dtype)
        roots = tuple(specialized(roots, {}, simplified_graph()))
    elif len(symbols) < len(formula.settings):
        raise NoLoopsError("a derived function takes all its parameters as arguments")
    else:
        roots = formula.source.roots
    layout = formula.layout or plain_layout(formula.arguments, target)
    return _Writer(formula, symbols, dtype, layout).written(roots, arrays)


class _Writer:
    """The state of writing one part."""

    def __init__(self, formula: Formula, symbols: Sequence[str], dtype: DType, layout: Layout) -> None:
        self.inputs, self.symbols, self.dtype, self.layout = formula.arguments, symbols, dtype, layout
        # What is known: arguments, and later reductions.
        given = {} if formula.source is None else formula.source.given
        self.names: dict[Node, str] = {}
        self.given = dict(given)
        self.functions: dict[str, Callable[..., Any]] = {}

    def written(self, roots: Sequence[Node], arrays: Sequence[str]) -> ColumnSource:
        # Numbers of nodes are those of their graph, and each root may have a graph of its own.
        nodes = list(dict.fromkeys(node for root in roots for node in self.nodes_of(root)))
        reduced: set[Node] = set()
        for node in nodes:
            if node.op in REDUCTIONS or any(arg in reduced for arg in node.args):
                reduced.add(node)
        # Of what is one number for a column, that which is needed for each component is computed once.
        needed = {arg for node in nodes if node.shape == Shape.FULL or node.op in REDUCTIONS for arg in node.args}
        lines: list[str] = []
        reductions: dict[tuple[str, Node], str] = {}
        for node in nodes:
            if node.op in REDUCTIONS:
                known = reductions.get((node.op, node.args[0]))
                if known is None:
                    known = reductions[node.op, node.args[0]] = f"r{len(self.names)}"
                    lines += self.reduction(node, known)
                self.names[node] = known
            elif node in reduced and node in needed and node.shape != Shape.FULL:
                name = f"r{len(self.names)}"
                lines.append(f"{name} = {self.call(node)('')}")
                self.names[node] = name
        stores = [f"{to} = plain({self.call(root)('j')})" for to, root in zip(self.layout.results, roots, strict=True)]
        lines += stores if roots[0].shape != Shape.FULL else ["for j in range(n):", *indented(stores)]
        body = [f"n = {self.layout.size}", f"for i in range({arrays[0]}.shape[0]):", *indented(lines)]
        parameters = [f"({', '.join(self.symbols)},) = parameters"] if self.symbols else []
        text = function_source(f"part({', '.join(arrays)}, *parameters)", parameters + body)
        return ColumnSource(text, self.functions)

    def nodes_of(self, root: Node) -> list[Node]:
        """Return what a node is made of, arguments first, down to what is known."""
        return sorted(reachable_within(root, {*self.given, *self.names}), key=lambda node: node.index)

    def reduction(self, node: Node, name: str) -> list[str]:
        """Return the lines that reduce a column to one number."""
        (argument,) = node.args
        if node.op not in MERGED or argument.shape != Shape.FULL:
            raise NoLoopsError(f"{node.op} of a column")
        call = self.call(argument)
        lines = [
            f"{name} = {call('0')}",
            "for j in range(1, n):",
            f"    {name} = {MERGED[node.op].format(name, call('j'))}",
        ]
        return [*lines, f"{name} = {name} / n"] if node.op == "mean" else lines

    def call(self, node: Node) -> Callable[[str], str]:
        """Return the text of a call that computes a node from what is known, for a component of a column."""

        def build(each: Node, args: tuple[Node, ...]) -> Node:
            if each in self.given:
                return each.graph.input(self.given[each])
            if each in self.names:
                # Of the arrays' type, as inputs are.
                return each.graph.input(self.names[each])
            if each.op in RESHAPES:
                return args[0]
            if each.op == SIZE:
                return each.graph.parameter("n")
            if each.op == "is_at":
                raise NoLoopsError("a position in a column")
            return each.graph.node(each.op, *args, data=each.data) if args else each

        (simple,) = rebuilt([node], build, self.nodes_of(node))
        leaves = {each.data for each in reachable([simple]) if each.op in (INPUT, PARAMETER)}
        known = [*self.inputs, *dict.fromkeys(self.names.values()), *self.layout.parameters, *self.symbols, "n"]
        names = [name for name in known if name in leaves] or ["n" if node.shape != Shape.FULL else self.inputs[0]]
        if node.shape != Shape.FULL and not set(names) - self.layout.numbers <= {*known} - {*self.inputs}:
            raise NoLoopsError("a column in place of a number")
        function = f"f{len(self.functions)}"
        source = source_of(function, [simple], names, shapes=[Shape.SCALAR], dtype=self.dtype, compiles=True)
        self.functions[function] = source.function()

        def text(j: str) -> str:
            places = self.layout.inputs
            arguments = (
                f"element({places[name].format(j=j)})" if name in places else self.layout.parameters.get(name, name)
                for name in names
            )
            return f"{function}({', '.join(arguments)})"

        return text

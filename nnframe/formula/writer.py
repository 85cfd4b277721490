"""Nodes as text: a line for what is used more than once, and the rest in one expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nnframe.arrays import DType
from nnframe.formula.forms import form_of
from nnframe.formula.graph import BOOL, CONSTANT, INPUT, PARAMETER, REDUCTIONS, SIZE, Node, Shape
from nnframe.formula.intervals import Intervals
from nnframe.formula.operations import floor_of
from nnframe.formula.syntax import ATOM, COMPARISON, NAMES, OPERATORS, POWER, PRODUCT, SUM, UNARY, number_text, wrapped

# The depth of an expression in one line. Python's parser takes some 90 parentheses in each other.
DEEPEST = 30


class Writer:
    """Writes one function, line by line.

    Parameters
    ----------
    arguments : sequence of str
        The names of the function's arguments.
    given : mapping of Node to str
        What needn't be computed, for it is an argument.
    dtype : numpy.dtype
        Of the arguments.
    compiles : bool
        Whether to write what numba compiles best, and not what numpy runs fastest.
    bounds : Intervals

    Attributes
    ----------
    lines : list of str
        Those before the result.
    functions : dict of str to callable
        Functions of the formula's author that are called.
    selects : bool
        Whether values are computed that aren't used, which may overflow or be no numbers.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        given: Mapping[Node, str],
        dtype: DType,
        compiles: bool,
        bounds: Intervals,
    ) -> None:
        self.first = arguments[0]
        self.dtype = dtype
        self.compiles = compiles
        self.bounds = bounds
        self.names: dict[Node, str] = dict(given)
        self.taken = {*arguments, *given.values(), "np", "n", "number"}
        self.lines: list[str] = []
        self.functions: dict[str, Any] = {}
        self.selects = False
        self.uses_size = False
        self.uses_number = False

    def opening(self) -> list[str]:
        """Return the lines that come first."""
        lines = [f"n = len({self.first})"] if self.uses_size else []
        return [*lines, f"number = {self.first}.dtype.type"] if self.uses_number else lines

    def name_shared(self, roots: Iterable[Node]) -> None:
        """Write a line for each node that is used more than once, and for what would be nested too deep for Python."""
        depths: dict[Node, int] = {}
        uses: dict[Node, int] = {}
        order: list[Node] = []

        def visit(node: Node) -> None:
            uses[node] = uses.get(node, 0) + 1
            if uses[node] > 1 or node in self.names:
                return
            for arg in self.operands(node):
                visit(arg)
            order.append(node)

        for root in roots:
            visit(root)
        for node in order:
            trivial = not node.args or (node.shape == Shape.SCALAR and all(not arg.args for arg in node.args))
            depth = depths[node] = 1 + max((depths[arg] for arg in self.operands(node) if arg in depths), default=0)
            if (uses[node] > 1 or depth > DEEPEST) and not trivial and node not in self.names:
                depths[node] = 0
                text = self.write(node)[0]
                name = self.new_name(node)
                self.lines.append(f"{name} = {text}")
                self.names[node] = name

    def operands(self, node: Node) -> tuple[Node, ...]:
        """Return the nodes that the text of a node contains, each as often as it appears."""
        if self.compiles:
            return node.args
        if node.op == "multiply" and node.args[0] is node.args[1]:
            return node.args[:1]
        if node.op != "where":
            return node.args
        condition, x, y = node.args
        form = form_of(node, self.bounds)
        twice = form == "both" or (
            form == "numbers" and not (x.is_constant and y.is_constant and x.data >= 0 <= y.data)
        )
        return (condition, *node.args) if twice else node.args

    def new_name(self, node: Node) -> str:
        """Return a name that isn't taken."""
        base = NAMES.get(node.op, "mask" if node.kind == BOOL else "t")
        name, count = base, 1
        while name in self.taken:
            count += 1
            name = f"{base}{count}"
        self.taken.add(name)
        return name

    def of_shape(self, root: Node, shape: Shape) -> str:
        """Return a node's text, as an array of a shape."""
        text, strength = self.write(root)
        if root.shape == shape and root.op != INPUT:
            return text
        if root.op == INPUT and shape == Shape.FULL:
            return f"{text}.copy()"
        if shape == Shape.FULL and root.shape == Shape.SCALAR:
            return f"np.full_like({self.first}, {text})"
        if shape == Shape.FULL:
            return f"np.zeros_like({self.first}) + {wrapped(text, strength, SUM + 1)}"
        if shape == Shape.ROW and root.shape == Shape.SCALAR:
            return f"np.full_like({self.first}[0], {text})"
        if shape == Shape.ROW and root.shape == Shape.KEPT:
            return f"{wrapped(text, strength, ATOM)}.reshape(-1)"
        return text

    def write(self, node: Node) -> tuple[str, int]:
        """Return a node's text, and how strongly it binds."""
        if node in self.names:
            return self.names[node], ATOM
        if node.op in (INPUT, PARAMETER):
            return node.data, ATOM
        if node.op == SIZE:
            self.uses_size = True
            return "n", ATOM
        if node.op == CONSTANT:
            return number_text(node.data)
        special = getattr(self, f"_write_{node.op}", None)
        if special is not None:
            return special(node)  # type: ignore[no-any-return]
        if node.op in OPERATORS:
            return self._operator(node)
        if node.op in REDUCTIONS:
            keeps = ", keepdims=True" if node.data else ""
            return f"{self.within(node.args[0], ATOM)}.{node.op}(axis=0{keeps})", ATOM
        return f"np.{node.op}({self.listed(node.args)})", ATOM

    def within(self, node: Node, strength: int) -> str:
        """Return a node's text, in parentheses where it binds less strongly."""
        return wrapped(*self.write(node), strength)

    def listed(self, nodes: Iterable[Node]) -> str:
        """Return the texts of arguments."""
        return ", ".join(self.write(node)[0] for node in nodes)

    def typed(self, node: Node) -> str:
        """Return the text of a number, of the arrays' type where it would widen a mask to float64."""
        if node.shape != Shape.SCALAR:
            return self.write(node)[0]
        self.uses_number = True
        return f"number({self.write(node)[0]})"

    def _operator(self, node: Node) -> tuple[str, int]:
        sign, strength = OPERATORS[node.op]
        left, right = node.args
        return f"{self.within(left, strength)} {sign} {self.within(right, strength + 1)}", strength

    def _write_power(self, node: Node) -> tuple[str, int]:
        base, exponent = node.args
        return f"{self.within(base, POWER + 1)} ** {self.within(exponent, POWER)}", POWER

    def _write_add(self, node: Node) -> tuple[str, int]:
        left, right = node.args
        if left.op == CONSTANT and left.data < 0:
            return f"{self.within(right, SUM)} - {number_text(-left.data)[0]}", SUM
        return self._operator(node)

    def _write_multiply(self, node: Node) -> tuple[str, int]:
        left, right = node.args
        if left is right and not self.compiles:
            return f"{self.within(left, POWER + 1)} ** 2", POWER
        if left.op == CONSTANT and left not in self.names:
            if right.op == "divide" and right.args[0].equals(1) and right not in self.names:
                return f"{number_text(left.data)[0]} / {self.within(right.args[1], PRODUCT + 1)}", PRODUCT
            divisor = 1 / left.data if left.data else 0.0
            if abs(left.data) < 1 and divisor == round(divisor) and 1 / divisor == left.data and divisor > 0:
                return f"{self.within(right, PRODUCT)} / {int(divisor)}", PRODUCT
        if left.op == "divide" and left.args[0].equals(1) and left.shape == Shape.SCALAR and left not in self.names:
            return f"{self.within(right, PRODUCT)} / {self.within(left.args[1], PRODUCT + 1)}", PRODUCT
        for mask, other in ((left, right), (right, left)):
            if mask.op == "as_float" and other.shape == Shape.FULL and mask not in self.names and not self.compiles:
                return f"{self.within(mask.args[0], PRODUCT)} * {self.within(other, PRODUCT + 1)}", PRODUCT
        return self._operator(node)

    def _write_negative(self, node: Node) -> tuple[str, int]:
        return f"-{self.within(node.args[0], UNARY)}", UNARY

    def _write_logical_not(self, node: Node) -> tuple[str, int]:
        return f"~{self.within(node.args[0], UNARY)}", UNARY

    def _write_absolute(self, node: Node) -> tuple[str, int]:
        return f"np.abs({self.listed(node.args)})", ATOM

    def _write_as_float(self, node: Node) -> tuple[str, int]:
        return f"{self.within(node.args[0], ATOM)}.astype({self.first}.dtype)", ATOM

    def _write_where(self, node: Node) -> tuple[str, int]:
        condition, x, y = node.args
        form = form_of(node, self.bounds)
        if self.compiles and form == "numbers":
            return f"np.where({self.write(condition)[0]}, {self.typed(x)}, {self.typed(y)})", ATOM
        if self.compiles or node.kind == BOOL:
            return f"np.where({self.listed(node.args)})", ATOM
        if form == "numbers":
            return self._one_of_two_numbers(condition, x, y)
        self.selects = True
        yes, no = self.within(condition, PRODUCT), f"~{self.within(condition, UNARY)}"
        if form == "yes":
            return self._masked(yes, x), PRODUCT
        if form == "no":
            return self._masked(no, y), PRODUCT
        if form == "both":
            return f"{self._masked(yes, x)} + {self._masked(no, y)}", SUM
        return f"np.where({self.listed(node.args)})", ATOM

    def _masked(self, mask: str, node: Node) -> str:
        if node.equals(1):
            return mask
        return f"{mask} * {self.typed(node) if node.shape == Shape.SCALAR else self.within(node, PRODUCT + 1)}"

    def _one_of_two_numbers(self, condition: Node, x: Node, y: Node) -> tuple[str, int]:
        """Return a choice between two numbers without np.where, which takes ten times as long as products of masks."""
        mask, other = self.within(condition, PRODUCT), f"~{self.within(condition, UNARY)}"
        alone = self.write(condition)[0]
        if x.is_constant and y.is_constant:
            if x.data >= y.data >= 0:
                first = alone if x.data == 1 else f"{mask} * {self.typed(x)}"
                return f"np.maximum({first}, {self.typed(y)})", ATOM
            if y.data >= x.data >= 0:
                first = other if y.data == 1 else f"{other} * {self.typed(y)}"
                return f"np.maximum({first}, {self.typed(x)})", ATOM
        return f"{mask} * {self.typed(x)} + {other} * {self.typed(y)}", SUM

    def _write_floored(self, node: Node) -> tuple[str, int]:
        return f"np.maximum({self.write(node.args[0])[0]}, {floor_of(self.dtype)!r})", ATOM

    def _write_call(self, node: Node) -> tuple[str, int]:
        self.functions[node.data.name] = node.data.function
        return f"{node.data.name}({self.listed(node.args)})", ATOM

    def _write_keep(self, node: Node) -> tuple[str, int]:
        return f"{self.within(node.args[0], ATOM)}.reshape(1, -1)", ATOM

    def _write_drop(self, node: Node) -> tuple[str, int]:
        return f"{self.within(node.args[0], ATOM)}.reshape(-1)", ATOM

    def _write_row(self, node: Node) -> tuple[str, int]:
        return f"{self.within(node.args[0], ATOM)}[{node.data}]", ATOM

    def _write_spread(self, node: Node) -> tuple[str, int]:
        return f"np.full_like({self.first}, {self.write(node.args[0])[0]})", ATOM

    def _write_spread_row(self, node: Node) -> tuple[str, int]:
        return f"np.full_like({self.first}[0], {self.write(node.args[0])[0]})", ATOM

    def _write_spread_kept(self, node: Node) -> tuple[str, int]:
        return f"np.full_like({self.first}[:1], {self.write(node.args[0])[0]})", ATOM

    def _write_is_at(self, node: Node) -> tuple[str, int]:
        return f"np.arange(len({self.first})).reshape(-1, 1) == {self.within(node.args[0], COMPARISON + 1)}", COMPARISON

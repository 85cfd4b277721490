"""Nodes as a formula on paper: |z| for np.abs(z), [z > 0] for a condition that counts as 0 or 1."""

from __future__ import annotations

from nnframe.arrays import FLOAT64
from nnframe.formula.graph import Node, rebuilt
from nnframe.formula.intervals import UNKNOWN, Intervals
from nnframe.formula.source import Source
from nnframe.formula.syntax import ATOM, COMPARISON, POWER, PRODUCT, UNARY
from nnframe.formula.writer import Writer

SIGNS = {"**": "^", "!=": "≠", ">=": "≥", "<=": "≤", "==": "=", "&": "and", "|": "or"}


def notation(name: str, source: Source, which: int = 0) -> str:
    """Return what a function computes: a line, and one more for each part that is needed more than once.

    Parameters
    ----------
    name : str
        What the formula is of, as ``"f'(z)"``.
    source : Source
    which : int, optional
        Which of its results.
    """
    (root,) = rebuilt(source.roots[which : which + 1], _without_floor)
    writer = _Notation(source.arguments, source.given, FLOAT64, True, Intervals(UNKNOWN))
    writer.name_shared([root])
    result = writer.write(root)[0]
    return "\n".join([f"{name} = {result}", *(f"  with {line}" for line in writer.lines)])


def _without_floor(node: Node, args: tuple[Node, ...]) -> Node:
    # A floor changes no number that matters.
    if node.op == "floored":
        return args[0]
    return node if args == node.args else node.graph.simplified(node.op, *args, data=node.data)


class _Notation(Writer):
    def write(self, node: Node) -> tuple[str, int]:
        text, strength = super().write(node)
        return text.replace("np.", ""), strength

    def _operator(self, node: Node) -> tuple[str, int]:
        text, strength = super()._operator(node)
        for sign, on_paper in SIGNS.items():
            text = text.replace(f" {sign} ", f" {on_paper} ")
        return text, strength

    def _write_multiply(self, node: Node) -> tuple[str, int]:
        left, right = node.args
        if left is right:
            return f"{self.within(left, POWER + 1)}^2", POWER
        text, strength = super()._write_multiply(node)
        if left.op == "divide" and left not in self.names and " * " in text:
            # a / b c would be a / (b c) to many readers.
            return f"({self.write(left)[0]}) {self.within(right, PRODUCT + 1)}", PRODUCT
        return text.replace(" * ", " "), strength

    def _write_power(self, node: Node) -> tuple[str, int]:
        base, exponent = node.args
        return f"{self.within(base, POWER + 1)}^{self.within(exponent, POWER)}", POWER

    def _write_absolute(self, node: Node) -> tuple[str, int]:
        return f"|{self.write(node.args[0])[0]}|", ATOM

    def _write_as_float(self, node: Node) -> tuple[str, int]:
        return f"[{self.write(node.args[0])[0]}]", ATOM

    def _write_logical_not(self, node: Node) -> tuple[str, int]:
        return f"not {self.within(node.args[0], UNARY)}", UNARY

    def _write_where(self, node: Node) -> tuple[str, int]:
        condition, yes, no = (self.write(arg)[0] for arg in node.args)
        return f"({yes} where {condition}, else {no})", ATOM

    def _write_maximum(self, node: Node) -> tuple[str, int]:
        return f"max({self.listed(node.args)})", ATOM

    def _write_minimum(self, node: Node) -> tuple[str, int]:
        return f"min({self.listed(node.args)})", ATOM

    def _write_floored(self, node: Node) -> tuple[str, int]:
        return self.write(node.args[0])

    def _write_sum(self, node: Node) -> tuple[str, int]:
        return f"sum({self.write(node.args[0])[0]})", ATOM

    def _write_mean(self, node: Node) -> tuple[str, int]:
        return f"mean({self.write(node.args[0])[0]})", ATOM

    def _write_max(self, node: Node) -> tuple[str, int]:
        return f"max({self.write(node.args[0])[0]})", ATOM

    def _write_min(self, node: Node) -> tuple[str, int]:
        return f"min({self.write(node.args[0])[0]})", ATOM

    def _write_keep(self, node: Node) -> tuple[str, int]:
        return self.write(node.args[0])

    _write_drop = _write_spread = _write_spread_row = _write_spread_kept = _write_keep

    def _write_is_at(self, node: Node) -> tuple[str, int]:
        return f"i = {self.within(node.args[0], COMPARISON + 1)}", COMPARISON

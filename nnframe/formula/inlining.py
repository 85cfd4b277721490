"""Functions with a rule, written out for a compiler, which doesn't know them."""

from __future__ import annotations

from collections.abc import Container

from nnframe.arrays import DType
from nnframe.formula.derive import specialized
from nnframe.formula.graph import Node, rebuilt
from nnframe.formula.operands import node_of
from nnframe.formula.recording import SIZES, Recording
from nnframe.formula.symbol import Symbol


def inlined(root: Node, dtype: DType, kept: Container[Node]) -> Node:
    """Return a formula with the functions that it calls written out, where these can be recorded, for a compiler.

    Parameters
    ----------
    root : Node
    dtype : numpy.dtype
    kept : container of Node
        What is to stay as it is.
    """

    def build(node: Node, args: tuple[Node, ...]) -> Node:
        if node in kept:
            return node
        if node.op == "call":
            recording = Recording(*SIZES[0], dtype, node.graph)
            try:
                result = node.data.function(*(Symbol(recording, arg) for arg in args))
                return specialized((node_of(recording, result),), {}, node.graph)[0]
            except Exception:
                # Such as a compiled function; then numba has to know it.
                return node
        return node if args == node.args else node.graph.simplified(node.op, *args, data=node.data)

    return rebuilt([root], build)[0]

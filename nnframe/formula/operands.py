"""What stands beside a symbol in a formula: numbers, arrays of one number, and other symbols, all made nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nnframe.formula.graph import Node, Shape
from nnframe.formula.refusal import refusal
from nnframe.formula.symbol import Recorder, Symbol, as_float


def node_of(recorder: Recorder, value: Any) -> Node:
    """Return the node of an operand.

    Raises
    ------
    NotRecordableError
        If it is a symbol of another recording, or an array of different numbers.
    """
    if isinstance(value, Symbol):
        if value.recorder is not recorder:
            raise refusal("a value kept from an earlier call", "compute everything anew: formulas have no memory")
        return value.node
    if isinstance(value, (bool, np.bool_)):
        return recorder.graph.constant(bool(value))
    if isinstance(value, (int, float, np.integer, np.floating)):
        return recorder.graph.constant(float(value))
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a formula computes with real numbers, not with {type(value).__name__}")
    if array.size == 0 or (array != array.flat[0]).any():
        # NaN differs from itself, and is no number to compute with.
        raise refusal(
            f"an array of different numbers, of shape {array.shape},",
            "write them as parameters, or compute them from the arguments",
        )
    constant = recorder.graph.constant(array.flat[0].item())
    for shape, op in ((Shape.FULL, "spread"), (Shape.KEPT, "spread_kept"), (Shape.ROW, "spread_row")):
        if array.ndim and array.size > 1 and array.shape == recorder.shape_of(shape):
            return recorder.graph.node(op, constant)
    if array.shape == (*recorder.shape_of(Shape.FULL)[:1], 1):
        # Beside any array of the formula, it is as good as one of shape (n, B).
        return recorder.graph.node("spread", constant)
    if array.size > 1:
        raise refusal(
            f"an array of shape {array.shape}",
            f"combine arrays of shape (n, B), here {recorder.shape_of(Shape.FULL)}, (1, B) or (B,)",
        )
    return constant


def mask_of(values: Iterable[Any]) -> Node | None:
    """Return the condition under which operands were selected, as by z[z > 0]; None where they are whole arrays.

    Raises
    ------
    NotRecordableError
        If they were selected under different ones.
    """
    symbols = [value for value in values if isinstance(value, Symbol) and value.node.shape != Shape.SCALAR]
    masks = {symbol.mask for symbol in symbols}
    if len(masks) > 1:
        raise refusal("elements selected by different conditions", "select all of them by the same condition")
    return masks.pop() if masks else None


def as_floats(nodes: Iterable[Node]) -> list[Node]:
    """Return truth values as numbers, and numbers as they are."""
    return [as_float(node) for node in nodes]

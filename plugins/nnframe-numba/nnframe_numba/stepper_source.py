"""The source of the function that makes one update, for `nnframe_numba.native_call`.

For two layers, one sample and plain gradient descent it looks like this::

    def step(x_address, y_address, s_address, rate, key, table):
        W0 = matrix(int_entry(table, 19), int_entry(table, 20), int_entry(table, 21))
        b0 = vector(int_entry(table, 22), int_entry(table, 23))
        ...
        x = matrix(x_address, count, W0.shape[1])
        y = matrix(y_address, count, y_own.shape[1])
        copy(y, y_own)
        y = y_own
        mode = flush_denormals()
        linear_single(x, W0, b0, z0)
        ...
        total = add_up(losses)
        add_gradient_single(d0, x, W0, b0)
        add_gradient_single(d1, a0, W1, b1)
        restore_denormals(mode)
        return total

It takes addresses: of rows of inputs and targets, of their weights, and of a table of 64-bit values with everything
that lasts from step to step. Targets are copied, because a formula may write where it shouldn't.
"""

from __future__ import annotations

from typing import NamedTuple

from nnframe_numba.batch_source import (
    BatchVariant,
    function_source,
    gradient_lines,
    layer_names,
    parameter_names,
    rule_names,
    slope_lines,
    update_lines,
    without_denormals,
)

# The parts of a workspace, as `nnframe_numba.matrix_products.new_workspace` returns them.
WORKSPACE = ("panels", "block_of_a", "start_row", "edge")
# How arrays are called that aren't matrices of the net's dtype.
VECTORS = ("b", "gb", "g", "losses")
INTEGERS, UNSIGNED, FLOATS = ("updates", "barrier"), "n", "p"
# A barrier without tickets, as `nnframe_numba.barrier.new_barrier` returns it.
BARRIER_SIZE = 2
# What the function around this one reads of the table: whether other threads of Python may run meanwhile; and what it
# compares with the arrays that it is given as columns. They are None's address, that of numpy.ndarray, the dtype's, the
# lengths of the columns, and the limits of the targets. Then, the bytes of all inputs, and where the first layer's
# weights and bias begin and end, which are changed while the inputs are still read.
OWN_ARRAYS = ("weights_begin", "weights_end", "bias_begin", "bias_end")
OUTSIDE = ("is_long", "none", "array_type", "dtype", "n_in", "n_out", "low", "high", "input_bytes", *OWN_ARRAYS)
POSITIONS = {name: position for position, name in enumerate(OUTSIDE)}
# It takes x, y and the learning rate then.
PAIR_ARGUMENTS = 3
# The entries of an array: its address and its shape.
ENTRIES = {"matrix": 3, "vector": 2, "integers": 2, "unsigned": 2, "floats": 2}


class Entry(NamedTuple):
    """Something in the table.

    Attributes
    ----------
    name : str
        In the source.
    kind : {"matrix", "vector", "integers", "unsigned", "floats", "int", "float", "bool"}
        Arrays of the net's dtype, of int64, uint64 and float64, or a number.
    """

    name: str
    kind: str

    @property
    def size(self) -> int:
        """The number of 64-bit values."""
        return ENTRIES.get(self.kind, 1)


def table_layout(variant: BatchVariant) -> list[Entry]:
    """Return what the table holds between `OUTSIDE` and the parameters of the parts, in order."""
    arrays = ["losses", "y_own", *layer_names(variant), *rule_names(variant)]
    entries = [Entry("count", "int"), *(Entry(name, _kind(name)) for name in arrays)]
    if not variant.single:
        entries += [Entry("barrier", "integers"), *(Entry(name, "matrix") for name in WORKSPACE)]
    return entries


def takes_pairs(variant: BatchVariant) -> bool:
    """Return whether the function around this one takes columns too."""
    return variant.single and not variant.weighted and not any(variant.dropped)


def stepper_source(variant: BatchVariant, parameters: dict[str, tuple[str, ...]]) -> str:
    """Return the source of `step`; see above.

    Parameters
    ----------
    variant : BatchVariant
    parameters : dict of str to tuple of str
        The types of the parameters of each part in `variant.parametrized`.
    """
    lines, position = [], len(OUTSIDE)
    for entry in table_layout(variant):
        values = [_number("int", position + i) for i in range(entry.size)]
        if entry.kind in ENTRIES:
            lines.append(f"{entry.name} = {entry.kind}({', '.join(values)})")
        else:
            lines.append(f"{entry.name} = {_number(entry.kind, position)}")
        position += entry.size
    for part, name in zip(sorted(variant.parametrized), parameter_names(variant), strict=True):
        values = [_number(kind, position + i) for i, kind in enumerate(parameters[part])]
        lines.append(f"{name} = ({', '.join(values)},)")
        position += len(values)
    lines += [
        "x = matrix(x_address, count, W0.shape[1])",
        "y = matrix(y_address, count, y_own.shape[1])",
        "copy(y, y_own)",
        "y = y_own",
    ]
    if variant.weighted:
        lines.append("s = vector(s_address, count)")
    # What the lines call a part of an epoch, a sample or a thread's share; all are the whole batch here.
    if any(variant.dropped):
        lines.append("position = k = start = first = ZERO")
    if not variant.single:
        lines += ["thread, n_threads = ZERO, ONE", f"workspace = ({', '.join(WORKSPACE)})"]
        shares = [name for name in layer_names(variant) if name[0] in "zadmhe"]
        weights = ["s"] if variant.weighted else []
        lines += [f"{name}_own = {name}" for name in ["x", "losses", *weights, *shares]]
    body = [*slope_lines(variant), "total = add_up(losses)", *gradient_lines(variant), *update_lines(variant)]
    lines += [*without_denormals(body), "return total"]
    return function_source("step(x_address, y_address, s_address, rate, key, table)", lines)


def _kind(name: str) -> str:
    letters = name.rstrip("0123456789")
    if name in INTEGERS:
        return "integers"
    if name in ("l1", "l2", "clip_value", "clip_norm") or letters[0] == "f":
        return "float"
    if letters in (UNSIGNED, FLOATS):
        return "unsigned" if letters == UNSIGNED else "floats"
    return "vector" if letters in (*VECTORS, "s") else "matrix"


def _number(kind: str, position: int) -> str:
    return f"{kind}_entry(table, {position})"

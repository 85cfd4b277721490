"""The source of the function that computes a net's outputs, written layer by layer.

For two layers, of which the first activation takes a parameter, it looks like this::

    def answer(x, n, y, table, blocks_address, helps):
        W0, b0 = matrix(integer(table, 0), integer(table, 1), integer(table, 2)), vector(integer(table, 3), ...)
        W1, b1 = ...
        row_bytes = integer(table, 8)
        ...
        if n <= 4:
            memory = allocate(2 * row_bytes + ALIGNMENT)
            u = align(memory)
            v = u + row_bytes
            for i in range(n):
                x_row = x + i * W0.shape[1] * ITEM
                y_row = y + i * W1.shape[0] * ITEM
                before = matrix(x_row, 1, W0.shape[1])
                z0 = matrix(u, 1, W0.shape[0])
                linear_single(before, W0, b0, z0)
                a0 = matrix(v, 1, W0.shape[0])
                activate_0(z0, a0, float_entry(table, 14))
                z1 = matrix(u, 1, W1.shape[0])
                linear_single(a0, W1, b1, z1)
                a1 = matrix(y_row, 1, W1.shape[0])
                activate_1(z1, a1)
            release(memory)
        else:
            ...
            block = take_block(blocks)
            while block < n_blocks:
                first = block * n_block
                (the same for a block of rows)
                finish_block(blocks)
                block = take_block(blocks)
            ...

It takes addresses: of n rows of inputs, of n rows of outputs, of a table of 64-bit values, so that one function
serves all nets with these activations, and of what is known of the blocks of rows, which several threads may share. It
can be called without numba.
"""

from __future__ import annotations

from typing import NamedTuple

# What the table holds for each layer: the address and the shape of its weights, and the address of its bias.
PER_LAYER = 4
# Packing the weights takes as long as multiplying so many rows with them, one at a time.
FEW_ROWS = 4
# What follows: bytes of a row of the widest layer, the most rows at once, and bytes of the parts of a workspace.
SIZES = ("row_bytes", "most_rows", "panel_bytes", "start_bytes", "a_bytes", "workspace_bytes")
# What is known of the blocks of rows: the number of the next one, how many are done, how many rows a block has (0: as
# many as fit into the cache), and whether the thread that waits for all of them has seen the end.
NEXT, DONE, ROWS, IS_OVER, N_ENTRIES = 0, 1, 2, 3, 4


class LayerForm(NamedTuple):
    """What the source depends on, for a layer.

    Attributes
    ----------
    is_identity : bool
        Whether there is nothing to activate.
    is_in_place : bool
        Whether the activation may write over its input.
    parameters : tuple of {"float", "int", "bool"}
        The types of the activation's parameters.
    n_learned : int
        The number of its learned parameters.
    """

    is_identity: bool
    is_in_place: bool
    parameters: tuple[str, ...]
    n_learned: int = 0


def predictor_source(layers: tuple[LayerForm, ...]) -> str:
    """Return the source of `answer`; see above."""
    n_layers, entry = len(layers), PER_LAYER * len(layers)
    lines = []
    for k in range(n_layers):
        weights, n_out, n_in, bias = (f"integer(table, {PER_LAYER * k + i})" for i in range(PER_LAYER))
        lines.append(f"W{k}, b{k} = matrix({weights}, {n_out}, {n_in}), vector({bias}, {n_out})")
    lines += [f"{name} = integer(table, {entry + i})" for i, name in enumerate(SIZES)]
    entry += len(SIZES)
    calls = []
    for k, layer in enumerate(layers):
        # A learned parameter has an address and a length, and is one column.
        values = [
            f"matrix(integer(table, {entry + 2 * i}), integer(table, {entry + 2 * i + 1}), 1)"
            for i in range(layer.n_learned)
        ]
        entry += 2 * layer.n_learned
        values += [f"{kind}_entry(table, {entry + i})" for i, kind in enumerate(layer.parameters)]
        entry += len(layer.parameters)
        calls.append(f"activate_{k}({{z}}, {{a}}{''.join(f', {value}' for value in values)})")
    rows = [
        "x_row = x + i * W0.shape[1] * ITEM",
        f"y_row = y + i * W{n_layers - 1}.shape[0] * ITEM",
        *_layers(layers, calls, "x_row", "1", "y_row", "linear_single({x}, {W}, {b}, {z})"),
    ]
    few = [
        "memory = allocate(2 * row_bytes + ALIGNMENT)",
        "u = align(memory)",
        "v = u + row_bytes",
        "for i in range(n):",
        *_indented(rows),
        "release(memory)",
    ]
    blocks = [
        "blocks = integers(blocks_address, N_ENTRIES)",
        "n_block = block_rows(blocks, n, most_rows)",
        "n_blocks = (n + n_block - 1) // n_block",
        "memory = allocate(2 * n_block * row_bytes + workspace_bytes + ALIGNMENT)",
        "u = align(memory)",
        "v = u + n_block * row_bytes",
        "workspace = workspace_at(v + n_block * row_bytes, panel_bytes, start_bytes, a_bytes)",
        "block = take_block(blocks)",
        "while block < n_blocks:",
        "    first = block * n_block",
        "    count = min(n_block, n - first)",
        "    x_block = x + first * W0.shape[1] * ITEM",
        f"    y_block = y + first * W{n_layers - 1}.shape[0] * ITEM",
        *_indented(_layers(layers, calls, "x_block", "count", "y_block", "linear({x}, {W}, {b}, {z}, workspace)")),
        "    finish_block(blocks)",
        "    block = take_block(blocks)",
        "release(memory)",
        "if helps:",
        "    linger(blocks)",
        "else:",
        "    wait_for_blocks(blocks, n_blocks)",
    ]
    return "\n".join(
        [
            "def answer(x, n, y, table, blocks_address, helps):",
            *_indented(lines),
            f"    if n <= {FEW_ROWS}:",
            *_indented(_indented(few)),
            "    else:",
            *_indented(_indented(blocks)),
            "",
        ]
    )


def _layers(layers: tuple[LayerForm, ...], calls: list[str], x: str, n: str, y: str, product: str) -> list[str]:
    """Return the lines that take n rows through all layers, from the address x to the address y."""
    lines, before, free, other = [f"before = matrix({x}, {n}, W0.shape[1])"], "before", "u", "v"
    for k, layer in enumerate(layers):
        is_last = k == len(layers) - 1
        writes_over = layer.is_identity or layer.is_in_place
        target = y if is_last and writes_over else free
        lines.append(f"z{k} = matrix({target}, {n}, W{k}.shape[0])")
        lines.append(product.format(x=before, W=f"W{k}", b=f"b{k}", z=f"z{k}"))
        free, other = (other, free)
        if layer.is_identity:
            before = f"z{k}"
        elif layer.is_in_place:
            lines.append(calls[k].format(z=f"z{k}", a=f"z{k}"))
            before = f"z{k}"
        else:
            # The layer's input is not needed any more, so its memory is free again.
            lines.append(f"a{k} = matrix({y if is_last else free}, {n}, W{k}.shape[0])")
            lines.append(calls[k].format(z=f"z{k}", a=f"a{k}"))
            before = f"a{k}"
            free, other = (other, free)
    return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]

"""The innermost loop of a product of matrices: a tile of the result that never leaves the registers.

It has ROWS rows of two vectors each. Every number that is fetched is multiplied several times, and so many sums are
under way at once that none has to wait for another: with 6 rows, a processor's 16 registers hold 12 sums, two vectors
of the one matrix and a number of the other. With 2 rows, the text is::

    def tile(A, a, a_step, n_rows, B, b, depth, S, s, s_step, C, c, c_step):
        a0 = a + min(0, n_rows - 1) * a_step
        s0 = s + min(0, n_rows - 1) * s_step
        fetch(S, s0)
        t0_0, t0_1 = zeros(S), zeros(S)
        a1 = a + min(1, n_rows - 1) * a_step
        s1 = s + min(1, n_rows - 1) * s_step
        fetch(S, s1)
        t1_0, t1_1 = zeros(S), zeros(S)
        for k in range(depth):
            b_0, b_1 = load(B, b), load(B, b + width(B))
            b += 2 * width(B)
            v = repeat(A, a0 + k)
            t0_0, t0_1 = add_product(t0_0, v, b_0), add_product(t0_1, v, b_1)
            v = repeat(A, a1 + k)
            t1_0, t1_1 = add_product(t1_0, v, b_0), add_product(t1_1, v, b_1)
        if 0 < n_rows:
            store(C, c + 0 * c_step + 0 * width(C), add(load(S, s0 + 0 * width(S)), t0_0))
            store(C, c + 0 * c_step + 1 * width(C), add(load(S, s0 + 1 * width(S)), t0_1))
        if 1 < n_rows:
            ...

What S holds is added at the end: C itself, or one row for all, whose step is 0. It is fetched at the beginning, for on
a large matrix each row of a tile lies on a page of its own, far from the caches.
"""

from __future__ import annotations

from typing import Any

from nnframe_numba import lanes
from nnframe_numba.jit import element_formula

ROWS = 6
# How many vectors of B a row of the tile is wide.
VECTORS = 2


def tile_source(n_rows: int) -> str:
    """Return the function `tile` for so many rows; see above."""
    rows = range(n_rows)
    lines = []
    for i in rows:
        # Rows that aren't there are computed like the last one, and not stored.
        lines += [
            f"a{i} = a + min({i}, n_rows - 1) * a_step",
            f"s{i} = s + min({i}, n_rows - 1) * s_step",
            f"fetch(S, s{i})",
            f"t{i}_0, t{i}_1 = zeros(S), zeros(S)",
        ]
    lines += [
        "for k in range(depth):",
        "    b_0, b_1 = load(B, b), load(B, b + width(B))",
        "    b += 2 * width(B)",
    ]
    for i in rows:
        lines.append(f"    v = repeat(A, a{i} + k)")
        lines.append(f"    t{i}_0, t{i}_1 = add_product(t{i}_0, v, b_0), add_product(t{i}_1, v, b_1)")
    for i in rows:
        lines.append(f"if {i} < n_rows:")
        for v in range(VECTORS):
            total = f"add(load(S, s{i} + {v} * width(S)), t{i}_{v})"
            lines.append(f"    store(C, c + {i} * c_step + {v} * width(C), {total})")
    name = "tile(A, a, a_step, n_rows, B, b, depth, S, s, s_step, C, c, c_step)"
    return "\n".join([f"def {name}:", *(f"    {line}" for line in lines), ""])


def _tile() -> Any:
    namespace: dict[str, Any] = {"__name__": __name__, **{name: getattr(lanes, name) for name in USED}}
    exec(tile_source(ROWS), namespace)
    return element_formula(namespace["tile"])


USED = ("width", "load", "store", "repeat", "add_product", "add", "fetch", "zeros")
tile = _tile()

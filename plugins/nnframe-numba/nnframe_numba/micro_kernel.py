"""The micro-kernel: the innermost loop of a matrix product, which updates one register block of C.

The names are those of BLIS (F. G. Van Zee and R. A. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS
functionality", ACM Transactions on Mathematical Software 41 (3), 2015). The block has MR rows and NR = NR_VECTORS *
width columns, and its sums stay in registers while k runs over the depth. With MR = 6 and two vectors per row, a
processor with 16 vector registers holds 12 sums, two vectors of B and one repeated number of A, and there are enough
independent sums to hide the latency of a multiply-add.

The source is generated, so that MR can be changed in one place. With MR = 2 it would be::

    def micro_kernel(A, a, a_step, n_rows, B, b, depth, S, s, s_step, C, c, c_step):
        a0 = a + min(0, n_rows - 1) * a_step
        s0 = s + min(0, n_rows - 1) * s_step
        prefetch(S, s0)
        t0_0, t0_1 = zeros(S), zeros(S)
        a1 = a + min(1, n_rows - 1) * a_step
        s1 = s + min(1, n_rows - 1) * s_step
        prefetch(S, s1)
        t1_0, t1_1 = zeros(S), zeros(S)
        for k in range(depth):
            b_0, b_1 = load(B, b), load(B, b + width(B))
            b += 2 * width(B)
            v = broadcast(A, a0 + k)
            t0_0, t0_1 = multiply_add(t0_0, v, b_0), multiply_add(t0_1, v, b_1)
            v = broadcast(A, a1 + k)
            t1_0, t1_1 = multiply_add(t1_0, v, b_0), multiply_add(t1_1, v, b_1)
        if 0 < n_rows:
            store(C, c + 0 * c_step + 0 * width(C), add(load(S, s0 + 0 * width(S)), t0_0))
            store(C, c + 0 * c_step + 1 * width(C), add(load(S, s0 + 1 * width(S)), t0_1))
        if 1 < n_rows:
            ...

A, B, S and C come with the offset of their first number; B is a packed panel. S is what the product is added to: C
itself, or one row for all rows of C, whose step is 0. It is prefetched at the start, because in a large matrix each
row of the block lies on another page.
"""

from __future__ import annotations

from typing import Any

from nnframe_numba import simd
from nnframe_numba.jit import element_formula

MR = 6
NR_VECTORS = 2


def micro_kernel_source(n_rows: int) -> str:
    """Return the source of `micro_kernel` for MR = n_rows; see above."""
    rows = range(n_rows)
    lines = []
    for i in rows:
        # At the lower edge of C, missing rows repeat the last one and are not stored.
        lines += [
            f"a{i} = a + min({i}, n_rows - 1) * a_step",
            f"s{i} = s + min({i}, n_rows - 1) * s_step",
            f"prefetch(S, s{i})",
            f"t{i}_0, t{i}_1 = zeros(S), zeros(S)",
        ]
    lines += [
        "for k in range(depth):",
        "    b_0, b_1 = load(B, b), load(B, b + width(B))",
        "    b += 2 * width(B)",
    ]
    for i in rows:
        lines.append(f"    v = broadcast(A, a{i} + k)")
        lines.append(f"    t{i}_0, t{i}_1 = multiply_add(t{i}_0, v, b_0), multiply_add(t{i}_1, v, b_1)")
    for i in rows:
        lines.append(f"if {i} < n_rows:")
        for v in range(NR_VECTORS):
            total = f"add(load(S, s{i} + {v} * width(S)), t{i}_{v})"
            lines.append(f"    store(C, c + {i} * c_step + {v} * width(C), {total})")
    name = "micro_kernel(A, a, a_step, n_rows, B, b, depth, S, s, s_step, C, c, c_step)"
    return "\n".join([f"def {name}:", *(f"    {line}" for line in lines), ""])


def _micro_kernel() -> Any:
    namespace: dict[str, Any] = {"__name__": __name__, **{name: getattr(simd, name) for name in USED}}
    exec(micro_kernel_source(MR), namespace)
    return element_formula(namespace["micro_kernel"])


USED = ("width", "load", "store", "broadcast", "multiply_add", "add", "prefetch", "zeros")
micro_kernel = _micro_kernel()

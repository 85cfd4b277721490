"""The micro-kernels: the innermost loops of a matrix product, which update one register block of C.

The names are those of BLIS (F. G. Van Zee and R. A. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS
functionality", ACM Transactions on Mathematical Software 41 (3), 2015). The block has MR rows and NR = NR_VECTORS *
width columns, and its sums stay in registers while k runs over the depth. With MR = 6 and two vectors per row, a
processor with 16 vector registers holds 12 sums, two vectors of B and one repeated number of A, and there are enough
independent sums to hide the latency of a multiply-add.

At the right edge of C, where one vector per row is enough, the narrow micro-kernel updates NARROW_MR rows of one
vector: as many sums, and no work for columns that C doesn't have.

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
            b_0, b_1 = load(B, b + 0 * width(B)), load(B, b + 1 * width(B))
            b += 2 * width(B)
            v = broadcast(A, a0 + k)
            t0_0, t0_1 = multiply_add(t0_0, v, b_0), multiply_add(t0_1, v, b_1)
            v = broadcast(A, a1 + k)
            t1_0, t1_1 = multiply_add(t1_0, v, b_0), multiply_add(t1_1, v, b_1)
        if 0 < n_rows:
            store(C, c + 0 * c_step + 0 * width(C), load(S, s0 + 0 * width(S)) + t0_0)
            store(C, c + 0 * c_step + 1 * width(C), load(S, s0 + 1 * width(S)) + t0_1)
        if 1 < n_rows:
            ...

A, B, S and C come with the offset of their first number; B is a packed panel. S is what the product is added to: C
itself, or one row for all rows of C, whose step is 0. It is prefetched at the start, because in a large matrix each
row of the block lies on another page. The narrow micro-kernel takes the number of columns as well, and leaves what
lies to the right of them alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnframe_numba import simd
from nnframe_numba.jit import element_formula
from nnframe_numba.vector_arithmetic import multiply_add

MR, NR_VECTORS = 6, 2
NARROW_MR = MR * NR_VECTORS


def micro_kernel_source(n_rows: int, n_vectors: int) -> str:
    """Return the source of a micro-kernel; see above. With fewer vectors than a panel has, it is the narrow one."""
    is_narrow = n_vectors < NR_VECTORS
    rows, vectors = range(n_rows), range(n_vectors)
    lines = []
    for i in rows:
        # At the lower edge of C, missing rows repeat the last one and are not stored.
        lines += [
            f"a{i} = a + min({i}, n_rows - 1) * a_step",
            f"s{i} = s + min({i}, n_rows - 1) * s_step",
            f"prefetch(S, s{i})",
            f"{_listed(f't{i}_{v}' for v in vectors)} = {_listed('zeros(S)' for _ in vectors)}",
        ]
    lines += [
        "for k in range(depth):",
        f"    {_listed(f'b_{v}' for v in vectors)} = {_listed(f'load(B, b + {v} * width(B))' for v in vectors)}",
        f"    b += {NR_VECTORS} * width(B)",
    ]
    for i in rows:
        sums = _listed(f"t{i}_{v}" for v in vectors)
        lines.append(f"    v = broadcast(A, a{i} + k)")
        lines.append(f"    {sums} = {_listed(f'multiply_add(t{i}_{v}, v, b_{v})' for v in vectors)}")
    for i in rows:
        lines.append(f"if {i} < n_rows:")
        for v in vectors:
            source, target = f"S, s{i} + {v} * width(S)", f"C, c + {i} * c_step + {v} * width(C)"
            if is_narrow:
                total = f"load_some({source}, n_columns) + t{i}_{v}"
                lines.append(f"    store_some({target}, {total}, n_columns)")
            else:
                lines.append(f"    store({target}, load({source}) + t{i}_{v})")
    columns = ", n_columns" if is_narrow else ""
    name = f"micro_kernel(A, a, a_step, n_rows, B, b, depth, S, s, s_step, C, c, c_step{columns})"
    return "\n".join([f"def {name}:", *(f"    {line}" for line in lines), ""])


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _micro_kernel(n_rows: int, n_vectors: int) -> Any:
    namespace: dict[str, Any] = {"__name__": __name__, "multiply_add": multiply_add}
    namespace |= {name: getattr(simd, name) for name in USED}
    exec(micro_kernel_source(n_rows, n_vectors), namespace)
    return element_formula(namespace["micro_kernel"])


USED = ("width", "load", "store", "load_some", "store_some", "broadcast", "prefetch", "zeros")
micro_kernel = _micro_kernel(MR, NR_VECTORS)
narrow_micro_kernel = _micro_kernel(NARROW_MR, 1)

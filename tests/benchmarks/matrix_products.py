"""Compare the numba engine's own matrix products with BLAS called from compiled code.

    python tests/benchmarks/matrix_products.py [--rounds 15]

For each net and batch size of the table, the products of one batch (forward, backward, gradients) run in turns on one
thread: once by `nnframe_numba.matrix_products`, once by the BLAS that numba's own np.dot calls, which is scipy's. Then
whole epochs run with as many threads as there are processors, once with own products and once with numpy's BLAS. A
ratio above 1 says how many times as long BLAS takes. Run it on an idle machine, once as it is, and once with
``--narrow``, OPENBLAS_CORETYPE=Haswell, and a NUMBA_CACHE_DIR and NNFRAME_NUMBA_CACHE of its own: that limits both to
vectors of 32 bytes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np
from llvmlite import binding

import nnframe
from nnframe.engines.fast.memory import Memory

if "--narrow" in sys.argv:
    # nnframe_numba asks once, when it is imported.
    features = binding.get_host_cpu_features()
    features["avx512f"] = False
    binding.get_host_cpu_features = lambda: features

from nnframe_numba import blas, matrix_products, matrix_vector
from nnframe_numba.jit import formula

NETS = (
    ((64, 32, 10), 1),
    ((784, 128, 10), 1),
    ((64, 32, 10), 32),
    ((64, 32, 10), 128),
    ((784, 256, 128, 10), 128),
    ((512, 2048, 2048, 10), 1024),
)
# So many multiplications are timed at once.
WORK = 20_000_000


@formula
def blas_linear(x: Any, W: Any, b: Any, z: Any) -> None:
    """Fill z with x W^T + b by BLAS."""
    np.dot(x, W.T, z)
    z += b


@formula
def blas_backward(d: Any, W: Any, before: Any) -> None:
    """Fill `before` with d W by BLAS."""
    np.dot(d, W, before)


@formula
def blas_gradient(d: Any, x: Any, W: Any, b: Any) -> None:
    """Fill W with d^T x and b with the column sums of d by BLAS."""
    np.dot(d.T, x, W)
    for j in range(d.shape[1]):
        b[j] = 0
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            b[j] += d[i, j]


def batch_of(sizes: tuple[int, ...], count: int, dtype: str, own: bool) -> Callable[[], None]:
    """Return the function that computes all products of a batch once."""
    rng = np.random.default_rng(0)
    memory = Memory()
    workspace = matrix_products.new_workspace(memory, np.dtype(dtype), max(sizes))
    arrays = [rng.normal(size=(count, n)).astype(dtype) for n in sizes]
    slopes = [rng.normal(size=(count, n)).astype(dtype) for n in sizes]
    layers = [(rng.normal(size=(n_out, n_in)).astype(dtype), np.zeros(n_out, dtype)) for n_in, n_out in pairwise(sizes)]
    gradients = [(np.empty_like(W), np.empty_like(b)) for W, b in layers]
    barrier = np.zeros(2, np.int64)

    def run() -> None:
        for (W, b), x, z in zip(layers, arrays, arrays[1:], strict=False):
            if not own:
                blas_linear(x, W, b, z)
            elif count == 1:
                matrix_vector.linear_single(x, W, b, z)
            else:
                matrix_products.linear(x, W, b, z, workspace)
        for k in reversed(range(len(layers))):
            (W, _), (gW, gb), d, x = layers[k], gradients[k], slopes[k + 1], arrays[k]
            if not own or count == 1:
                blas_gradient(d, x, gW, gb)
            else:
                matrix_products.gradient(d, x, gW, gb, True, 0, 0, 1, barrier, workspace)
            if k > 0:
                if not own:
                    blas_backward(d, W, slopes[k])
                elif count == 1:
                    matrix_vector.backward_single(d, W, slopes[k])
                else:
                    matrix_products.backward(d, W, slopes[k], workspace)

    return run


def epochs_of(sizes: tuple[int, ...], count: int, dtype: str, own: bool) -> Callable[[], None]:
    """Return the function that trains for some epochs on the numba engine."""
    rng = np.random.default_rng(0)
    n_batches = max(4, min(2000, WORK * 20 // (count * sum(a * b for a, b in pairwise(sizes)))))
    data = nnframe.pairs(
        rng.normal(size=(n_batches * count, sizes[0])).astype(dtype),
        np.eye(sizes[-1], dtype=dtype)[rng.integers(0, sizes[-1], n_batches * count)],
    )
    net = nnframe.nNet.from_sizes(sizes, ["relu", "softmax"], dtype=dtype)

    def run() -> None:
        with mock.patch.object(blas, "is_faster", return_value=not own):
            net.nEpochs(1, data, "cel", 1e-4, count, engine="numba")

    return run


def ratio(own: Callable[[], None], other: Callable[[], None], number: int, rounds: int) -> tuple[float, float, float]:
    """Return the quartiles of the other's time over the own one's, in alternation."""
    own()
    other()
    found = []
    for i in range(rounds):
        times = {}
        for function in (own, other) if i % 2 else (other, own):
            began = time.perf_counter()
            for _ in range(number):
                function()
            times[function] = time.perf_counter() - began
        found.append(times[other] / times[own])
    quarters = statistics.quantiles(found, n=4)
    return quarters[0], quarters[1], quarters[2]


def main() -> None:
    """Print a line for each net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"])
    parser.add_argument("--no-epochs", action="store_true", help="leave out whole epochs")
    parser.add_argument("--narrow", action="store_true", help="use vectors of 32 bytes")
    options = parser.parse_args()
    try:
        nnframe.registry.get("engine", "numba")
    except nnframe.UnknownNameError:
        import nnframe_numba

        nnframe.registry.register(nnframe_numba, "nnframe-numba")
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        threadpool_limits = None
    print("BLAS's time over that of own products: median (quartiles)")
    for dtype in options.dtypes:
        for sizes, count in NETS:
            name = f"{'-'.join(map(str, sizes))}, batch {count}, {dtype}"
            number = max(1, WORK // (3 * count * sum(a * b for a, b in pairwise(sizes))))
            one = threadpool_limits(1) if threadpool_limits else None
            own, other = (batch_of(sizes, count, dtype, own) for own in (True, False))
            products = ratio(own, other, number, options.rounds)
            if one is not None:
                one.restore_original_limits()
            line = f"{name:38} products, 1 thread {products[1]:.2f} ({products[0]:.2f} to {products[2]:.2f})"
            if count > 1 and not options.no_epochs:
                own, other = (epochs_of(sizes, count, dtype, own) for own in (True, False))
                epochs = ratio(own, other, 1, options.rounds)
                line += f"   epoch, all threads {epochs[1]:.2f} ({epochs[0]:.2f} to {epochs[2]:.2f})"
            print(line, flush=True)


if __name__ == "__main__":
    main()

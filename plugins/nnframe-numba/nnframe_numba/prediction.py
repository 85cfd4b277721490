"""A net's outputs from compiled code, loaded without numba where it has been compiled before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from nnframe import Array, PluginError
from nnframe.contracts.bound import Linear
from nnframe_numba.code_store import CodeStore, LoadedCode, ObjectFile
from nnframe_numba.engine_warnings import give_warnings, warn_once
from nnframe_numba.parameters import numeric, table_entry
from nnframe_numba.part_formulas import Formula, PartFormula, answer_formulas
from nnframe_numba.predictor_source import N_ENTRIES, ROWS
from nnframe_numba.worker_threads import get_help, n_processors

# So much memory is used for the intermediate results of a block of rows, to stay within a processor's cache.
BYTES_PER_BLOCK = 2**19
MOST_BLOCKS_OF_A = 8
# One more thread pays from so many multiplications on.
MULTIPLICATIONS_PER_THREAD = 5_000_000
# How far a compiled net may be from numpy: more than rounding, less than another formula.
TOLERANCES = {"float32": 1e-3, "float64": 1e-8}
# Threads take blocks of rows that have so many blocks of A. At the end, the others wait for the last block, and the
# weights are packed anew for each.
SHARED_BLOCKS_OF_A = 2
MOST_PREDICTORS = 256
# What helpers call a function with besides.
HELPS = None
# Functions take a table as an array of these.
ENTRY = np.dtype(np.int64)

Function = Callable[..., Array]


_store = CodeStore("predictor", MOST_PREDICTORS)


def predictor(layers: tuple[Linear, ...]) -> Callable[[Array], Array] | None:
    """Return the function from rows to rows, or None where a net runs on numpy."""
    formulas = answer_formulas(layers, layers[0].weights.dtype)
    code = _machine_code(layers, formulas)
    answer, reason = None, code.reason
    if code.bind is not None:
        answer = Answer(layers, code, formulas)
        if not answer.agrees_with_numpy():
            answer, reason = None, "compiled, it returns other numbers"
    give_warnings(stacklevel=3)
    if reason:
        warn_once(reason, f"a predictor of the engine numba runs on numpy: {reason}")
        give_warnings(stacklevel=3)
    return answer


class Answer:
    """Computes a net's outputs.

    Parameters
    ----------
    layers : tuple of Linear
    code : LoadedCode
        For nets with these activations.
    formulas : dict of str to PartFormula
        Of them.
    """

    def __init__(self, layers: tuple[Linear, ...], code: LoadedCode, formulas: dict[str, PartFormula]) -> None:
        assert code.bind is not None
        self._layers = layers
        self._n_out, self._dtype = len(layers[-1].weights), layers[0].weights.dtype
        self._function = code.bind(_table(layers, code, formulas), layers)
        self._block_rows = SHARED_BLOCKS_OF_A * code.constants["mc"]
        n_multiplications = sum(layer.weights.size for layer in layers)
        self._rows_per_thread = max(1, MULTIPLICATIONS_PER_THREAD // n_multiplications)
        self._few_rows = 2 * self._rows_per_thread

    def __call__(self, rows: Array) -> Array:
        """Return outputs, (B, n_out), for inputs, (B, n_in)."""
        n_rows = len(rows)
        outputs = np.empty((n_rows, self._n_out), self._dtype)
        if n_rows < self._few_rows:
            if self._function(rows, outputs) is not outputs:
                self._function(np.array(rows, order="C"), outputs)
            return outputs
        if not (rows.flags.c_contiguous and rows.flags.aligned):
            rows = np.array(rows, order="C")
        n_threads = min(n_processors(), n_rows // self._rows_per_thread)
        if n_threads == 1:
            self._function(rows, outputs)
            return outputs
        blocks = np.zeros(N_ENTRIES, ENTRY)
        blocks[ROWS] = self._block_rows
        get_help(partial(self._function, rows, outputs, blocks, HELPS), n_threads - 1)
        self._function(rows, outputs, blocks)
        return outputs

    def agrees_with_numpy(self) -> bool:
        """Return whether it computes for a few rows what numpy does, with the weights and parameters as they are."""
        n_in = self._layers[0].weights.shape[1]
        rows = np.random.default_rng(0).normal(size=(3, n_in)).astype(self._dtype)
        with np.errstate(all="ignore"):
            try:
                expected = rows.T
                for layer in self._layers:
                    expected = layer.activation.forward(layer.weights @ expected + layer.bias)
            except PluginError:
                return False
        tolerance = TOLERANCES[self._dtype.name]
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
        found = (self(rows), np.concatenate([self(row[np.newaxis]) for row in rows]))
        return all(np.allclose(each, expected.T, tolerance, tolerance * scale, equal_nan=True) for each in found)


def _table(layers: tuple[Linear, ...], code: LoadedCode, formulas: dict[str, PartFormula]) -> Array:
    """Return the table that the machine code takes, as `nnframe_numba.predictor_source` says."""
    entries: list[int] = []
    for layer in layers:
        entries += [layer.weights.ctypes.data, *layer.weights.shape, layer.bias.ctypes.data]
    nr, kc, mc, a_step, alignment = (code.constants[name] for name in ("nr", "kc", "mc", "a_step", "alignment"))
    item = layers[0].weights.itemsize
    widest, deepest = (max(layer.weights.shape[i] for layer in layers) for i in range(2))
    row_bytes = -(-widest * item // alignment) * alignment
    most_rows = mc * max(1, min(MOST_BLOCKS_OF_A, BYTES_PER_BLOCK // (row_bytes * mc)))
    start_bytes = -(-widest // nr) * nr * item
    panel_bytes = start_bytes * min(kc, deepest)
    a_bytes = mc * a_step * item if deepest > kc else 0
    workspace_bytes = panel_bytes + start_bytes + mc * nr * item + a_bytes
    entries += [row_bytes, most_rows, panel_bytes, start_bytes, a_bytes, workspace_bytes]
    for k, layer in enumerate(layers):
        for array in layer.parameters:
            entries += [array.ctypes.data, len(array)]
        formula = formulas[f"activate_{k}"]
        if f"activate_{k}" in code.parametrized and isinstance(formula, Formula):
            entries += map(table_entry, numeric(formula.settings).values())
    return np.array(entries, ENTRY)


def _machine_code(layers: tuple[Linear, ...], formulas: dict[str, PartFormula]) -> LoadedCode:
    """Return the machine code for nets with these activations."""

    def make() -> ObjectFile | str:
        from nnframe_numba.predictor_compiler import object_file

        return object_file(layers)

    return _store.code_for((layers[0].weights.dtype.name,), formulas, make)

"""Machine code from an object file, as a function that Python calls; without numba.

Importing numba takes longer than many a program runs. LLVM alone loads an object file in milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import llvmlite.binding as llvm
import numpy as np

from nnframe import Array
from nnframe_numba.compile_thread import in_compile_thread

# The function of the object file, ``PyObject *(PyObject *self, PyObject *const *arguments, Py_ssize_t n_arguments)``.
SYMBOL = "nnframe_call"
METH_FASTCALL = 0x80
# Where numpy's arrays have their fields, which is part of its binary interface: behind the head of all objects.
HEAD = object.__basicsize__
DATA_OFFSET, DIMENSIONS_OFFSET, SHAPE_OFFSET, DTYPE_OFFSET, FLAGS_OFFSET = (HEAD + i for i in (0, 8, 16, 40, 48))
TYPE_OFFSET = HEAD - 8
C_CONTIGUOUS, ALIGNED = 0x1, 0x100


class _MethodDefinition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Table(np.ndarray[Any, np.dtype[np.int64]]):
    """What a function reads in every call; it keeps alive what the function needs."""

    kept: Any


def cpu() -> str:
    """Return what tells this processor, and the choice of its instructions, from others."""
    features = llvm.get_host_cpu_features().flatten()
    chosen = [os.environ.get(name, "") for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")]
    return " ".join([llvm.get_process_triple(), llvm.get_host_cpu_name(), features, *chosen])


def arrays_are_as_expected() -> bool:
    """Return whether numpy's arrays have their fields where the machine code looks for them."""
    array = np.empty((3, 5), np.float32)

    def field(offset: int, kind: Any) -> Any:
        return kind.from_address(id(array) + offset).value

    shape = field(SHAPE_OFFSET, ctypes.c_void_p)
    return (
        ctypes.sizeof(ctypes.c_void_p) == 8
        and field(DATA_OFFSET, ctypes.c_void_p) == array.ctypes.data
        and [ctypes.c_int64.from_address(shape + 8 * i).value for i in range(2)] == [3, 5]
        and field(DIMENSIONS_OFFSET, ctypes.c_int) == 2
        and field(TYPE_OFFSET, ctypes.c_void_p) == id(np.ndarray)
        and field(DTYPE_OFFSET, ctypes.c_void_p) == id(array.dtype)
        and field(FLAGS_OFFSET, ctypes.c_int) & (C_CONTIGUOUS | ALIGNED) == C_CONTIGUOUS | ALIGNED
        and not field_of(array[:, ::2]) & C_CONTIGUOUS
    )


def field_of(array: Array) -> int:
    """Return an array's flags, read as the machine code reads them."""
    return ctypes.c_int.from_address(id(array) + FLAGS_OFFSET).value


Bind: TypeAlias = Callable[[Array, Any], Callable[..., Any]]


def packed(header: dict[str, Any], code: bytes = b"") -> bytes:
    """Return the content of a file with machine code, or with the reason why there is none."""
    return json.dumps(header).encode() + b"\n" + code


def unpacked(content: bytes) -> tuple[dict[str, Any], Bind | None, str]:
    """Load the content of a file and return its header, what `loaded` returns, and why that is None."""
    head, _, code = content.partition(b"\n")
    header = json.loads(head)
    if "reason" in header:
        return header, None, header["reason"]
    if not arrays_are_as_expected():
        return header, None, "numpy's arrays are laid out in another way here"
    bind = loaded(code, header["externals"])
    if bind is None:
        # It calls something of numba's.
        in_compile_thread(_start_runtime)
        bind = loaded(code, header["externals"])
    return header, bind, "" if bind else "something that its machine code calls is missing"


def _start_runtime() -> None:
    from numba.core.registry import cpu_target
    from numba.core.runtime import rtsys

    rtsys.initialize(cpu_target.target_context)


def loaded(object_code: bytes, externals: Sequence[str]) -> Bind | None:
    """Load an object file and return what binds its function to a table; None if it needs what isn't there.

    Parameters
    ----------
    object_code : bytes
    externals : sequence of str
        The symbols that it refers to.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    # LLVM would end the process. It knows the symbols of the process since there is an engine.
    if any(llvm.address_of_symbol(name) is None for name in externals):
        return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(object_code))
    engine.finalize_object()
    definition = _MethodDefinition(b"call", engine.get_function_address(SYMBOL), METH_FASTCALL, None)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)

    def bound(table: Array, pointed_to: Any) -> Callable[..., Any]:
        """Return the function, which reads the table in every call; what the table points to lives as long."""
        kept = table.view(Table)
        kept.kept = engine, definition, pointed_to
        function: Callable[..., Any] = new(ctypes.addressof(definition), kept, None)
        return function

    return bound

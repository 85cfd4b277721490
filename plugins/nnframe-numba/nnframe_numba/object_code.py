"""What numba compiled as an object file for `nnframe_numba.native_call`.

A small function around it, written for LLVM, reads the fields of the arrays that Python passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core.compiler_lock import global_compiler_lock

from nnframe_numba import native_call

BYTE, WORD, INT = ir.IntType(8), ir.IntType(64), ir.IntType(32)
POINTER = BYTE.as_pointer()


class Call:
    """``PyObject *(PyObject *table, PyObject *const *arguments, Py_ssize_t n)``, while it is written.

    Attributes
    ----------
    builder : IRBuilder
    table : value
        The first argument.
    n_arguments : value
        The number of arguments that Python passes.
    """

    def __init__(self, target: Any, module: ir.Module) -> None:
        self._target, self._module = target, module
        kind = ir.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), WORD])
        function = ir.Function(module, kind, native_call.SYMBOL)
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.table, self._arguments, self.n_arguments = function.args

    def argument(self, i: Any) -> Any:
        """Return an argument that Python passes, by its number, an int or a value."""
        number = WORD(i) if isinstance(i, int) else i
        return self.builder.load(self.builder.gep(self._arguments, [number]))

    def field(self, array: Any, offset: int, kind: Any = WORD) -> Any:
        """Return a field of an array."""
        return self.builder.load(self.builder.bitcast(self.builder.gep(array, [WORD(offset)]), kind.as_pointer()))

    def data(self, array: Any) -> Any:
        """Return the address of an array's first number."""
        return self.field(array, native_call.DATA_OFFSET)

    def entry(self, i: int) -> Any:
        """Return an entry of the table."""
        entries = self.builder.inttoptr(self.data(self.table), WORD.as_pointer())
        return self.builder.load(self.builder.gep(entries, [WORD(i)]))

    def size(self, array: Any, axis: int) -> Any:
        """Return the length of an array along an axis."""
        shape = self.field(array, native_call.SHAPE_OFFSET, WORD.as_pointer())
        return self.builder.load(self.builder.gep(shape, [WORD(axis)]))

    def are_in_order(self, arrays: list[Any]) -> Any:
        """Return whether arrays are contiguous and aligned."""
        needed = INT(native_call.C_CONTIGUOUS | native_call.ALIGNED)
        flags = needed
        for array in arrays:
            flags = self.builder.and_(flags, self.field(array, native_call.FLAGS_OFFSET, INT))
        return self.builder.icmp_signed("==", flags, needed)

    def api(self, name: str, result: Any, *arguments: Any) -> Any:
        """Call a function of Python."""
        kind = ir.FunctionType(result, [each.type for each in arguments])
        known = self._module.globals.get(name)
        return self.builder.call(known or ir.Function(self._module, kind, name), list(arguments))

    def return_borrowed(self, result: Any) -> None:
        """Return an object that belongs to someone else."""
        self.api("Py_IncRef", ir.VoidType(), result)
        self.builder.ret(result)

    def require(self, holds: Any, otherwise: Any) -> None:
        """Return an object that belongs to someone else unless a condition holds."""
        with self.builder.if_then(self.builder.not_(holds), likely=False):
            self.return_borrowed(otherwise)

    def compiled(self, compiled: Any, *arguments: Any) -> Any:
        """Call what numba compiled and return its result."""
        convention, described = self._target.call_conv, compiled.fndesc
        kind = convention.get_function_type(described.restype, described.argtypes)
        name = described.llvm_func_name
        function = self._module.globals.get(name) or ir.Function(self._module, kind, name)
        _, result = convention.call_function(
            self.builder, function, described.restype, described.argtypes, list(arguments)
        )
        return result

    def compiled_for(self, compiled: Any, is_long: Any, *arguments: Any) -> Any:
        """Call what numba compiled; where it takes long, other threads of Python may run meanwhile."""
        builder = self.builder
        with builder.if_else(is_long, likely=False) as (long, short):
            with long:
                state = self.api("PyEval_SaveThread", POINTER)
                result_of_long = self.compiled(compiled, *arguments)
                self.api("PyEval_RestoreThread", ir.VoidType(), state)
                end_of_long = builder.block
            with short:
                result_of_short = self.compiled(compiled, *arguments)
                end_of_short = builder.block
        result = builder.phi(result_of_long.type)
        result.add_incoming(result_of_long, end_of_long)
        result.add_incoming(result_of_short, end_of_short)
        return result


@global_compiler_lock  # type: ignore[untyped-decorator]
def object_code(target: Any, called: Sequence[Any], write: Callable[[Call], None]) -> tuple[bytes, list[str]]:
    """Return an object file with a function that Python calls, and the symbols that it refers to.

    Parameters
    ----------
    target : target context
    called : sequence of CompileResult
        What the function calls.
    write : callable
        Writes the function.
    """
    codegen = target.codegen()
    library = codegen.create_library("nnframe_call")
    library.enable_object_caching()
    module = library.create_ir_module("nnframe_call")
    write(Call(target, module))
    library.add_ir_module(module)
    for compiled in called:
        library.add_linking_library(compiled.library)
    library.finalize()
    externals = [
        each.name
        for each in library._final_module.functions
        if each.is_declaration and not each.name.startswith("llvm.")
    ]
    externals += [each.name for each in library._final_module.global_variables if each.is_declaration]
    return library._get_compiled_object(), externals

"""Treating denormal numbers as 0 while a net is trained.

Numbers below 1e-38 (float32) or 2e-308 (float64) cost a processor a hundred times as much as others. Training makes
many of them: the running mean of a gradient that has become 0, as behind a pixel that is always black, is halved every
few updates until it gets there, and stays there for good. Next to any weight, they are nothing.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# Bits of x86's MXCSR: flush to zero, denormals are zero. A bit of ARM's FPCR: flush to zero.
X86_BITS = 0x8040
ARM_BIT = 1 << 24
MACHINE = platform.machine().lower()


def _read_x86(builder: Any) -> Any:
    slot = builder.alloca(ir.IntType(32))
    _call(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), [_bytes(builder, slot)])
    return builder.zext(builder.load(slot), ir.IntType(64))


def _write_x86(builder: Any, mode: Any) -> None:
    slot = builder.alloca(ir.IntType(32))
    builder.store(builder.trunc(mode, ir.IntType(32)), slot)
    _call(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [_bytes(builder, slot)])


def _read_arm(builder: Any) -> Any:
    return _call(builder, "llvm.aarch64.get.fpcr", ir.IntType(64), [])


def _write_arm(builder: Any, mode: Any) -> None:
    _call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [mode])


def _bytes(builder: Any, slot: Any) -> Any:
    return builder.bitcast(slot, ir.IntType(8).as_pointer())


def _call(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(result, [each.type for each in arguments])
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


# How the processor's mode is read and written, and the bits that mean what we want; None where we don't know.
CONTROL = {
    **dict.fromkeys(("x86_64", "amd64"), (_read_x86, _write_x86, X86_BITS)),
    **dict.fromkeys(("aarch64", "arm64"), (_read_arm, _write_arm, ARM_BIT)),
}.get(MACHINE)


def _memory_fence(builder: Any) -> None:
    """Keep LLVM from moving loads and stores across."""
    builder.asm(ir.FunctionType(ir.VoidType(), []), "", "~{memory}", [], side_effect=True)


@intrinsic
def flush_denormals(typing):  # type: ignore[no-untyped-def]
    """Treat denormal numbers as 0 from here on, and return the mode that this thread was in."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        if CONTROL is None:
            return context.get_constant(types.int64, 0)
        read, write, bits = CONTROL
        mode = read(builder)
        write(builder, builder.or_(mode, ir.IntType(64)(bits)))
        _memory_fence(builder)
        return mode

    return types.int64(), code


@intrinsic
def restore_denormals(typing, mode):  # type: ignore[no-untyped-def]
    """Return to the mode that `flush_denormals` returned."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        if CONTROL is not None:
            _memory_fence(builder)
            CONTROL[1](builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), code

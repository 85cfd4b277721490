"""Vectors that each process writes in memory of its own and the other processes of the machine can read.

The memory has no name in any file system: it is gone as soon as the last process that uses it ends, however that is.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from nnframe.arrays import Array, DType

# Before the numbers, by which others make sure that they have found the right memory. The numbers begin at another
# offset of a page than most arrays: reading at a multiple of a page behind an address that was just written is slow.
TOKEN_BYTES, HEADER_BYTES = 32, 320


class Address(NamedTuple):
    """Where the other processes find the memory of one."""

    pid: int
    descriptor: int
    token: bytes


class SharedVector:
    """A vector that other processes of the machine can read.

    Parameters
    ----------
    n : int
    dtype : dtype

    Attributes
    ----------
    vector : ndarray, shape (n,)

    Raises
    ------
    OSError
        If the system has no such memory, or not enough.
    """

    def __init__(self, n: int, dtype: DType) -> None:
        self._descriptor = -1
        if not hasattr(os, "memfd_create"):
            raise OSError("this system has no anonymous files")
        self._n, self._dtype = n, dtype
        self._n_bytes = HEADER_BYTES + n * dtype.itemsize
        self._descriptor = os.memfd_create("nnframe-mpi")
        try:
            # Otherwise a lack of memory would end the process when it writes.
            os.posix_fallocate(self._descriptor, 0, self._n_bytes)
            memory = mmap.mmap(self._descriptor, self._n_bytes)
        except OSError:
            self.close()
            raise
        self._token = secrets.token_bytes(TOKEN_BYTES)
        memory[:TOKEN_BYTES] = self._token
        self.vector = self._numbers(memory)

    def __del__(self) -> None:
        self.close()

    @property
    def address(self) -> Address:
        """Where other processes find the memory, until `close`."""
        return Address(os.getpid(), self._descriptor, self._token)

    def vectors(self, addresses: Sequence[Address]) -> list[Array]:
        """Return the vectors at some addresses, of which one may be that of this process.

        Raises
        ------
        OSError
            If one can't be read.
        """
        return [self.vector if each == self.address else self._opened(each) for each in addresses]

    def close(self) -> None:
        """Let no other process find the memory any more; it stays where it has been found."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self, address: Address) -> Array:
        # A process of another user, or of another container, can't be read, or is not the one that was meant.
        descriptor = os.open(f"/proc/{address.pid}/fd/{address.descriptor}", os.O_RDWR)
        try:
            memory = mmap.mmap(descriptor, self._n_bytes)
        except ValueError as error:
            raise OSError("the memory is too short") from error
        finally:
            os.close(descriptor)
        if memory[:TOKEN_BYTES] != address.token:
            raise OSError("another container has other processes with the same numbers")
        return self._numbers(memory)

    def _numbers(self, memory: mmap.mmap) -> Array:
        numbers: Array = np.frombuffer(memory, self._dtype, self._n, HEADER_BYTES)
        return numbers

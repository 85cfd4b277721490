"""Machine code that numba has made, kept in `nnframe_numba.disk_cache`.

numba's own cache takes a folder beside the module or in the user's home, and reads whatever lies there. This one stands
in its place: one file for a function and the types of its arguments, for one processor.
"""

from __future__ import annotations

import pickle
from typing import Any

from numba.core import compiler, serialize
from numba.core.caching import NullCache

from nnframe_numba import disk_cache
from nnframe_numba.engine_warnings import warn_once


class MachineCode(NullCache):  # type: ignore[misc]
    """The machine code of one function.

    Parameters
    ----------
    name : str
        Equal for equal functions, in every process.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function for the types of the arguments, or None if it has to be compiled."""
        target_context.refresh()
        content = disk_cache.read(self._file(sig, target_context.codegen()))
        if content is None:
            return None
        try:
            return compiler.CompileResult._rebuild(target_context, *pickle.loads(content))
        except Exception as error:
            # numba could not make sense of it, for whatever reason; compiling anew always works.
            warn_once("damaged", f"kept machine code can't be loaded ({error!r}); it is made anew")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function."""
        # With addresses of this process in it, it would be of no use to another.
        if data.lifted or data.library.has_dynamic_globals:
            return
        disk_cache.write(self._file(sig, data.codegen), serialize.dumps(data._reduce()))

    def _file(self, sig: Any, codegen: Any) -> str:
        return f"{self.name}_{disk_cache.digest(str(sig), repr(codegen.magic_tuple()))}.code"


def keep_on_disk(function: Any, name: str) -> None:
    """Let numba look for a function's machine code on disk before it compiles, and keep it there afterwards."""
    function._cache = MachineCode(name)

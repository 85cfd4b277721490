"""Where a helping thread starts: on another processor than the thread that it helps.

Linux looks for a free processor for a thread that wakes up, but not on a machine that has been busy for some
milliseconds. Two threads that wait for each other on one processor take three to ten times as long, until it moves one.
Without this, that happened to every sixth slice of a small net, and training took up to 1.6 times as long.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

if sys.platform == "linux":
    _processor = getattr(ctypes.PyDLL(None), "sched_getcpu", None)

    def other_processors() -> set[int] | None:
        """Return where the caller may run, but for where it is just now if there is more; None if unknown."""
        if _processor is None:
            return None
        allowed = os.sched_getaffinity(0)
        return allowed - {_processor()} or allowed

    def move_thread(thread_id: int, processors: set[int]) -> None:
        """Let a thread run on these processors alone, until it is told otherwise.

        Parameters
        ----------
        thread_id : int
            The system's number for it, `threading.Thread.native_id`.
        processors : set of int
        """
        # Where it isn't permitted, the work is only slower.
        with suppress(OSError):
            os.sched_setaffinity(thread_id, processors)

else:

    def other_processors() -> set[int] | None:
        """Return None: other systems don't let a thread choose."""
        return None

    def move_thread(thread_id: int, processors: set[int]) -> None:
        """Do nothing."""

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
    _processor = getattr(ctypes.CDLL(None), "sched_getcpu", None)

    def keep_off_my_processor(thread_id: int) -> None:
        """Let a thread run where the caller may, but not where the caller is just now, until it is told otherwise.

        Parameters
        ----------
        thread_id : int
            The system's number for it, `threading.Thread.native_id`.
        """
        if _processor is None:
            return
        # Where it isn't permitted, training is only slower.
        with suppress(OSError):
            allowed = os.sched_getaffinity(0)
            os.sched_setaffinity(thread_id, allowed - {_processor()} or allowed)

else:

    def keep_off_my_processor(thread_id: int) -> None:
        """Do nothing: other systems don't let a thread choose."""

"""Calls that Ctrl-C can't come between."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

# ``deque(map(call, functions), 0)`` is one call from Python, as in `nnframe.arrays.copy_all`. Python 3.11 has a
# function for it, which takes three quarters of the time.
call: Callable[[Callable[[], object]], Any] = getattr(operator, "call", operator.methodcaller("__call__"))

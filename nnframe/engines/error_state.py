"""numpy's error state around what is called again and again."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def in_error_state(function: Callable[P, R], errors: Any, is_ours: bool) -> Callable[P, R]:
    """Return a function that runs in an error state, whatever the caller's numpy does about floating-point errors.

    Parameters
    ----------
    function : callable
    errors : dict
        The arguments of np.errstate.
    is_ours : bool
        Whether it calls no code but nnframe's own. That reads no context variables, and so may run in a context of its
        own, in which numpy's error state is set: to enter it takes a tenth of the time of np.errstate. Two threads
        can't be in it at once: the second one gets a RuntimeError.
    """
    if is_ours:
        context = Context()
        context.run(partial(np.seterr, **errors))
        return partial(context.run, function)
    # A decorator costs half of what a with statement costs.
    return np.errstate(**errors)(function)

"""The contract for optimizers, which turn gradients into new weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nnframe.arrays import Array
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, shown

LEARNING_RATE = "learning_rate"


@dataclass(frozen=True, repr=False)
class Optimizer(Plugin):
    """A rule for the next weights, given the gradient.

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    update : callable
        ``update(w, g, *state, t, **params) -> (new w, *new state)`` for weights w, the gradient g of the mean loss of
        the batch, and t = 1 for the first update, 2 for the second, and so on. All arrays have one shape and one dtype.

        It leaves its arguments as they are, and goes element by element: a result depends on the same element of the
        arguments alone. So an engine may pass all weights of a net as one vector, or compile the formula for scalars.
    state : mapping of str to number, optional
        What is kept from one update to the next, an array of the weights' shape each, and the value it begins with.
    params : mapping of str to number
        Parameters and their defaults. ``learning_rate`` is one of them; a schedule multiplies it.
    limits : mapping of str to limit, optional
        What parameters may be, such as ``{"beta1": "[0, 1)"}``; see `nnframe.contracts.parameters`. ``learning_rate``
        is never negative.
    doc : str, optional
        Formula and source. ``doc=__doc__`` takes the module's docstring.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> def update(w, g, t, learning_rate):
    ...     return (w - learning_rate * np.sign(g),)
    >>> import numpy as np
    >>> sign_descent = Optimizer("sign_descent", update, params={"learning_rate": 0.5})
    >>> sign_descent.update(np.array([1.0, 2.0]), np.array([-3.0, 4.0]), t=1, **sign_descent.settings)
    (array([1.5, 1.5]),)
    """

    update: Callable[..., tuple[Array, ...]]
    state: Mapping[str, float] = field(default_factory=dict, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        if LEARNING_RATE in self.params:
            object.__setattr__(self, "limits", {LEARNING_RATE: "[0, inf)", **self.limits})
        super().__post_init__()
        self._require_callable("update")
        if not isinstance(self.params.get(LEARNING_RATE), float):
            raise ArgumentError(
                f"params of optimizer {self.name!r} are {shown(dict(self.params))}; expected a float "
                f"learning_rate among them, such as params={{'learning_rate': 0.01}}"
            )
        for key, value in self.state.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ArgumentTypeError(
                    f"state {key!r} of optimizer {self.name!r} begins with {shown(value)}; expected a number such "
                    f"as 0.0"
                )
        object.__setattr__(self, "state", MappingProxyType(dict(self.state)))

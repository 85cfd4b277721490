"""The contract for optimizers, which turn gradients into new weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeAlias

from nnframe.arrays import Array
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, EngineError, shown

LEARNING_RATE = "learning_rate"

# The loss over all rows and its gradient, for a vector of weights.
Evaluate: TypeAlias = Callable[[Array], tuple[float, Array]]


class WholeLoss(Protocol):
    """What `Optimizer.minimize` is given to ask for the loss: an `Evaluate` that knows more of least squares."""

    def __call__(self, w: Array, /) -> tuple[float, Array]:
        """Return the mean loss over all rows, with penalties, and its gradient."""

    def gauss_newton(self, w: Array, /) -> Array:
        """Return the Gauss-Newton matrix of the loss, of shape (n, n) and dtype float64.

        It takes the place of the Hessian in least squares. With penalties; frozen weights have rows and columns of 0.

        Raises
        ------
        ArgumentError
            If the loss is not mse, something besides weights and biases is trained, or there are too many of them.
        """


class Converged(Exception):  # noqa: N818
    """Raised by `Optimizer.minimize` when it is done: the run ends.

    Parameters
    ----------
    reason : str
        For `History.stopped`: ``"the largest gradient is 2e-06, at most tolerance=1e-05"``.
    *results : ndarray
        What `minimize` would have returned, if this iteration still found better weights. Without them, the weights
        stay as they are, and the iteration doesn't count as an epoch.
    """

    def __init__(self, reason: str, *results: Array) -> None:
        super().__init__(reason)
        self.results = results


def no_update(*arrays: Array, **settings: object) -> tuple[Array, ...]:
    """Take the place of `Optimizer.update` in an optimizer that has `minimize`.

    Raises
    ------
    EngineError
        Always.
    """
    raise EngineError("the optimizer takes whole data sets: a single batch can't be used for an update")


@dataclass(frozen=True, repr=False)
class Optimizer(Plugin):
    """A rule for the next weights: from the gradient of a batch (`update`), or from the whole data (`minimize`).

    Parameters
    ----------
    name : str
        What users call it by. Letters, digits, ``_``, ``-`` and ``.``; case does not matter.
    update : callable
        ``update(w, g, *state, t, **params) -> (new w, *new state)`` for weights w, the gradient g of the mean loss of
        the batch, and t = 1 for the first update, 2 for the second, and so on. All arrays have one shape and one dtype.

        It leaves its arguments as they are, and goes element by element: a result depends on the same element of the
        arguments alone. So an engine may pass all weights of a net as one vector, or compile the formula for scalars.
    minimize : callable, optional
        In place of `update`: ``minimize(evaluate, w, *state, t, **params) -> (new w, *new state)`` makes one iteration,
        which is an epoch of the run. w is the vector of all weights and biases, of shape (n,).
        ``evaluate(weights) -> (loss, gradient)`` may be called any number of times: it returns the mean loss over all
        rows, with penalties, as a float, and its gradient, a vector like w. The loss may be infinite or NaN for weights
        far away. For the w that the iteration before returned it costs nothing if that was evaluated last. The rows may
        be copied at the start of a run, which then doesn't see what a callback writes to the data.
        ``evaluate.gauss_newton(weights)`` helps with least squares; see `WholeLoss`.

        It leaves its arguments as they are, and what the next iteration needs to know is in the state, so that a run
        continues from a checkpoint with the same iterations. It raises `Converged` when it is done.
    state : mapping of str to number, str or (str, str), optional
        What is kept from one update to the next, and how it begins. A number: an array of the weights' shape, filled
        with it. The name of a parameter, with `minimize` only: as many vectors as the parameter says, a matrix of shape
        (parameter, n) filled with 0. In its place, `minimize` may return a vector of shape (n,), which replaces row
        (t - 1) % parameter: the oldest one, if it does so each time. A pair of names, with `minimize` only: a matrix of
        0 with as many rows and columns as these parameters say. With `update`, an engine may set subnormal numbers to
        0.
    params : mapping of str to parameter
        Parameters and their defaults. With `update`, ``learning_rate`` is one of them; a schedule multiplies it. With
        `minimize` it may be left out; a schedule is refused then.
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

    The same for the whole data, with a step that is halved until the loss falls:

    >>> def minimize(evaluate, w, t):
    ...     loss, g = evaluate(w)
    ...     for halvings in range(30):
    ...         new_w = w - 0.5**halvings * np.sign(g)
    ...         if evaluate(new_w)[0] < loss:
    ...             return (new_w,)
    ...     raise Converged("no step lowers the loss")
    >>> careful = Optimizer("careful", minimize=minimize)
    >>> careful.minimize(lambda w: (w @ w, 2 * w), np.array([1.0, 3.0]), t=1)
    (array([0., 2.]),)
    """

    update: Callable[..., tuple[Array, ...]] = no_update
    minimize: Callable[..., tuple[Array, ...]] | None = field(default=None, kw_only=True)
    state: Mapping[str, float | str | tuple[str, str]] = field(default_factory=dict, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        if LEARNING_RATE in self.params:
            object.__setattr__(self, "limits", {LEARNING_RATE: "[0, inf)", **self.limits})
        super().__post_init__()
        self._require_callable("update", "minimize")
        if (self.update is no_update) == (self.minimize is None):
            given = "neither" if self.minimize is None else "both"
            raise ArgumentTypeError(
                f"optimizer {self.name!r} has {given} of update and minimize; expected update(w, g, *state, t, "
                f"**params) for steps from a batch's gradient, or minimize(evaluate, w, *state, t, **params) for "
                f"iterations over the whole data"
            )
        rate = self.params.get(LEARNING_RATE)
        if not isinstance(rate, float) and not (self.takes_whole_data and rate is None):
            raise ArgumentError(
                f"params of optimizer {self.name!r} are {shown(dict(self.params))}; expected a float "
                f"learning_rate among them, such as params={{'learning_rate': 0.01}}"
            )
        for key, value in self.state.items():
            if self.takes_whole_data and _names_sizes(value, self.params):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ArgumentTypeError(
                    f"state {key!r} of optimizer {self.name!r} begins with {shown(value)}; expected a number such "
                    f"as 0.0" + (", or one or two names of whole-number parameters" if self.takes_whole_data else "")
                )
        object.__setattr__(self, "state", MappingProxyType(dict(self.state)))

    @property
    def first_function(self) -> Callable[..., object] | None:
        """`update` or `minimize`."""
        return self.minimize or self.update

    @property
    def takes_whole_data(self) -> bool:
        """Whether an iteration needs the loss and the gradient over all rows."""
        return self.minimize is not None

    def state_shape(self, key: str, count: int) -> tuple[int, ...]:
        """Return the shape of an array of the state, for `count` weights."""
        value = self.state[key]
        if isinstance(value, str):
            return self._size(value), count
        return tuple(map(self._size, value)) if isinstance(value, tuple) else (count,)

    def initial_value(self, key: str) -> float:
        """Return the number that an array of the state begins with."""
        value = self.state[key]
        return 0.0 if isinstance(value, (str, tuple)) else value

    def _size(self, parameter: str) -> int:
        size = self.settings[parameter]
        assert isinstance(size, int)
        return size


def _names_sizes(value: object, params: Mapping[str, object]) -> bool:
    """Whether a value is the name of a whole-number parameter, or a pair of such names."""
    names = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    return all(isinstance(name, str) and type(params.get(name)) is int for name in names)

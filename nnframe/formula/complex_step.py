"""Derivatives of element-wise formulas without a derivative formula.

For an analytic f, f(z + ih) = f(z) + ih f'(z) - h^2 f''(z)/2 - ..., so that Im f(z + ih) / h is f'(z) with an error of
order h^2 and no subtraction to lose digits in: with h = 1e-20 it is exact to rounding.

Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40
(1998) 110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DerivativeError, one_line

STEP = 1e-20
# Between round numbers, where the kinks of piecewise formulas tend to be.
PROBES = np.linspace(-4.13, 4.29, 41)
# Far above the error of a central difference, far below what taking |z| of a complex number does to a derivative.
PROBE_TOLERANCE = 1e-4


def complex_step_derivative(forward: Callable[..., Array], settings: Mapping[str, Any]) -> Callable[..., Array]:
    """Return f' for an element-wise f, after holding it against central differences.

    The check is needed because some functions mean something else for complex numbers: np.abs(z) drops the
    imaginary part, np.sign(z) turns into z / |z|, and the derivative would be wrong without a word.

    Parameters
    ----------
    forward : callable
        ``forward(z, **settings) -> a``, element by element.
    settings : mapping
        The parameters to check it with.

    Returns
    -------
    callable
        ``derivative(z, **params)``, of z's shape and dtype.

    Raises
    ------
    DerivativeError
        If `forward` raises on complex numbers, returns real ones, mixes the components of a column, or the result
        is not its derivative.
    """

    def refuse(reason: str, cause: BaseException | None = None) -> DerivativeError:
        error = DerivativeError(
            f"none is given, and it can't be taken by the complex step: {reason}; give derivative=..., or "
            f"backward=... if the activation mixes the components of a column"
        )
        error.__cause__ = cause
        return error

    def derivative(z: Array, **params: Any) -> Array:
        stepped = z.astype(np.result_type(z.dtype, np.complex64))
        stepped.imag = STEP
        # np.exp overflows for complex numbers where the real formula still has a limit; see below.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            result = np.asarray(forward(stepped, **params))
            if result.dtype.kind != "c":
                raise refuse("forward returns real numbers for complex ones, as np.abs does")
            slope: Array = (result.imag / STEP).astype(z.dtype)
            lost = ~np.isfinite(slope)
            if lost.any():
                slope[lost] = central_difference(forward, z, params)[lost]
        return slope

    column = PROBES.reshape(-1, 1)
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(forward(column, **settings))
            alone = np.asarray(forward(column.T, **settings)).T
            exact = derivative(column, **settings)
            estimate = central_difference(forward, column, settings)
    except DerivativeError:
        raise
    except (Exception, SystemExit) as error:
        raise refuse(f"forward raises {one_line(error)}", error) from error
    if value.shape != column.shape or not np.allclose(value, alone, rtol=PROBE_TOLERANCE, equal_nan=True):
        raise refuse("forward is not element-wise, an output depends on the other components of its column")
    wrong = np.abs(exact - estimate) > PROBE_TOLERANCE * (1 + np.abs(estimate))
    if wrong.any():
        at = np.argmax(wrong)
        raise refuse(
            f"at z = {column[at, 0]:.4g} it would be {exact[at, 0]:.4g} where central differences say "
            f"{estimate[at, 0]:.4g} (np.abs and np.sign mean something else for complex numbers)"
        )
    return derivative


def central_difference(forward: Callable[..., Array], z: Array, params: Mapping[str, Any]) -> Array:
    """Return (f(z + h) - f(z - h)) / 2h with the step h that balances rounding against truncation."""
    # The cube root of machine epsilon, relative to z; halved from the points themselves, for z + h is rounded.
    step = np.cbrt(np.finfo(z.dtype).eps) * np.maximum(1, np.abs(z))
    above, below = z + step, z - step
    slope: Array = (forward(above, **params) - forward(below, **params)) / (above - below)
    return slope

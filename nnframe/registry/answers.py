"""What a loss reads from the outputs of a net: the prediction, quantiles, mean and scale of each target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnframe.arrays import Array
from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentError, PluginError, shown
from nnframe.inputs.checks import as_array
from nnframe.registry.blame import blamed_error, raised

WITH_QUANTILES = "'quantile(levels=(0.1, 0.5, 0.9))', 'gaussian_nll' or 'mixture_nll'"
WITH_DISTRIBUTION = "'gaussian_nll' or 'mixture_nll'"


def point_of(loss: Loss | None, a: Array) -> Array:
    """Return the prediction for outputs of shape (n_out, B); the outputs themselves if the loss says nothing else.

    Returns
    -------
    ndarray, shape (n_targets, B)

    Raises
    ------
    PluginError
        If the loss fails.
    """
    if loss is None or loss.point is None:
        return a
    found = _called(loss, "point", loss.point, grouped(loss, a))
    return _checked(loss, "point", found, (len(a) // loss.n_outputs, a.shape[1]), a)


def quantiles_of(loss: Loss | None, a: Array, levels: Any) -> Array:
    """Return quantiles of the targets for outputs of shape (n_out, B).

    Parameters
    ----------
    loss : Loss or None
    a : ndarray
    levels : array_like, shape (L,)
        Above 0 and below 1.

    Returns
    -------
    ndarray, shape (L, n_targets, B)

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the loss has no quantiles, or levels has something else.
    PluginError
        If the loss fails.
    """
    if loss is None or loss.quantiles is None:
        raise ArgumentError(
            f"{_lacking(loss, 'quantiles')}; train with a loss that has, such as {WITH_QUANTILES} of nnframe-zoo"
        )
    wanted = checked_levels(levels)
    found = _called(loss, "quantiles", loss.quantiles, grouped(loss, a), wanted)
    return _checked(loss, "quantiles", found, (len(wanted), len(a) // loss.n_outputs, a.shape[1]), a)


def distribution_of(loss: Loss | None, a: Array) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of the targets for outputs of shape (n_out, B).

    Returns
    -------
    mean, scale : ndarray, shape (n_targets, B)

    Raises
    ------
    ArgumentError
        If the loss has none.
    PluginError
        If the loss fails.
    """
    if loss is None or loss.distribution is None:
        raise ArgumentError(
            f"{_lacking(loss, 'mean and scale')}; train with a loss that has, such as {WITH_DISTRIBUTION} of "
            f"nnframe-zoo"
        )
    found = _called(loss, "distribution", loss.distribution, grouped(loss, a))
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise blamed_error(PluginError, loss, "distribution", f"returned {shown(found)}; expected (mean, scale)")
    shape = len(a) // loss.n_outputs, a.shape[1]
    mean, scale = (_checked(loss, "distribution", each, shape, a) for each in found)
    return mean, scale


def grouped(loss: Loss, a: Array) -> Array:
    """Return outputs as the functions of a loss take them, (k, n_targets, B) with k outputs a target."""
    return a.reshape(loss.n_outputs, -1, a.shape[1]) if loss.is_grouped else a


def checked_levels(levels: Any) -> Array:
    """Return levels of quantiles as an array.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one is not above 0 and below 1.
    """
    found = as_array(levels, "levels").astype(np.float64)
    if found.ndim != 1 or not len(found) or not ((found > 0) & (found < 1)).all():
        raise ArgumentError(
            f"levels is {shown(levels)}; expected a list of numbers above 0 and below 1, such as [0.1, 0.5, 0.9]"
        )
    return found


def _lacking(loss: Loss | None, what: str) -> str:
    if loss is None:
        return f"the net is untrained, or was trained with a loss that has no {what}"
    return f"the net was trained with the loss {loss.spec!r}, which has no {what}"


def _called(loss: Loss, part: str, function: Callable[..., Any], *arguments: Array) -> Any:
    try:
        with np.errstate(all="ignore"):
            return function(*arguments, **loss.settings)
    except ArgumentError:
        raise
    except (Exception, SystemExit) as error:
        raise raised(loss, part, error) from error


def _checked(loss: Loss, part: str, found: Any, shape: tuple[int, ...], a: Array) -> Array:
    array = np.asarray(found)
    if array.dtype.kind != "f" or array.shape != shape:
        what = f"an array of shape {array.shape}, {array.dtype}"
        expected = f"{what} for outputs of shape {a.shape}; expected real numbers of shape {shape}"
        raise blamed_error(PluginError, loss, part, f"returned {expected}")
    return array.astype(a.dtype, copy=False)

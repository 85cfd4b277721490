"""Derivatives as one writes them by hand, to compare derived ones with: those that nnframe-zoo once had."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from nnframe_zoo._erfc import erfc
from nnframe_zoo._logistic import sigmoid

from nnframe import Array, floored

CUBIC, FACTOR = 0.044715, 2 * math.sqrt(2 / math.pi)
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def gelu(z: Array) -> Array:
    """Return P(z) + z p(z) for the normal distribution's P and p."""
    slope: Array = erfc(z / -math.sqrt(2)) / 2 + z * (np.exp(-z * z / 2) / math.sqrt(2 * math.pi))
    return slope


def gelu_tanh(z: Array) -> Array:
    """Return s(2u) + 2z u' s(2u) s(-2u)."""
    z = np.clip(z, -1e3, 1e3)
    x = FACTOR * z * (1 + CUBIC * z * z)
    s = sigmoid(x)
    return s + z * (FACTOR * (1 + 3 * CUBIC * z * z)) * s * sigmoid(-x)


def mish(z: Array) -> Array:
    """Return t + z (1 - t^2) s(z) with t = p / (p + q)."""
    e = np.exp(-np.abs(z))
    p: Array = np.where(z < 0, e * e, 1) + 2 * e
    q: Array = np.where(z < 0, 2, 2 * e * e)
    total = p + q
    slope: Array = p / total + z * (q * (2 * p + q) / total**2) * sigmoid(z)
    return slope


def softmin(grad: Array, z: Array, a: Array) -> Array:
    """Return dL/dz for grad = dL/da."""
    dz: Array = a * ((grad * a).sum(axis=0, keepdims=True) - grad)
    return dz


def cosine(a: Array, y: Array, eps: float) -> Array:
    """Return (u sum(u v) - v) / |a|, or -v / eps where |a| <= eps."""

    def length(x: Array) -> Array:
        found: Array = np.maximum(np.sqrt((x * x).sum(axis=0, keepdims=True)), eps)
        return found

    u, v = a / length(a), y / length(y)
    along = np.where(length(a) > eps, (u * v).sum(axis=0, keepdims=True), 0)
    grad: Array = (u * along - v) / length(a)
    return grad


def focal(a: Array, y: Array, gamma: float) -> Array:
    """Return y (1 - a)^gamma (gamma log(a) / (1 - a) - 1 / a)."""
    rest, positive = np.clip(1 - a, 0, 1), floored(a)
    grad: Array = y * rest**gamma * (gamma * np.log(positive) / floored(rest) - 1 / positive)
    return grad


def poisson_nll(a: Array, y: Array, log_input: bool, full: bool, eps: float) -> Array:
    """Return (exp(a) - y) / n."""
    limits = np.finfo(a.dtype)
    grad: Array = (np.exp(np.minimum(a, np.log(limits.max * limits.eps))) - y) / len(a)
    return grad


def gaussian_nll(a: Array, y: Array, full: bool, eps: float) -> Array:
    """Return (m - y) / (v n) and exp(2 s) (1 - (y - m)^2 / v) / (v n)."""
    mean, log_scale = a
    square = np.exp(2 * log_scale)
    variance = square + eps
    error = (mean - y) / variance / len(y)
    return np.stack([error, square * (1 / variance / len(y) - error * (mean - y) / variance)])


def quantile(a: Array, y: Array, levels: tuple[float, ...], crossing: bool) -> Array:
    """Return ((1 + sign(q - y)) / 2 - p) / n over the number of levels, for each level p."""
    slopes = [(1 + np.sign(q - y)) / 2 - level for level, q in zip(levels, a, strict=True)]
    return np.stack(slopes) / (len(y) * len(levels))


# Called with an activation's z, or a loss's a and y, and their parameters by keyword.
BY_HAND: dict[str, Callable[..., Any]] = {
    "celu": lambda z, alpha: np.exp(np.minimum(z, 0) / alpha),
    "elu": lambda z, alpha: np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0))),
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "hardshrink": lambda z, lambd: (np.abs(z) > lambd).astype(z.dtype),
    "hardsigmoid": lambda z: (np.abs(z) < 3).astype(z.dtype) / 6,
    "hardswish": lambda z: np.where(np.abs(z) < 3, z / 3 + 0.5, z > 0),
    "hardtanh": lambda z, min_val, max_val: ((z > min_val) & (z < max_val)).astype(z.dtype),
    "leaky_relu": lambda z, alpha: np.where(z > 0, 1, alpha).astype(z.dtype),
    "logsigmoid": lambda z: sigmoid(-z),
    "mish": mish,
    "relu6": lambda z: ((z > 0) & (z < 6)).astype(z.dtype),
    "selu": lambda z: SCALE * np.where(z > 0, 1, ALPHA * np.exp(np.minimum(z, 0))),
    "silu": lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
    "softmin": softmin,
    "softplus": lambda z, beta: sigmoid(beta * z),
    "softshrink": lambda z, lambd: (np.abs(z) > lambd).astype(z.dtype),
    "softsign": lambda z: (1 / (1 + np.abs(z))) ** 2,
    "tanhshrink": lambda z: np.tanh(z) ** 2,
    "cosine": cosine,
    "focal": focal,
    "gaussian_nll": gaussian_nll,
    "hinge": lambda a, y, margin: np.where(y * a < margin, -y, 0) / len(a),
    "huber": lambda a, y, delta: np.clip(a - y, -delta, delta) / len(a),
    "kl_div": lambda a, y: -y,
    "log_cosh": lambda a, y: np.tanh(a - y) / len(a),
    "mae": lambda a, y: np.sign(a - y) / len(a),
    "nll": lambda a, y: -y,
    "poisson_nll": poisson_nll,
    "quantile": quantile,
    "smooth_l1": lambda a, y, beta: np.clip(a - y, -beta, beta) / len(a) / beta,
    "smoothed_cel": lambda a, y, smoothing: -((1 - smoothing) * y + smoothing / len(y)) / floored(a),
    "squared_hinge": lambda a, y, margin: y * np.maximum(margin - y * a, 0) * (-2 / len(a)),
}

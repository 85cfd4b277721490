"""Make reference.npz, the values that the tests compare with. Run with torch 2.13.0 and numpy installed.

Each entry is named ``activation|spec|dtype``, ``loss|spec|dtype``, ``outputs|spec|dtype`` or
``fused|spec|activation|dtype``, and holds what went in, followed by what came out, row upon row:

- activation: z, g, a, and dL/dz for dL/da = g
- loss: a, y, dL/da, and one row with the loss of each column
- outputs: the same for a loss with several outputs for each target, so that a and dL/da have more rows than y
- fused: z, y, dL/dz, and one row with the loss of each column

All inputs are float32 numbers, so that both dtypes start from the same ones. What PyTorch has is taken from it, in each
dtype. What it lacks, the cases marked plain, is differentiated by its autograd from a plain formula in float64, and
rounded.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

rng = np.random.default_rng(0)


class Case(NamedTuple):
    label: str
    function: Callable
    first: np.ndarray
    second: np.ndarray
    plain: bool = False


def exact(x):
    """Return x rounded to float32, as float64."""
    return np.asarray(x).astype(np.float32).astype(np.float64)


# Kinks, what is around them, and both tails.
POINTS = [0, 0.25, 0.5, 1, 2, 3, 6, 0.75, 1.3, 2.9, 4.5, 5.9, 8, 12, 19, 30, 100, 1e-3, 1e-6, 0.0625]
Z = exact(np.array([POINTS, [-p for p in POINTS]])).reshape(5, 8)
WEIGHTS = exact(rng.normal(size=Z.shape))

SCORES = exact(np.column_stack([rng.normal(size=(4, 3)), rng.normal(size=(4, 2)) * 8, [100, -100, 0, 99]]))
UNITS = exact(rng.uniform(0.02, 0.98, (4, 6)))
PROBABILITIES = exact(np.exp(UNITS * 3) / np.exp(UNITS * 3).sum(axis=0))
LOG_PROBABILITIES = exact(np.log(PROBABILITIES))
CLASSES = exact(np.eye(4)[:, [0, 2, 3, 1, 1, 3]])
SHARES = np.array([[2, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 3], [0, 4, 0, 0], [1, 0, 2, 1], [3, 0, 0, 1]]).T / 4
COUNTS = exact(rng.poisson(2.0, (4, 6)))
# The first column has differences of 1, -1 and 0, and products of 1/2, where the kinks of several losses are.
PLACES = exact(np.column_stack([[0.5, 0.5, 0.5, -0.5], rng.normal(size=(4, 5)) * 3]))
TARGETS = exact(np.column_stack([[-0.5, 1.5, 0.5, 0.5], rng.normal(size=(4, 5))]))
SIGNS = np.column_stack([[1.0, 1.0, -1.0, -1.0], np.sign(rng.normal(size=(4, 5)))])


def sparsemax(z):
    ordered = z.sort(dim=0, descending=True).values
    excess = ordered.cumsum(0) - 1
    count = torch.arange(1, len(z) + 1, dtype=z.dtype).reshape(-1, 1)
    size = (count * ordered > excess).sum(0, keepdim=True)
    return torch.relu(z - excess.gather(0, size - 1) / size)


def focal(a, y, gamma):
    return -(y * (1 - a) ** gamma * a.log()).sum(0)


def smoothed_cel(a, y, smoothing):
    return -((y * (1 - smoothing) + smoothing / len(y)) * a.log()).sum(0)


def smoothed_cel_of_scores(z, y, smoothing):
    return F.cross_entropy(z.T, y.T, reduction="none", label_smoothing=smoothing)


def hinge(a, y, margin):
    return F.relu(margin - y * a)


def quantile(a, y, levels, crossing=True):
    quantiles = a.reshape(len(levels), *y.shape)
    if not crossing:
        quantiles = torch.cat([quantiles[:1], F.softplus(quantiles[1:])]).cumsum(0)
    level = torch.tensor(levels, dtype=a.dtype).reshape(-1, 1, 1)
    return torch.maximum(level * (y - quantiles), (level - 1) * (y - quantiles)).mean((0, 1))


def kl_div(a, y):
    return F.kl_div(a, y, reduction="none").sum(0)


def poisson_nll(a, y, **options):
    return F.poisson_nll_loss(a, y, reduction="none", **options).mean(0)


def gaussian_nll(a, y, full=False, eps=1e-6):
    mean, log_scale = a.reshape(2, *y.shape)
    variance = (2 * log_scale).exp() + eps
    return F.gaussian_nll_loss(mean, y, variance, full=full, eps=eps, reduction="none").mean(0)


def mixture_nll(a, y, components, full=False, eps=1e-6):
    logits, means, log_scales = a.reshape(3, components, *y.shape).movedim(1, -1)
    normals = torch.distributions.Normal(means, ((2 * log_scales).exp() + eps).sqrt())
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=logits), normals)
    return -mixture.log_prob(y).mean(0) - (0 if full else math.log(2 * math.pi) / 2)


def barron(a, y, scale):
    # For alpha = 1, the integral of the density is a Bessel function.
    normalizer = 2 * math.e * torch.special.modified_bessel_k1(torch.ones((), dtype=a.dtype)) * scale
    return (((a - y) / scale) ** 2 + 1).sqrt().mean(0) - 1 + normalizer.log()


def cosine(a, y, eps):
    return 1 - (a / a.norm(dim=0).clamp_min(eps) * y / y.norm(dim=0).clamp_min(eps)).sum(0)


ACTIVATIONS = [
    Case(f"activation|{spec}", function, Z, WEIGHTS)
    for spec, function in [
        ("leaky_relu", F.leaky_relu),
        ("leaky_relu(alpha=0.25)", lambda z: F.leaky_relu(z, 0.25)),
        ("elu", F.elu),
        ("elu(alpha=1.5)", lambda z: F.elu(z, 1.5)),
        ("selu", F.selu),
        ("celu", F.celu),
        ("celu(alpha=0.5)", lambda z: F.celu(z, 0.5)),
        ("gelu", F.gelu),
        ("gelu_tanh", lambda z: F.gelu(z, approximate="tanh")),
        ("silu", F.silu),
        ("mish", F.mish),
        # The threshold beyond which PyTorch returns z, moved to where it makes no difference.
        ("softplus", lambda z: F.softplus(z, threshold=50)),
        ("softplus(beta=2.5)", lambda z: F.softplus(z, 2.5, threshold=50)),
        ("softsign", F.softsign),
        ("relu6", F.relu6),
        ("hardtanh", F.hardtanh),
        ("hardtanh(min_val=-2.0, max_val=3.0)", lambda z: F.hardtanh(z, -2.0, 3.0)),
        ("hardswish", F.hardswish),
        ("logsigmoid", F.logsigmoid),
        ("tanhshrink", F.tanhshrink),
        ("softshrink", F.softshrink),
        ("softshrink(lambd=1.0)", lambda z: F.softshrink(z, 1.0)),
        ("hardshrink", F.hardshrink),
        ("hardshrink(lambd=1.0)", lambda z: F.hardshrink(z, 1.0)),
        ("prelu", lambda z: F.prelu(z, torch.tensor([0.25], dtype=z.dtype))),
        ("prelu(alpha=0.5)", lambda z: F.prelu(z, torch.tensor([0.5], dtype=z.dtype))),
        ("learned_swish", F.silu),
        ("learned_swish(beta=2.5)", lambda z: z * torch.sigmoid(2.5 * z)),
    ]
]
OTHER_ACTIVATIONS = [
    # PyTorch's slope is 1/6 as a float32, also in float64.
    Case("activation|hardsigmoid", lambda z: F.relu6(z + 3) / 6, Z, WEIGHTS, plain=True),
    Case("activation|log_softmax", lambda z: F.log_softmax(z, dim=0), SCORES, WEIGHTS[:4, :6]),
    Case("activation|softmin", lambda z: F.softmin(z, dim=0), SCORES, WEIGHTS[:4, :6]),
    Case("activation|sparsemax", sparsemax, SCORES, WEIGHTS[:4, :6], plain=True),
]
ERROR_LOSSES = [
    Case(f"loss|{spec}", function, PLACES, TARGETS)
    for spec, function in [
        ("mae", lambda a, y: F.l1_loss(a, y, reduction="none").mean(0)),
        ("huber", lambda a, y: F.huber_loss(a, y, reduction="none").mean(0)),
        ("huber(delta=2.5)", lambda a, y: F.huber_loss(a, y, reduction="none", delta=2.5).mean(0)),
        ("smooth_l1", lambda a, y: F.smooth_l1_loss(a, y, reduction="none").mean(0)),
        ("smooth_l1(beta=0.25)", lambda a, y: F.smooth_l1_loss(a, y, reduction="none", beta=0.25).mean(0)),
        ("cosine", lambda a, y: 1 - F.cosine_similarity(a, y, dim=0)),
    ]
]
OTHER_LOSSES = [
    Case("loss|nll", lambda a, y: F.nll_loss(a.T, y.argmax(0), reduction="none"), LOG_PROBABILITIES, CLASSES),
    Case("loss|kl_div", kl_div, LOG_PROBABILITIES, SHARES),
    Case("loss|poisson_nll", poisson_nll, PLACES, COUNTS),
    Case("loss|poisson_nll(full=true)", lambda a, y: poisson_nll(a, y, full=True), PLACES, COUNTS),
    Case(
        "loss|poisson_nll(log_input=false, eps=0.125)",
        lambda a, y: poisson_nll(a, y, log_input=False, eps=0.125),
        UNITS,
        COUNTS,
    ),
]
PLAIN_LOSSES = [
    Case(f"loss|{spec}", function, first, second, plain=True)
    for spec, function, first, second in [
        ("log_cosh", lambda a, y: (a - y).cosh().log().mean(0), PLACES, TARGETS),
        # PyTorch's gradient for |a| < eps is not that of its value.
        ("cosine(eps=5.0)", lambda a, y: cosine(a, y, 5.0), PLACES, TARGETS),
        ("hinge", lambda a, y: hinge(a, y, 1.0).mean(0), PLACES, SIGNS),
        ("hinge(margin=0.5)", lambda a, y: hinge(a, y, 0.5).mean(0), PLACES, SIGNS),
        ("squared_hinge", lambda a, y: (hinge(a, y, 1.0) ** 2).mean(0), PLACES, SIGNS),
        ("squared_hinge(margin=0.5)", lambda a, y: (hinge(a, y, 0.5) ** 2).mean(0), PLACES, SIGNS),
        ("barron", lambda a, y: barron(a, y, 1.0), PLACES, TARGETS),
        ("barron(scale=0.5)", lambda a, y: barron(a, y, 0.5), PLACES, TARGETS),
        ("focal", lambda a, y: focal(a, y, 2.0), PROBABILITIES, SHARES),
        ("focal(gamma=0.5)", lambda a, y: focal(a, y, 0.5), PROBABILITIES, SHARES),
        ("smoothed_cel", lambda a, y: smoothed_cel(a, y, 0.1), PROBABILITIES, SHARES),
        ("smoothed_cel(smoothing=0.25)", lambda a, y: smoothed_cel(a, y, 0.25), PROBABILITIES, SHARES),
    ]
]
FUSED = [
    Case("fused|nll|log_softmax", lambda z, y: F.cross_entropy(z.T, y.T, reduction="none"), SCORES, SHARES),
    Case("fused|kl_div|log_softmax", lambda z, y: kl_div(F.log_softmax(z, 0), y), SCORES, SHARES),
    Case("fused|smoothed_cel|softmax", lambda z, y: smoothed_cel_of_scores(z, y, 0.1), SCORES, SHARES),
    Case("fused|smoothed_cel(smoothing=0.25)|softmax", lambda z, y: smoothed_cel_of_scores(z, y, 0.25), SCORES, SHARES),
    # Without the last column, for which the plain formula takes the logarithm of a rounded 0.
    Case("fused|focal|softmax", lambda z, y: focal(z.softmax(0), y, 2.0), SCORES[:, :5], SHARES[:, :5], plain=True),
    Case(
        "fused|focal(gamma=0.5)|softmax",
        lambda z, y: focal(z.softmax(0), y, 0.5),
        SCORES[:, :5],
        SHARES[:, :5],
        plain=True,
    ),
]
# Of 12 outputs for 4, 2 or 1 targets.
OUTPUTS = exact(np.random.default_rng(1).normal(size=(12, 6)) * np.geomspace(0.3, 3, 6))
WITH_OUTPUTS = [
    Case(f"outputs|{spec}", function, OUTPUTS[:n_outputs], TARGETS[:n_targets], plain=plain)
    for spec, function, n_outputs, n_targets, plain in [
        ("gaussian_nll", gaussian_nll, 8, 4, False),
        ("gaussian_nll(full=true, eps=0.25)", lambda a, y: gaussian_nll(a, y, True, 0.25), 2, 1, False),
        ("quantile", lambda a, y: quantile(a, y, (0.1, 0.5, 0.9)), 12, 4, True),
        ("quantile(levels=0.875)", lambda a, y: quantile(a, y, (0.875,)), 4, 4, True),
        (
            "quantile(levels=(0.25, 0.5, 0.75), crossing=false)",
            lambda a, y: quantile(a, y, (0.25, 0.5, 0.75), crossing=False),
            6,
            2,
            True,
        ),
        ("mixture_nll", lambda a, y: mixture_nll(a, y, 3), 9, 1, True),
        ("mixture_nll(components=2, full=true)", lambda a, y: mixture_nll(a, y, 2, full=True), 12, 2, True),
    ]
]
CASES = [*ACTIVATIONS, *OTHER_ACTIVATIONS, *ERROR_LOSSES, *OTHER_LOSSES, *PLAIN_LOSSES, *WITH_OUTPUTS, *FUSED]


def entry(case, dtype):
    computed_in = torch.float64 if case.plain else getattr(torch, dtype)
    first = torch.tensor(case.first, dtype=computed_in, requires_grad=True)
    second = torch.tensor(case.second, dtype=computed_in)
    if case.label.startswith("activation"):
        a = case.function(first)
        a.backward(second)
        rows = [first, second, a, first.grad]
    else:
        losses = case.function(first, second)
        losses.sum().backward()
        rows = [first, second, first.grad, losses.reshape(1, -1)]
    return torch.cat(rows).detach().numpy().astype(dtype)


def main():
    entries = {f"{case.label}|{dtype}": entry(case, dtype) for case in CASES for dtype in ("float32", "float64")}
    np.savez_compressed(Path(__file__).with_name("reference.npz"), **entries)


if __name__ == "__main__":
    main()

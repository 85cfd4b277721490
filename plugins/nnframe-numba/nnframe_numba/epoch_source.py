"""The source of the function that trains for some batches, written layer by layer so that numba compiles it whole.

For two layers, batches and plain gradient descent it looks like this::

    def train_batches(X, Y, rates, batch_size, total, thread, n_threads, barrier, workspace, losses, W0, b0, z0, ...):
        mode = flush_denormals()
        for k in range(rates.size):
            rate = rates[k]
            start = k * batch_size
            count = min(batch_size, X.shape[0] - start)
            if count < batch_size:
                losses, z0, a0, d0, z1, a1, d1 = losses[:count], z0[:count], ...
            x, y = X[start : start + count], Y[start : start + count]
            if thread == 0:
                reset_tickets(barrier)
            first, last = share_of_samples(thread, n_threads, count)
            if first < last:
                x_own, y_own, losses_own, z0_own, a0_own, d0_own, ... = x[first:last], y[first:last], ...
                linear(x_own, W0, b0, z0_own, workspace)
                activate_0(z0_own, a0_own)
                linear(a0_own, W1, b1, z1_own, workspace)
                activate_1(z1_own, a1_own)
                value(z1_own, a1_own, y_own, losses_own)
                gradient_of_loss(z1_own, a1_own, y_own, d1_own)
                scale(d1_own, -rate / count)
                backward(d1_own, W1, d0_own, workspace)
                differentiate_0(d0_own, z0_own, a0_own)
            if n_threads > 1 and not wait_at_barrier(barrier, n_threads):
                restore_denormals(mode)
                return total
            if thread == 0:
                total += add_up(losses)
            gradient(d0, x, W0, b0, False, np.intp(0), thread, n_threads, barrier, workspace)
            gradient(d1, a0, W1, b1, False, np.intp(1), thread, n_threads, barrier, workspace)
            if n_threads > 1 and not wait_at_barrier(barrier, n_threads):
                restore_denormals(mode)
                return total
        restore_denormals(mode)
        return total

Several threads may run it at the same time. Each takes its share of the samples of a batch forwards and backwards; when
all have met, they share the rows of the weights, and meet again. For batches of one sample there is one thread, and
none of that is in the source.

It is a single function because a call with a dozen arrays takes as long as a small layer. The total is passed from call
to call, so that losses are added in the same order wherever an epoch is cut.

Where a part can't be compiled, or BLAS multiplies, the same source runs in Python, and the lines between two products
become a function of their own, a stage, which is compiled if it can be::

    linear(x_own, W0, b0, z0_own, workspace)
    stage_0(z0_own, a0_own)
    linear(a0_own, W1, b1, z1_own, workspace)
    stage_1(z1_own, a1_own, y_own, losses_own, d1_own, rate, count)
    backward(d1_own, W1, d0_own, workspace)
    stage_2(d0_own, z0_own, a0_own)
"""

from __future__ import annotations

import re
from itertools import groupby

from nnframe_numba.batch_source import (
    TEAM,
    BatchVariant,
    function_source,
    gradient_lines,
    indented,
    layer_names,
    parameter_names,
    rule_names,
    slope_lines,
    update_lines,
    without_denormals,
)

# The products of the forward and the backward pass; and the names in a line that aren't called.
PRODUCTS = ("linear", "backward")
VARIABLE = re.compile(r"\b[A-Za-z]\w*\b(?!\()")
WAIT = [
    "if n_threads > 1 and not wait_at_barrier(barrier, n_threads):",
    "    restore_denormals(mode)",
    "    return total",
]


def epoch_source(variant: BatchVariant) -> str:
    """Return the source of `train_batches`; see above."""
    lines = _train_batches(variant, slope_lines(variant), gradient_lines(variant), update_lines(variant))
    return "\n".join([*lines, ""])


def staged_source(variant: BatchVariant) -> tuple[str, dict[str, str]]:
    """Return the source of `train_batches`, and by name that of the stages that it calls; see above.

    The last stage is `update`, after which all weights are new. It computes the gradients, too, unless BLAS does.
    """
    stages: dict[str, str] = {}
    slopes: list[str] = []
    for are_products, lines in groupby(slope_lines(variant), lambda line: line.startswith(PRODUCTS)):
        if are_products:
            slopes += lines
        else:
            stage, body = f"stage_{len(stages)}", list(lines)
            names = dict.fromkeys(name for line in body for name in VARIABLE.findall(line))
            slopes.append(f"{stage}({', '.join(names)})")
            stages[stage] = function_source(slopes[-1], without_denormals(body))
    gradients, new_weights = gradient_lines(variant), update_lines(variant)
    if not variant.on_blas:
        gradients, new_weights = [], [*gradients, *new_weights]
    needed = ["x", "rate", *_team(variant), *layer_names(variant), *rule_names(variant)]
    if "optimize" in variant.parametrized:
        needed.append("parameters_optimize")
    call = f"update({', '.join(needed)})"
    stages["update"] = function_source(call, without_denormals(new_weights))
    return "\n".join([*_train_batches(variant, slopes, gradients, [call]), ""]), stages


def sample_names(variant: BatchVariant) -> list[str]:
    """Return the names of what changes from call to call, likewise."""
    weights = ["S"] if variant.weighted else []
    dropout = ["key", "position"] if any(variant.dropped) else []
    return ["X", "Y", *weights, *dropout, "rates", "batch_size", "total"]


def _team(variant: BatchVariant) -> list[str]:
    return [] if variant.single else TEAM


def _train_batches(variant: BatchVariant, slopes: list[str], gradients: list[str], update: list[str]) -> list[str]:
    if variant.single:
        x_y = ["x, y = X[k : k + 1], Y[k : k + 1]", *(["s = S[k : k + 1]"] if variant.weighted else [])]
        body = [*x_y, *slopes, "total += add_up(losses)", *gradients, *update]
    else:
        body = [*_shares(variant), *indented(slopes), *WAIT]
        body += ["if thread == 0:", "    total += add_up(losses)", *gradients]
        if update:
            body += [*WAIT, "if thread == 0:", *indented(update)]
        body += WAIT
    names = [*sample_names(variant), *_team(variant), "losses", *layer_names(variant)]
    names += [*rule_names(variant), *parameter_names(variant)]
    loop = ["for k in range(rates.size):", "    rate = rates[k]", *indented(body)]
    lines = [*without_denormals(loop), "return total"]
    return [f"def train_batches({', '.join(names)}):", *indented(lines)]


def _shares(variant: BatchVariant) -> list[str]:
    """Return the lines that take a thread's share of the arrays, down to the condition that there is one."""
    rows = ["losses", *(name for name in layer_names(variant) if name[0] in "zadmhe")]
    samples = ["x", "y", *(["s"] if variant.weighted else [])]
    return [
        "start = k * batch_size",
        "count = min(batch_size, X.shape[0] - start)",
        # Only the last batch of an epoch may be smaller.
        "if count < batch_size:",
        *(f"    {name} = {name}[:count]" for name in rows),
        *(f"{name} = {name.upper()}[start : start + count]" for name in samples),
        "if thread == 0:",
        "    reset_tickets(barrier)",
        "first, last = share_of_samples(thread, n_threads, count)",
        *(f"{name}_own = {name}[first:last]" for name in [*samples, *rows]),
        "if first < last:",
    ]

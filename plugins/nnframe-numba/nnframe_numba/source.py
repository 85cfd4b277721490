"""The source of an epoch, written out layer by layer for one net, so that numba can compile it as a whole.

What it looks like for two layers and plain gradient descent::

    def update(x, rate, by_hand, W0, b0, z0, a0, d0, W1, b1, z1, a1, d1):
        descend(d0, x, W0, b0, by_hand[0, 2])
        descend(d1, a0, W1, b1, by_hand[1, 2])

    def run(X, Y, order, rates, batch_size, n_samples, first, stop, by_hand, x, y, W0, b0, z0, ..., d1):
        total = 0.0
        for k in range(first, stop):
            start = k * batch_size
            count = min(batch_size, n_samples - start)
            if count < batch_size:
                y, z0, a0, d0, z1, a1, d1 = y[:count], z0[:count], ...
            copy_rows(Y, start, y)
            x = X[start : start + count]
            linear(x, W0, b0, z0, by_hand[0, 0])
            activate_0(z0, a0)
            linear(a0, W1, b1, z1, by_hand[1, 0])
            activate_1(z1, a1)
            total += value(z1, a1, y)
            gradient_of_loss(z1, a1, y, d1)
            differentiate_1(d1, z1, a1)
            scale(d1, rates[k] / count)
            backward(d1, W1, d0, by_hand[1, 1])
            differentiate_0(d0, z0, a0)
            update(x, rates[k], by_hand, W0, b0, z0, ..., d1)
        return total

The same text runs compiled, or in Python where a part of it can't be compiled. It is one function, for a call with a
dozen arrays takes as long as a small layer.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """All that the text depends on.

    Attributes
    ----------
    n_layers : int
    fused : bool
        Whether the gradient of the loss is dL/dz already.
    gathers : bool
        Whether samples are copied, in another order or dtype, and not just looked at.
    ordered : bool
        Whether they come in another order.
    n_state : int or None
        How many arrays the optimizer keeps; None where the update isn't compiled, or is plain gradient descent.
    plain : bool
        Whether the update is plain gradient descent.
    """

    n_layers: int
    fused: bool
    gathers: bool
    ordered: bool
    n_state: int | None
    plain: bool


def epoch_source(shape: Shape) -> str:
    """Return the functions `update` and `run`; see above."""
    return "\n".join([*_update(shape), "", "", *_run(shape), ""])


def layer_names(shape: Shape) -> list[str]:
    """Return the names of the arrays of all layers, in the order in which `run` takes them."""
    return [f"{letter}{k}" for k in range(shape.n_layers) for letter in "Wbzad"]


def rule_names(shape: Shape) -> list[str]:
    """Return the names of what other updates need besides, likewise; empty for plain gradient descent."""
    if shape.plain:
        return []
    gradients = [f"{letter}{k}" for k in range(shape.n_layers) for letter in ("gW", "gb")]
    if shape.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(shape.n_state)]
    return [*gradients, "g", *states, "updates", "l1", "l2", "clip_value", "clip_norm"]


def _update(shape: Shape) -> list[str]:
    names = [*layer_names(shape), *rule_names(shape)]
    inputs = ["x", *(f"a{k}" for k in range(shape.n_layers - 1))]
    lines = [f"def update(x, rate, by_hand, {', '.join(names)}):"]
    if shape.plain:
        return lines + [f"    descend(d{k}, {v}, W{k}, b{k}, by_hand[{k}, 2])" for k, v in enumerate(inputs)]
    for k, v in enumerate(inputs):
        lines.append(f"    gradient(d{k}, {v}, gW{k}, gb{k}, by_hand[{k}, 2])")
    if shape.n_state is None:
        return [*lines, "    update_weights(rate)"]
    lines += [f"    penalize(W{k}, gW{k}, l1, l2)" for k in range(shape.n_layers)]
    lines += ["    clip(g, clip_value, clip_norm)", "    updates[0] += 1", "    start = 0"]
    states = "".join(f", s{i}[start:stop]" for i in range(shape.n_state))
    for k in range(shape.n_layers):
        for name, array in ((f"W{k}", f"W{k}.reshape(W{k}.size)"), (f"b{k}", f"b{k}")):
            lines.append(f"    stop = start + {name}.size")
            lines.append(f"    optimize({array}, g[start:stop]{states}, updates[0], rate)")
            lines.append("    start = stop")
    return lines


def _run(shape: Shape) -> list[str]:
    names = [*layer_names(shape), *rule_names(shape)]
    arguments = "X, Y, order, rates, batch_size, n_samples, first, stop, by_hand, x, y"
    rows = [*(["x"] if shape.gathers else []), "y", *(name for name in layer_names(shape) if name[0] in "zad")]
    read = "gather({}, order, start, {})" if shape.ordered else "copy_rows({}, start, {})"
    body = [
        "start = k * batch_size",
        "count = min(batch_size, n_samples - start)",
        # Only the last batch of an epoch may be smaller.
        "if count < batch_size:",
        *(f"    {name} = {name}[:count]" for name in rows),
        read.format("Y", "y"),
        read.format("X", "x") if shape.gathers else "x = X[start : start + count]",
        *_gradients(shape),
        f"update(x, rates[k], by_hand, {', '.join(names)})",
    ]
    return [
        f"def run({arguments}, {', '.join(names)}):",
        "    total = 0.0",
        "    for k in range(first, stop):",
        *(f"        {line}" for line in body),
        "    return total",
    ]


def _gradients(shape: Shape) -> list[str]:
    last = shape.n_layers - 1
    lines, before = [], "x"
    for k in range(shape.n_layers):
        lines += [f"linear({before}, W{k}, b{k}, z{k}, by_hand[{k}, 0])", f"activate_{k}(z{k}, a{k})"]
        before = f"a{k}"
    lines += [f"total += value(z{last}, a{last}, y)", f"gradient_of_loss(z{last}, a{last}, y, d{last})"]
    if not shape.fused:
        lines.append(f"differentiate_{last}(d{last}, z{last}, a{last})")
    lines.append(f"scale(d{last}, {'rates[k] / count' if shape.plain else '1 / count'})")
    for k in range(last, 0, -1):
        lines.append(f"backward(d{k}, W{k}, d{k - 1}, by_hand[{k}, 1])")
        lines.append(f"differentiate_{k - 1}(d{k - 1}, z{k - 1}, a{k - 1})")
    return lines


def optimizer_source(n_state: int) -> str:
    """Return the function `optimize`, which takes the optimizer's formula element by element."""
    states = [f"s{i}" for i in range(n_state)]
    values = "".join(f", {s}[i]" for s in states)
    targets = ", ".join(["w[i]", *(f"{s}[i]" for s in states)])
    comma = "" if states else ","
    return "\n".join(
        [
            f"def optimize({', '.join(['w', 'g', *states])}, t, rate):",
            "    for i in range(w.size):",
            f"        {targets}{comma} = formula(w[i], g[i]{values}, t=t, learning_rate=rate)",
            "",
        ]
    )

"""The source of an epoch, written out layer by layer for one net, so that numba can compile it as a whole.

What it looks like for two layers, batches and plain gradient descent::

    def run(X, Y, rates, batch_size, total, part, n_parts, board, space, losses, W0, b0, z0, a0, d0, W1, b1, z1, ...):
        for k in range(rates.size):
            rate = rates[k]
            start = k * batch_size
            count = min(batch_size, X.shape[0] - start)
            if count < batch_size:
                losses, z0, a0, d0, z1, a1, d1 = losses[:count], z0[:count], ...
            x, y = X[start : start + count], Y[start : start + count]
            if part == 0:
                put_back(board)
            first, last = samples_of(part, n_parts, count)
            if first < last:
                x_own, y_own, losses_own, z0_own, a0_own, d0_own, ... = x[first:last], y[first:last], ...
                linear(x_own, W0, b0, z0_own, space)
                activate_0(z0_own, a0_own)
                linear(a0_own, W1, b1, z1_own, space)
                activate_1(z1_own, a1_own)
                value(z1_own, a1_own, y_own, losses_own)
                gradient_of_loss(z1_own, a1_own, y_own, d1_own)
                scale(d1_own, -rate / count)
                backward(d1_own, W1, d0_own, space)
                differentiate_0(d0_own, z0_own, a0_own)
            if n_parts > 1 and not meet(board, n_parts):
                return total
            if part == 0:
                total += add_up(losses)
            descend(d0, x, W0, b0, 0, part, n_parts, board, space)
            descend(d1, a0, W1, b1, 1, part, n_parts, board, space)
            if n_parts > 1 and not meet(board, n_parts):
                return total
        return total

Several threads may run it at once, each as a part of its own: it takes some samples of a batch there and back, and
after all have met, rows of each layer's weights a step down until none are left, and all meet again. For batches of one
sample there are no parts, and none of this is in the text.

It is one function, for a call with a dozen arrays takes as long as a small layer. The total is handed from call to
call, so that the losses are added in the same order wherever an epoch is cut.

Where some of it can't be compiled, or BLAS multiplies faster, the same text runs in Python, and what stands between two
products becomes a function of its own, called a stage, which is compiled if it can be::

    linear(x_own, W0, b0, z0_own, space)
    stage_0(z0_own, a0_own)
    linear(a0_own, W1, b1, z1_own, space)
    stage_1(z1_own, a1_own, y_own, losses_own, d1_own, rate, count)
    backward(d1_own, W1, d0_own, space)
    stage_2(d0_own, z0_own, a0_own)
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple


class Shape(NamedTuple):
    """All that the text depends on.

    Attributes
    ----------
    single : bool
        Whether each batch is one sample.
    fused : bool
        Whether the gradient of the loss is dL/dz already.
    weighted : bool
        Whether samples have weights.
    dropped : tuple of bool
        For each layer, whether some of its outputs are dropped.
    n_state : int or None
        How many arrays the optimizer keeps; None where the update isn't compiled, or is plain gradient descent.
    plain : bool
        Whether the update is plain gradient descent.
    on_blas : bool
        Whether BLAS multiplies, which can't add to the weights: they follow when all gradients are there.
    """

    single: bool
    fused: bool
    weighted: bool
    dropped: tuple[bool, ...]
    n_state: int | None
    plain: bool
    on_blas: bool

    @property
    def descends(self) -> bool:
        """Whether the products of the backward pass go into the weights at once."""
        return self.plain and not self.on_blas

    @property
    def n_layers(self) -> int:
        """How many layers there are."""
        return len(self.dropped)

    def output(self, layer: int) -> str:
        """Return the name of what the next layer takes."""
        return f"{'h' if self.dropped[layer] else 'a'}{layer}"

    def layer_letters(self, layer: int) -> str:
        """Return the first letters of the names of a layer's arrays.

        They are the weights, the bias, z, a, d; and with dropout the mask, what is kept, and two arrays of numbers.
        """
        return "Wbzadmhnp" if self.dropped[layer] else "Wbzad"

    def own(self, array: str) -> str:
        """Return the name of a part's share of an array whose rows are samples."""
        return array if self.single else f"{array}_own"


# What the text calls, and `run` is called with, where batches have parts.
PARTS = ["part", "n_parts", "board", "space"]
# What the products are called there and back, and the names in a line that aren't called.
PRODUCTS = ("linear", "backward")
VARIABLE = re.compile(r"\b[A-Za-z]\w*\b(?!\()")
MEETING = ["if n_parts > 1 and not meet(board, n_parts):", "    return total"]


def epoch_source(shape: Shape) -> str:
    """Return the function `run`; see above."""
    return "\n".join([*_run(shape, _slopes(shape), _gradients(shape), _new_weights(shape)), ""])


def staged_source(shape: Shape) -> tuple[str, dict[str, str]]:
    """Return the function `run`, and by their names the functions that it calls between products; see above.

    The last is `update`, after which all weights are new; it makes the gradients, too, if they go into the weights.
    """
    stages: dict[str, str] = {}
    slopes: list[str] = []
    for are_products, lines in groupby(_slopes(shape), lambda line: line.startswith(PRODUCTS)):
        if are_products:
            slopes += lines
        else:
            stage, body = f"stage_{len(stages)}", list(lines)
            names = dict.fromkeys(name for line in body for name in VARIABLE.findall(line))
            slopes.append(f"{stage}({', '.join(names)})")
            stages[stage] = _function(slopes[-1], body)
    gradients, new_weights = _gradients(shape), _new_weights(shape)
    if not shape.on_blas:
        gradients, new_weights = [], [*gradients, *new_weights]
    call = f"update({', '.join(['x', 'rate', *_parts(shape), *layer_names(shape), *rule_names(shape)])})"
    stages["update"] = _function(call, new_weights)
    return "\n".join([*_run(shape, slopes, gradients, [call]), ""]), stages


def _function(call: str, lines: list[str]) -> str:
    return "\n".join([f"def {call}:", *_indented(lines), ""])


def layer_names(shape: Shape) -> list[str]:
    """Return the names of the arrays of all layers, in the order in which `run` takes them."""
    return [f"{letter}{k}" for k in range(shape.n_layers) for letter in shape.layer_letters(k)]


def rule_names(shape: Shape) -> list[str]:
    """Return the names of what other updates need besides, likewise; empty for plain gradient descent."""
    if shape.descends:
        return []
    gradients = [f"{letter}{k}" for k in range(shape.n_layers) for letter in ("gW", "gb")]
    if shape.plain or shape.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(shape.n_state)]
    return [*gradients, "g", *states, "updates", "l1", "l2", "clip_value", "clip_norm"]


def sample_names(shape: Shape) -> list[str]:
    """Return the names of what changes from call to call, likewise."""
    weights = ["S"] if shape.weighted else []
    dropout = ["key", "position"] if any(shape.dropped) else []
    return ["X", "Y", *weights, *dropout, "rates", "batch_size", "total"]


def _parts(shape: Shape) -> list[str]:
    return [] if shape.single else PARTS


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _product(shape: Shape, kernel: str, *arrays: str) -> str:
    """Return a call of one of the products of a layer."""
    return f"{kernel}_single({', '.join(arrays)})" if shape.single else f"{kernel}({', '.join(arrays)}, space)"


def _weights_product(shape: Shape, kernel: str, layer: int, *arrays: str) -> str:
    """Return a call of one for which all parts are needed."""
    return _product(shape, kernel, *arrays, *([] if shape.single else [str(layer), *PARTS[:3]]))


def _gradients(shape: Shape) -> list[str]:
    """Return the lines that make gradients of every layer's d, or new weights at once, all parts together."""
    inputs = ["x", *(shape.output(k) for k in range(shape.n_layers - 1))]
    kernel, to = ("descend", "") if shape.descends else ("gradient", "g")
    return [_weights_product(shape, kernel, k, f"d{k}", v, f"{to}W{k}", f"{to}b{k}") for k, v in enumerate(inputs)]


def _new_weights(shape: Shape) -> list[str]:
    """Return the lines that make new weights of the gradients, which one part does for all."""
    if shape.descends:
        return []
    if shape.plain:
        return [f"{letter}{k} += g{letter}{k}" for k in range(shape.n_layers) for letter in ("W", "b")]
    if shape.n_state is None:
        return ["update_weights(rate)"]
    lines = [f"penalize(W{k}, gW{k}, l1, l2)" for k in range(shape.n_layers)]
    lines += ["clip(g, clip_value, clip_norm)", "updates[0] += 1", "begin = 0"]
    states = "".join(f", s{i}[begin:end]" for i in range(shape.n_state))
    for k in range(shape.n_layers):
        for name, array in ((f"W{k}", f"W{k}.reshape(W{k}.size)"), (f"b{k}", f"b{k}")):
            lines.append(f"end = begin + {name}.size")
            lines.append(f"optimize({array}, g[begin:end]{states}, updates[0], rate)")
            lines.append("begin = end")
    return lines


def _run(shape: Shape, slopes: list[str], gradients: list[str], new_weights: list[str]) -> list[str]:
    if shape.single:
        x_y = ["x, y = X[k : k + 1], Y[k : k + 1]", *(["s = S[k : k + 1]"] if shape.weighted else [])]
        body = [*x_y, *slopes, "total += add_up(losses)", *gradients, *new_weights]
    else:
        body = [*_shares(shape), *_indented(slopes), *MEETING]
        body += ["if part == 0:", "    total += add_up(losses)", *gradients]
        if new_weights:
            body += [*MEETING, "if part == 0:", *_indented(new_weights)]
        body += MEETING
    names = [*sample_names(shape), *_parts(shape), "losses", *layer_names(shape), *rule_names(shape)]
    lines = ["for k in range(rates.size):", "    rate = rates[k]", *_indented(body), "return total"]
    return [f"def run({', '.join(names)}):", *_indented(lines)]


def _shares(shape: Shape) -> list[str]:
    """Return the lines that make a part's share of the arrays, down to a condition: whether there is one."""
    rows = ["losses", *(name for name in layer_names(shape) if name[0] in "zadmh")]
    samples = ["x", "y", *(["s"] if shape.weighted else [])]
    return [
        "start = k * batch_size",
        "count = min(batch_size, X.shape[0] - start)",
        # Only the last batch of an epoch may be smaller.
        "if count < batch_size:",
        *(f"    {name} = {name}[:count]" for name in rows),
        *(f"{name} = {name.upper()}[start : start + count]" for name in samples),
        "if part == 0:",
        "    put_back(board)",
        "first, last = samples_of(part, n_parts, count)",
        *(f"{name}_own = {name}[first:last]" for name in [*samples, *rows]),
        "if first < last:",
    ]


def _slopes(shape: Shape) -> list[str]:
    """Return the lines that take samples forwards and backwards, until every layer has its d."""
    own = shape.own
    last = shape.n_layers - 1
    z, a, d = ([own(f"{letter}{k}") for k in range(shape.n_layers)] for letter in "zad")
    y, losses = own("y"), own("losses")
    lines, before = [], own("x")
    for k in range(shape.n_layers):
        lines += [_product(shape, "linear", before, f"W{k}", f"b{k}", z[k]), f"activate_{k}({z[k]}, {a[k]})"]
        if shape.dropped[k]:
            position = "position + k" if shape.single else "position + start + first"
            lines.append(f"drop({a[k]}, {own(f'm{k}')}, {own(f'h{k}')}, n{k}, p{k}, key, {position})")
        before = own(shape.output(k))
    lines += [f"value({z[last]}, {a[last]}, {y}, {losses})", f"gradient_of_loss({z[last]}, {a[last]}, {y}, {d[last]})"]
    if not shape.fused:
        lines.append(f"differentiate_{last}({d[last]}, {z[last]}, {a[last]})")
    count = "" if shape.single else " / count"
    if shape.plain or count:
        # What is subtracted from the weights without more ado is made the step that is added to them.
        lines.append(f"scale({d[last]}, {'-rate' if shape.plain else '1'}{count})")
    if shape.weighted:
        lines.append(f"weigh({losses}, {d[last]}, {own('s')})")
    for k in range(last, 0, -1):
        lines.append(_product(shape, "backward", d[k], f"W{k}", d[k - 1]))
        if shape.dropped[k - 1]:
            lines.append(f"multiply({d[k - 1]}, {own(f'm{k - 1}')})")
        lines.append(f"differentiate_{k - 1}({d[k - 1]}, {z[k - 1]}, {a[k - 1]})")
    return lines


def optimizer_source(n_state: int) -> str:
    """Return the function `optimize`, which takes an optimizer's formula element by element."""
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

"""The source of an epoch, written out layer by layer for one net, so that numba can compile it as a whole.

What it looks like for two layers and plain gradient descent::

    def run(X, Y, rates, batch_size, total, by_hand, losses, W0, b0, z0, a0, d0, W1, b1, z1, a1, d1):
        for k in range(rates.size):
            rate = rates[k]
            start = k * batch_size
            count = min(batch_size, X.shape[0] - start)
            if count < batch_size:
                losses, z0, a0, d0, z1, a1, d1 = losses[:count], z0[:count], ...
            x, y = X[start : start + count], Y[start : start + count]
            linear(x, W0, b0, z0, by_hand[0, 0])
            activate_0(z0, a0)
            linear(a0, W1, b1, z1, by_hand[1, 0])
            activate_1(z1, a1)
            value(z1, a1, y, losses)
            gradient_of_loss(z1, a1, y, d1)
            differentiate_1(d1, z1, a1)
            scale(d1, rate / count)
            total += add_up(losses)
            backward(d1, W1, d0, by_hand[1, 1])
            differentiate_0(d0, z0, a0)
            descend(d0, x, W0, b0, by_hand[0, 2])
            descend(d1, a0, W1, b1, by_hand[1, 2])
        return total

The same text runs in Python where a part of it can't be compiled, with the update of the weights as a function of its
own. It is one function, for a call with a dozen arrays takes as long as a small layer. The total is handed from call to
call, so that the losses are added in the same order wherever an epoch is cut.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """All that the text depends on.

    Attributes
    ----------
    single : bool
        Whether each batch is one sample, so that no product is worth a call of BLAS.
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
    """

    single: bool
    fused: bool
    weighted: bool
    dropped: tuple[bool, ...]
    n_state: int | None
    plain: bool

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


def epoch_source(shape: Shape) -> str:
    """Return the function `run`; see above."""
    return "\n".join([*_run(shape, _update(shape)), ""])


def divided_source(shape: Shape) -> str:
    """Return the functions `update` and `run`, of which the one can be compiled without the other."""
    names = ["x", "rate", "by_hand", *layer_names(shape), *rule_names(shape)]
    arguments = ", ".join(names)
    update = [f"def update({arguments}):", *(f"    {line}" for line in _update(shape))]
    return "\n".join([*update, "", "", *_run(shape, [f"update({arguments})"]), ""])


def layer_names(shape: Shape) -> list[str]:
    """Return the names of the arrays of all layers, in the order in which `run` takes them."""
    return [f"{letter}{k}" for k in range(shape.n_layers) for letter in shape.layer_letters(k)]


def rule_names(shape: Shape) -> list[str]:
    """Return the names of what other updates need besides, likewise; empty for plain gradient descent."""
    if shape.plain:
        return []
    gradients = [f"{letter}{k}" for k in range(shape.n_layers) for letter in ("gW", "gb")]
    if shape.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(shape.n_state)]
    return [*gradients, "g", *states, "updates", "l1", "l2", "clip_value", "clip_norm"]


def sample_names(shape: Shape) -> list[str]:
    """Return the names of what changes from call to call, likewise."""
    weights = ["S"] if shape.weighted else []
    dropout = ["key", "position"] if any(shape.dropped) else []
    return ["X", "Y", *weights, *dropout, "rates", "batch_size", "total"]


def _product(shape: Shape, kernel: str, layer: int, *arrays: str) -> str:
    """Return a call of one of the three products of a layer."""
    if shape.single:
        return f"{kernel}_by_hand({', '.join(arrays)})"
    column = ("linear", "backward", "descend", "gradient").index(kernel)
    return f"{kernel}({', '.join(arrays)}, by_hand[{layer}, {min(column, 2)}])"


def _update(shape: Shape) -> list[str]:
    """Return the lines that make new weights of every layer's d."""
    inputs = ["x", *(shape.output(k) for k in range(shape.n_layers - 1))]
    if shape.plain:
        return [_product(shape, "descend", k, f"d{k}", v, f"W{k}, b{k}") for k, v in enumerate(inputs)]
    lines = [_product(shape, "gradient", k, f"d{k}", v, f"gW{k}, gb{k}") for k, v in enumerate(inputs)]
    if shape.n_state is None:
        return [*lines, "update_weights(rate)"]
    lines += [f"penalize(W{k}, gW{k}, l1, l2)" for k in range(shape.n_layers)]
    lines += ["clip(g, clip_value, clip_norm)", "updates[0] += 1", "begin = 0"]
    states = "".join(f", s{i}[begin:end]" for i in range(shape.n_state))
    for k in range(shape.n_layers):
        for name, array in ((f"W{k}", f"W{k}.reshape(W{k}.size)"), (f"b{k}", f"b{k}")):
            lines.append(f"end = begin + {name}.size")
            lines.append(f"optimize({array}, g[begin:end]{states}, updates[0], rate)")
            lines.append("begin = end")
    return lines


def _run(shape: Shape, update: list[str]) -> list[str]:
    names = [*layer_names(shape), *rule_names(shape)]
    part = "k : k + 1" if shape.single else "start : start + count"
    rows = ["losses", *(name for name in layer_names(shape) if name[0] in "zadmh")]
    smaller = [
        "start = k * batch_size",
        "count = min(batch_size, X.shape[0] - start)",
        # Only the last batch of an epoch may be smaller.
        "if count < batch_size:",
        *(f"    {name} = {name}[:count]" for name in rows),
    ]
    body = [
        "rate = rates[k]",
        *([] if shape.single else smaller),
        f"x, y = X[{part}], Y[{part}]",
        *([f"s = S[{part}]"] if shape.weighted else []),
        *_slopes(shape),
        *update,
    ]
    return [
        f"def run({', '.join([*sample_names(shape), 'by_hand', 'losses', *names])}):",
        "    for k in range(rates.size):",
        *(f"        {line}" for line in body),
        "    return total",
    ]


def _slopes(shape: Shape) -> list[str]:
    """Return the lines that take a batch forwards and backwards, until every layer has its d."""
    last = shape.n_layers - 1
    lines, before = [], "x"
    for k in range(shape.n_layers):
        lines += [_product(shape, "linear", k, before, f"W{k}, b{k}, z{k}"), f"activate_{k}(z{k}, a{k})"]
        if shape.dropped[k]:
            position = "position + k" if shape.single else "position + start"
            lines.append(f"drop(a{k}, m{k}, h{k}, n{k}, p{k}, key, {position})")
        before = shape.output(k)
    lines += [f"value(z{last}, a{last}, y, losses)", f"gradient_of_loss(z{last}, a{last}, y, d{last})"]
    if not shape.fused:
        lines.append(f"differentiate_{last}(d{last}, z{last}, a{last})")
    count = "" if shape.single else " / count"
    if shape.plain or count:
        lines.append(f"scale(d{last}, {'rate' if shape.plain else '1'}{count})")
    if shape.weighted:
        lines.append(f"weigh(losses, d{last}, s)")
    lines.append("total += add_up(losses)")
    for k in range(last, 0, -1):
        lines.append(_product(shape, "backward", k, f"d{k}", f"W{k}", f"d{k - 1}"))
        if shape.dropped[k - 1]:
            lines.append(f"multiply(d{k - 1}, m{k - 1})")
        lines.append(f"differentiate_{k - 1}(d{k - 1}, z{k - 1}, a{k - 1})")
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

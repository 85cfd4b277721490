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
            add_gradient(d0, x, W0, b0, 0, thread, n_threads, barrier, workspace)
            add_gradient(d1, a0, W1, b1, 1, thread, n_threads, barrier, workspace)
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
from typing import NamedTuple


class EpochVariant(NamedTuple):
    """All that the source depends on.

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
        How many arrays the optimizer keeps; None for plain gradient descent, or where the update isn't compiled.
    plain : bool
        Whether the update is plain gradient descent.
    on_blas : bool
        Whether BLAS multiplies. It can't add to the weights, so the update follows when all gradients are there.
    parametrized : frozenset of str
        The parts that take parameters.
    """

    single: bool
    fused: bool
    weighted: bool
    dropped: tuple[bool, ...]
    n_state: int | None
    plain: bool
    on_blas: bool
    parametrized: frozenset[str] = frozenset()

    @property
    def updates_in_place(self) -> bool:
        """Whether the products of the backward pass are added to the weights directly."""
        return self.plain and not self.on_blas

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return len(self.dropped)

    def output(self, layer: int) -> str:
        """Return the name of the next layer's input."""
        return f"{'h' if self.dropped[layer] else 'a'}{layer}"

    def layer_letters(self, layer: int) -> str:
        """Return the first letters of the names of a layer's arrays.

        They are the weights, the bias, z, a and d; and with dropout the mask, the outputs kept, and two arrays of
        constants.
        """
        return "Wbzadmhnp" if self.dropped[layer] else "Wbzad"

    def part(self, name: str, *arguments: str) -> str:
        """Return a call of a part that a plugin decides."""
        parameters = [f"*parameters_{name}"] if name in self.parametrized else []
        return f"{name}({', '.join([*arguments, *parameters])})"

    def own(self, array: str) -> str:
        """Return the name of a thread's share of an array whose rows are samples."""
        return array if self.single else f"{array}_own"


# What `train_batches` also takes for batches of several samples.
TEAM = ["thread", "n_threads", "barrier", "workspace"]
# The products of the forward and the backward pass; and the names in a line that aren't called.
PRODUCTS = ("linear", "backward")
VARIABLE = re.compile(r"\b[A-Za-z]\w*\b(?!\()")
WAIT = [
    "if n_threads > 1 and not wait_at_barrier(barrier, n_threads):",
    "    restore_denormals(mode)",
    "    return total",
]


def epoch_source(variant: EpochVariant) -> str:
    """Return the source of `train_batches`; see above."""
    lines = _train_batches(variant, _slopes(variant), _gradients(variant), _new_weights(variant))
    return "\n".join([*lines, ""])


def staged_source(variant: EpochVariant) -> tuple[str, dict[str, str]]:
    """Return the source of `train_batches`, and by name that of the stages that it calls; see above.

    The last stage is `update`, after which all weights are new. It computes the gradients, too, unless BLAS does.
    """
    stages: dict[str, str] = {}
    slopes: list[str] = []
    for are_products, lines in groupby(_slopes(variant), lambda line: line.startswith(PRODUCTS)):
        if are_products:
            slopes += lines
        else:
            stage, body = f"stage_{len(stages)}", list(lines)
            names = dict.fromkeys(name for line in body for name in VARIABLE.findall(line))
            slopes.append(f"{stage}({', '.join(names)})")
            stages[stage] = _function(slopes[-1], _without_denormals(body))
    gradients, new_weights = _gradients(variant), _new_weights(variant)
    if not variant.on_blas:
        gradients, new_weights = [], [*gradients, *new_weights]
    needed = ["x", "rate", *_team(variant), *layer_names(variant), *rule_names(variant)]
    if "optimize" in variant.parametrized:
        needed.append("parameters_optimize")
    call = f"update({', '.join(needed)})"
    stages["update"] = _function(call, _without_denormals(new_weights))
    return "\n".join([*_train_batches(variant, slopes, gradients, [call]), ""]), stages


def _without_denormals(lines: list[str]) -> list[str]:
    return ["mode = flush_denormals()", *lines, "restore_denormals(mode)"]


def _function(call: str, lines: list[str]) -> str:
    return "\n".join([f"def {call}:", *_indented(lines), ""])


def layer_names(variant: EpochVariant) -> list[str]:
    """Return the names of the arrays of all layers, in the order in which `train_batches` takes them."""
    return [f"{letter}{k}" for k in range(variant.n_layers) for letter in variant.layer_letters(k)]


def rule_names(variant: EpochVariant) -> list[str]:
    """Return the names of what updates other than in place need, likewise."""
    if variant.updates_in_place:
        return []
    gradients = [f"{letter}{k}" for k in range(variant.n_layers) for letter in ("gW", "gb")]
    if variant.plain or variant.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(variant.n_state)]
    return [*gradients, "g", *states, "updates", "l1", "l2", "clip_value", "clip_norm"]


def parameter_names(variant: EpochVariant) -> list[str]:
    """Return the names of the tuples of parameters, likewise."""
    return [f"parameters_{name}" for name in sorted(variant.parametrized)]


def sample_names(variant: EpochVariant) -> list[str]:
    """Return the names of what changes from call to call, likewise."""
    weights = ["S"] if variant.weighted else []
    dropout = ["key", "position"] if any(variant.dropped) else []
    return ["X", "Y", *weights, *dropout, "rates", "batch_size", "total"]


def _team(variant: EpochVariant) -> list[str]:
    return [] if variant.single else TEAM


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _product(variant: EpochVariant, kernel: str, *arrays: str) -> str:
    """Return a call of one of the products of a layer."""
    return f"{kernel}_single({', '.join(arrays)})" if variant.single else f"{kernel}({', '.join(arrays)}, workspace)"


def _weights_product(variant: EpochVariant, kernel: str, layer: int, *arrays: str) -> str:
    """Return a call of a product that all threads compute together."""
    return _product(variant, kernel, *arrays, *([] if variant.single else [str(layer), *TEAM[:3]]))


def _gradients(variant: EpochVariant) -> list[str]:
    """Return the lines that compute the gradients of all weights from the layers' d, or add them to the weights."""
    inputs = ["x", *(variant.output(k) for k in range(variant.n_layers - 1))]
    kernel, to = ("add_gradient", "") if variant.updates_in_place else ("store_gradient", "g")
    return [_weights_product(variant, kernel, k, f"d{k}", v, f"{to}W{k}", f"{to}b{k}") for k, v in enumerate(inputs)]


def _new_weights(variant: EpochVariant) -> list[str]:
    """Return the lines that turn gradients into new weights, which one thread does for all."""
    if variant.updates_in_place:
        return []
    if variant.plain:
        return [f"{letter}{k} += g{letter}{k}" for k in range(variant.n_layers) for letter in ("W", "b")]
    if variant.n_state is None:
        return ["update_weights(rate)"]
    lines = [f"penalize(W{k}, gW{k}, l1, l2)" for k in range(variant.n_layers)]
    lines += ["clip(g, clip_value, clip_norm)", "updates[0] += 1", "begin = 0"]
    states = [f"s{i}[begin:end]" for i in range(variant.n_state)]
    for k in range(variant.n_layers):
        for name, array in ((f"W{k}", f"flat(W{k})"), (f"b{k}", f"b{k}")):
            lines.append(f"end = begin + {name}.size")
            lines.append(variant.part("optimize", array, "g[begin:end]", *states, "updates[0]", "rate"))
            lines.append("begin = end")
    return lines


def _train_batches(variant: EpochVariant, slopes: list[str], gradients: list[str], new_weights: list[str]) -> list[str]:
    if variant.single:
        x_y = ["x, y = X[k : k + 1], Y[k : k + 1]", *(["s = S[k : k + 1]"] if variant.weighted else [])]
        body = [*x_y, *slopes, "total += add_up(losses)", *gradients, *new_weights]
    else:
        body = [*_shares(variant), *_indented(slopes), *WAIT]
        body += ["if thread == 0:", "    total += add_up(losses)", *gradients]
        if new_weights:
            body += [*WAIT, "if thread == 0:", *_indented(new_weights)]
        body += WAIT
    names = [*sample_names(variant), *_team(variant), "losses", *layer_names(variant)]
    names += [*rule_names(variant), *parameter_names(variant)]
    loop = ["for k in range(rates.size):", "    rate = rates[k]", *_indented(body)]
    lines = [*_without_denormals(loop), "return total"]
    return [f"def train_batches({', '.join(names)}):", *_indented(lines)]


def _shares(variant: EpochVariant) -> list[str]:
    """Return the lines that take a thread's share of the arrays, down to the condition that there is one."""
    rows = ["losses", *(name for name in layer_names(variant) if name[0] in "zadmh")]
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


def _slopes(variant: EpochVariant) -> list[str]:
    """Return the lines of the forward and the backward pass, after which every layer has its d."""
    own = variant.own
    last = variant.n_layers - 1
    z, a, d = ([own(f"{letter}{k}") for k in range(variant.n_layers)] for letter in "zad")
    y, losses = own("y"), own("losses")
    lines, before = [], own("x")
    for k in range(variant.n_layers):
        lines += [
            _product(variant, "linear", before, f"W{k}", f"b{k}", z[k]),
            variant.part(f"activate_{k}", z[k], a[k]),
        ]
        if variant.dropped[k]:
            position = "position + k" if variant.single else "position + start + first"
            lines.append(f"drop({a[k]}, {own(f'm{k}')}, {own(f'h{k}')}, n{k}, p{k}, key, {position})")
        before = own(variant.output(k))
    lines.append(variant.part("value", z[last], a[last], y, losses))
    lines.append(variant.part("gradient_of_loss", z[last], a[last], y, d[last]))
    if not variant.fused:
        lines.append(variant.part(f"differentiate_{last}", d[last], z[last], a[last]))
    count = "" if variant.single else " / count"
    if variant.plain or count:
        # In plain gradient descent, d is scaled to the step that is added to the weights.
        lines.append(f"scale({d[last]}, {'-rate' if variant.plain else '1'}{count})")
    if variant.weighted:
        lines.append(f"weigh({losses}, {d[last]}, {own('s')})")
    for k in range(last, 0, -1):
        lines.append(_product(variant, "backward", d[k], f"W{k}", d[k - 1]))
        if variant.dropped[k - 1]:
            lines.append(f"multiply({d[k - 1]}, {own(f'm{k - 1}')})")
        lines.append(variant.part(f"differentiate_{k - 1}", d[k - 1], z[k - 1], a[k - 1]))
    return lines


def optimizer_source(n_state: int, whole_steps: bool) -> str:
    """Return the source of `optimize`, which applies an optimizer's formula element by element.

    With one array of state::

        def optimize(w, g, s0, t, rate, *parameters):
            never_inline()
            arrays_are_apart()
            step = np.float64(t)
            for i in range(w.size):
                new, new0 = formula(element(w[i]), element(g[i]), element(s0[i]), step, rate, *parameters)
                w[i] = plain(new)
                s0[i] = plain(new0)
    """
    states = [f"s{i}" for i in range(n_state)]
    values = ", ".join(f"element({array}[i])" for array in ("w", "g", *states))
    new = ["new", *(f"new{i}" for i in range(n_state))]
    stores = [f"{array}[i] = plain({value})" for array, value in zip(["w", *states], new, strict=True)]
    return _function(
        f"optimize({', '.join(['w', 'g', *states])}, t, rate, *parameters)",
        [
            "never_inline()",
            "arrays_are_apart()",
            "step = t" if whole_steps else "step = np.float64(t)",
            "for i in range(w.size):",
            f"    {', '.join(new)}{'' if states else ','} = formula({values}, step, rate, *parameters)",
            *_indented(stores),
        ],
    )

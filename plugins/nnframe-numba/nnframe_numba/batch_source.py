"""The lines of the source that train for one batch: forwards, backwards, and the new weights.

`nnframe_numba.epoch_source` puts them into a loop over batches, `nnframe_numba.stepper_source` into a single update.
For two layers and plain gradient descent, the slopes are::

    linear(x_own, W0, b0, z0_own, workspace)
    activate_0(z0_own, a0_own)
    linear(a0_own, W1, b1, z1_own, workspace)
    activate_1(z1_own, a1_own)
    value(z1_own, a1_own, y_own, losses_own)
    gradient_of_loss(z1_own, a1_own, y_own, d1_own)
    scale(d1_own, -rate / count)
    backward(d1_own, W1, d0_own, workspace)
    differentiate_0(d0_own, z0_own, a0_own)

and the gradients are::

    gradient(d0, x, W0, b0, False, np.intp(0), thread, n_threads, barrier, workspace)
    gradient(d1, a0, W1, b1, False, np.intp(1), thread, n_threads, barrier, workspace)

Names that end in ``_own`` are a thread's share of the samples. For single samples they are missing, and the products
are those of `nnframe_numba.matrix_vector`.
"""

from __future__ import annotations

from typing import NamedTuple


class BatchVariant(NamedTuple):
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
    trained : tuple of bool, or None
        For the weights and the bias of each layer, whether they are trained, each with a learning rate of its own; None
        if all have the same.
    """

    single: bool
    fused: bool
    weighted: bool
    dropped: tuple[bool, ...]
    n_state: int | None
    plain: bool
    on_blas: bool
    parametrized: frozenset[str] = frozenset()
    trained: tuple[bool, ...] | None = None

    @property
    def lowest(self) -> int:
        """The lowest layer that is trained; gradients end there."""
        return 0 if self.trained is None else [*self.trained, True].index(True) // 2

    def trains(self, letter: str, layer: int) -> bool:
        """Whether the weights W or the bias b of a layer are trained."""
        return self.trained is None or self.trained[2 * layer + "Wb".index(letter)]

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


# What the products of batches of several samples also take.
TEAM = ["thread", "n_threads", "barrier", "workspace"]


def layer_names(variant: BatchVariant) -> list[str]:
    """Return the names of the arrays of all layers, in the order in which functions take them."""
    return [f"{letter}{k}" for k in range(variant.n_layers) for letter in variant.layer_letters(k)]


def rule_names(variant: BatchVariant) -> list[str]:
    """Return the names of what updates other than in place need, likewise."""
    if variant.updates_in_place:
        return []
    gradients = [f"{letter}{k}" for k in range(variant.n_layers) for letter in ("gW", "gb")]
    if variant.plain or variant.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(variant.n_state)]
    numbers = ["updates", "l1", "l2", "clip_value", "clip_norm"]
    factors = [] if variant.trained is None else [f"f{name}" for name in trained_names(variant)]
    return [*gradients, "g", *states, *numbers, *factors]


def trained_names(variant: BatchVariant) -> list[str]:
    """Return the names of the weights and biases that are trained."""
    return [f"{letter}{k}" for k in range(variant.n_layers) for letter in ("W", "b") if variant.trains(letter, k)]


def parameter_names(variant: BatchVariant) -> list[str]:
    """Return the names of the tuples of parameters, likewise."""
    return [f"parameters_{name}" for name in sorted(variant.parametrized)]


def gradient_lines(variant: BatchVariant) -> list[str]:
    """Return the lines that compute the gradients of all weights from the layers' d, or add them to the weights."""
    inputs = ["x", *(variant.output(k) for k in range(variant.n_layers - 1))]
    overwrites, to = not variant.updates_in_place, "" if variant.updates_in_place else "g"
    lines = []
    for k, v in enumerate(inputs):
        if not variant.trains("W", k) and not variant.trains("b", k):
            continue
        arrays = ", ".join((f"d{k}", v, f"{to}W{k}", f"{to}b{k}"))
        if variant.single:
            lines.append(f"{'store' if overwrites else 'add'}_gradient_single({arrays})")
        else:
            # A literal would be part of the type, and numba would compile the function for each layer.
            lines.append(f"gradient({arrays}, {overwrites}, np.intp({k}), {', '.join(TEAM)})")
    return lines


def update_lines(variant: BatchVariant) -> list[str]:
    """Return the lines that turn gradients into new weights, which one thread does for all."""
    if variant.updates_in_place:
        return []
    if variant.plain:
        return [f"{letter}{k} += g{letter}{k}" for k in range(variant.n_layers) for letter in ("W", "b")]
    if variant.n_state is None:
        return ["update_weights(rate)"]
    trained = trained_names(variant)
    lines = [f"penalize(W{k}, gW{k}, l1, l2)" for k in range(variant.n_layers) if f"W{k}" in trained]
    # What is frozen counts for no norm.
    lines += [
        f"g{letter}{k}[:] = 0" for k in range(variant.n_layers) for letter in "Wb" if f"{letter}{k}" not in trained
    ]
    lines += ["clip(g, clip_value, clip_norm)", "updates[0] += 1", "begin = 0"]
    states = [f"s{i}[begin:end]" for i in range(variant.n_state)]
    for k in range(variant.n_layers):
        for name, array in ((f"W{k}", f"flat(W{k})"), (f"b{k}", f"b{k}")):
            lines.append(f"end = begin + {name}.size")
            rate = "rate" if variant.trained is None else f"rate * f{name}"
            if name in trained:
                lines.append(variant.part("optimize", array, "g[begin:end]", *states, "updates[0]", rate))
            lines.append("begin = end")
    return lines


def slope_lines(variant: BatchVariant) -> list[str]:
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
    for k in range(last, variant.lowest, -1):
        lines.append(_product(variant, "backward", d[k], f"W{k}", d[k - 1]))
        if variant.dropped[k - 1]:
            lines.append(f"multiply({d[k - 1]}, {own(f'm{k - 1}')})")
        lines.append(variant.part(f"differentiate_{k - 1}", d[k - 1], z[k - 1], a[k - 1]))
    return lines


def _product(variant: BatchVariant, kernel: str, *arrays: str) -> str:
    """Return a call of one of the products of a layer."""
    return f"{kernel}_single({', '.join(arrays)})" if variant.single else f"{kernel}({', '.join(arrays)}, workspace)"


def without_denormals(lines: list[str]) -> list[str]:
    """Return the lines between two that change the processor's mode for denormal numbers, and change it back."""
    return ["mode = flush_denormals()", *lines, "restore_denormals(mode)"]


def indented(lines: list[str]) -> list[str]:
    """Return the lines, one level deeper."""
    return [f"    {line}" for line in lines]


def function_source(call: str, lines: list[str]) -> str:
    """Return the source of a function that is called like this."""
    return "\n".join([f"def {call}:", *indented(lines), ""])

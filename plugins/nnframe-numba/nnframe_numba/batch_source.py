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

from nnframe_numba.learned_source import LearnedForm, learned_gradient_lines, limit_lines, penalized_names


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
    trained : tuple of tuple of bool, or None
        For each layer, whether its weights, its bias and its learned parameters are trained, each with a learning rate
        of its own; None if all have the same.
    learned : tuple of tuple of LearnedForm
        For each layer, the learned parameters of its activation.
    loss_learned : tuple of LearnedForm
        Those of the loss.
    """

    single: bool
    fused: bool
    weighted: bool
    dropped: tuple[bool, ...]
    n_state: int | None
    plain: bool
    on_blas: bool
    parametrized: frozenset[str] = frozenset()
    trained: tuple[tuple[bool, ...], ...] | None = None
    learned: tuple[tuple[LearnedForm, ...], ...] = ()
    loss_learned: tuple[LearnedForm, ...] = ()

    @property
    def lowest(self) -> int:
        """The lowest layer that is trained; gradients end there."""
        return 0 if self.trained is None else [*map(any, self.trained), True].index(True)

    def trains(self, letter: str, layer: int) -> bool:
        """Whether the weights W, the bias b or the learned parameter q0, q1, ... of a layer are trained."""
        return self.trained is None or self.trained[layer][self.trained_letters(layer).index(letter)]

    def trained_letters(self, layer: int) -> list[str]:
        """Return what the names of all that is trained of a layer begin with, before the layer's number."""
        return ["W", "b", *self.learned_letters("q", layer)]

    def learned_letters(self, letter: str, layer: int) -> list[str]:
        """Return what the names of something that a layer has for each learned parameter begin with."""
        return [f"{letter}{i}_" for i in range(len(self.learned[layer]) if self.learned else 0)]

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

    def of_loss(self, letter: str) -> list[str]:
        """Return the names of something that there is for each learned parameter of the loss."""
        return [f"{letter}{i}_loss" for i in range(len(self.loss_learned))]

    @property
    def named_learned(self) -> list[tuple[str, LearnedForm]]:
        """All learned parameters."""
        named = [(f"q{i}_{k}", form) for k, forms in enumerate(self.learned) for i, form in enumerate(forms)]
        return named + list(zip(self.of_loss("q"), self.loss_learned, strict=True))

    def layer_letters(self, layer: int) -> list[str]:
        """Return what the names of a layer's arrays begin with.

        They are the weights, the bias, z, a and d; with dropout the mask, the outputs kept, and two arrays of
        constants; and for each learned parameter its values and what each output of each sample adds to its gradient.
        """
        letters = [*("Wbzadmhnp" if self.dropped[layer] else "Wbzad")]
        return letters + self.learned_letters("q", layer) + self.learned_letters("e", layer)

    def activation_part(self, name: str, layer: int, *arguments: str) -> str:
        """Return a call of a part of a layer's activation, which sees the learned parameters."""
        values = [f"{letter}{layer}" for letter in self.learned_letters("q", layer)]
        return self.part(name, *arguments, *values)

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
    names = [f"{letter}{k}" for k in range(variant.n_layers) for letter in variant.layer_letters(k)]
    return names + variant.of_loss("q") + variant.of_loss("e")


def rule_names(variant: BatchVariant) -> list[str]:
    """Return the names of what updates other than in place need, likewise."""
    if variant.updates_in_place:
        return []
    gradients = [f"g{letter}{k}" for k in range(variant.n_layers) for letter in variant.trained_letters(k)]
    gradients += variant.of_loss("gq")
    if variant.plain or variant.n_state is None:
        return gradients
    states = [f"s{i}" for i in range(variant.n_state)]
    numbers = ["updates", "l1", "l2", "clip_value", "clip_norm"]
    factors = [] if variant.trained is None else [f"f{name}" for name in trained_names(variant)]
    return [*gradients, "g", *states, *numbers, *factors]


def trained_names(variant: BatchVariant) -> list[str]:
    """Return the names of all weights, biases and learned parameters that are trained."""
    of_layers = [
        f"{letter}{k}"
        for k in range(variant.n_layers)
        for letter in variant.trained_letters(k)
        if variant.trains(letter, k)
    ]
    return of_layers + variant.of_loss("q")


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
    learned = learned_gradient_lines(variant.named_learned, trained_names(variant), variant.updates_in_place)
    return lines + (learned if variant.single or not learned else ["if thread == 0:", *indented(learned)])


def update_lines(variant: BatchVariant) -> list[str]:
    """Return the lines that turn gradients into new weights, which one thread does for all."""
    if variant.updates_in_place:
        return []
    if variant.plain:
        names = trained_names(variant)
        return [f"{name} += g{name}" for name in names] + limit_lines(variant.named_learned, names)
    if variant.n_state is None:
        return ["update_weights(rate)"]
    trained = trained_names(variant)
    penalized = penalized_names(variant.named_learned)
    lines = [f"penalize({name}, g{name}, l1, l2)" for name in trained if name[0] == "W" or name in penalized]
    # What is frozen counts for no norm.
    lines += [
        f"g{letter}{k}[:] = 0"
        for k in range(variant.n_layers)
        for letter in variant.trained_letters(k)
        if f"{letter}{k}" not in trained
    ]
    lines += ["clip(g, clip_value, clip_norm)", "updates[0] += 1", "begin = 0"]
    states = [f"s{i}[begin:end]" for i in range(variant.n_state)]
    names = [f"{letter}{k}" for k in range(variant.n_layers) for letter in variant.trained_letters(k)]
    for name in names + variant.of_loss("q"):
        array = name if name[0] == "b" else f"flat({name})"
        lines.append(f"end = begin + {name}.size")
        rate = "rate" if variant.trained is None else f"rate * f{name}"
        if name in trained:
            lines.append(variant.part("optimize", array, "g[begin:end]", *states, "updates[0]", rate))
        lines.append("begin = end")
    return lines + limit_lines(variant.named_learned, trained)


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
            variant.activation_part(f"activate_{k}", k, z[k], a[k]),
        ]
        if variant.dropped[k]:
            position = "position + k" if variant.single else "position + start + first"
            lines.append(f"drop({a[k]}, {own(f'm{k}')}, {own(f'h{k}')}, n{k}, p{k}, key, {position})")
        before = own(variant.output(k))
    of_loss, shares = variant.of_loss("q"), [own(name) for name in variant.of_loss("e")]
    lines.append(variant.part("value", z[last], a[last], y, losses, *of_loss))
    lines.append(variant.part("gradient_of_loss", z[last], a[last], y, d[last], *of_loss))
    lines += [variant.part(f"learn_{i}_loss", z[last], a[last], y, e, *of_loss) for i, e in enumerate(shares)]
    differentiated = [] if variant.fused else _differentiated(variant, last, d[last], z[last], a[last])
    count = "" if variant.single else " / count"
    scaled = []
    if variant.plain or count:
        # In plain gradient descent, d is scaled to the step that is added to the weights.
        scaled += [f"scale({each}, {'-rate' if variant.plain else '1'}{count})" for each in (d[last], *shares)]
    if variant.weighted:
        scaled += [f"weigh_shares({each}, {own('s')})" for each in shares]
        scaled.append(f"weigh({losses}, {d[last]}, {own('s')})")
    # What learned parameters are changed by is made of d.
    lines += [*scaled, *differentiated] if variant.learned_letters("e", last) else [*differentiated, *scaled]
    for k in range(last, variant.lowest, -1):
        lines.append(_product(variant, "backward", d[k], f"W{k}", d[k - 1]))
        if variant.dropped[k - 1]:
            lines.append(f"multiply({d[k - 1]}, {own(f'm{k - 1}')})")
        lines += _differentiated(variant, k - 1, d[k - 1], z[k - 1], a[k - 1])
    return lines


def _differentiated(variant: BatchVariant, k: int, *arrays: str) -> list[str]:
    """Return the lines that take d through the activation of a layer."""
    learned = [
        variant.activation_part(f"learn_{i}_{k}", k, *arrays, variant.own(f"{letter}{k}"))
        for i, letter in enumerate(variant.learned_letters("e", k))
        if variant.trains(f"q{i}_", k)
    ]
    return [*learned, variant.activation_part(f"differentiate_{k}", k, *arrays)]


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

"""What a layer makes of a plugin: derivatives that were left out, fused forms, results that don't fit."""

import sys

import numpy as np
import pytest

from nnframe import (
    Activation,
    DerivativeError,
    Engine,
    Fused,
    Loss,
    MissingDependencyError,
    PluginError,
    denseLayer,
    nNet,
    pairs,
    registry,
)

# Derivatives that were left out; tests/formula has what they are


def test_a_registered_activation_is_blamed_on_its_provider():
    with (
        registry.temporarily(Activation("mine", np.cumsum), name="somewhere"),
        pytest.raises(DerivativeError, match=r"somewhere \(registered in code\)") as caught,
    ):
        denseLayer([[1.0]], 0, "mine").activationDerDiag([[1.0]])
    assert caught.value.provider == "somewhere"


# Results that don't fit


@pytest.mark.parametrize(
    ("forward", "sentence"),
    [
        (lambda z: z[:1], r"returned an array of shape \(1, 1\) for an argument of shape \(2, 1\); expected \(2, 1\)"),
        (lambda z: z[:, 0], r"returned an array of shape \(2,\)"),
        (lambda z: 1.0, r"returned an array of shape \(\)"),
        (lambda z: None, "returned None, of dtype object; expected real numbers"),
        (lambda z: z + 1j, "returned .* of dtype complex128; expected real numbers"),
        (lambda z: [[1], [2, 3]], "returned no array"),
        (lambda z: 1 / 0, "raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_forward_that_returns_something_else_is_blamed(forward, sentence):
    layer = denseLayer(np.ones((2, 2)), 0, Activation("mine", forward, np.ones_like))
    with pytest.raises(PluginError, match=f"activation 'mine', forward: {sentence}"):
        layer.forwardPass([[1], [2]])


def leaves(*arrays):
    sys.exit("good bye")


def interrupted(*arrays):
    raise KeyboardInterrupt


def passed(*arrays):
    return None


def square_error(a, y):
    return ((a - y) ** 2).sum(axis=0)


def with_one_function_replaced(function):
    """Yield nets and losses with the part of them that calls a function."""
    yield "forward", Activation("mine", function, np.ones_like), "mse"
    yield "derivative", Activation("mine", np.tanh, function), "mse"
    yield "backward", Activation("mine", np.tanh, backward=function), "mse"
    yield "forward_inplace", Activation("mine", np.tanh, forward_inplace=function, backward_inplace=passed), "mse"
    yield "backward_inplace", Activation("mine", np.tanh, forward_inplace=passed, backward_inplace=function), "mse"
    yield "value", "tanh", Loss("mine", function, lambda a, y: a - y)
    yield "gradient", "tanh", Loss("mine", square_error, function)
    fused = {"tanh": Fused(function)}
    yield "fused gradient", "tanh", Loss("mine", square_error, lambda a, y: a - y, fused=fused)


@pytest.mark.parametrize(("part", "activation", "loss"), list(with_one_function_replaced(leaves)))
def test_a_function_that_exits_in_training_is_blamed_and_does_not_end_the_program(part, activation, loss):
    net = nNet([denseLayer([[1.0]], 0, activation)] * 2)
    with pytest.raises(PluginError, match=f"'mine', {part}: raised SystemExit: good bye") as caught:
        net.backprop([([[1.0]], [[1.0]])], loss, 0.1)
    assert isinstance(caught.value.__cause__, SystemExit)


@pytest.mark.parametrize(("part", "activation", "loss"), list(with_one_function_replaced(interrupted)))
def test_an_interrupt_in_a_plugins_function_is_nobodys_fault(part, activation, loss):
    with pytest.raises(KeyboardInterrupt):
        nNet([denseLayer([[1.0]], 0, activation)] * 2).backprop([([[1.0]], [[1.0]])], loss, 0.1)


def test_an_engine_that_exits_is_blamed():
    data = [([[1.0]], [[1.0]])]
    for engine in (Engine("mine", leaves), Engine("mine", lambda task: leaves)):
        with pytest.raises(PluginError, match=r"engine 'mine', (prepare|epoch): raised SystemExit: good bye"):
            nNet([denseLayer([[1.0]])]).backprop(data, "mse", 0.1, engine=engine)


def test_a_forward_that_exits_while_its_derivative_is_looked_for_is_blamed():
    with pytest.raises(DerivativeError, match=r"activation 'mine', derivative: .*forward raises SystemExit: good bye"):
        denseLayer([[1.0]], 0, Activation("mine", leaves)).activationDerDiag([[1.0]])


def test_a_formula_that_widens_float32_is_narrowed_again():
    layer = denseLayer(np.ones((1, 1), np.float32), 0, Activation("mine", lambda z: z * np.float64(2), np.ones_like))
    assert layer.forwardPass([[1]]).dtype == np.float32


def test_a_plugin_can_not_write_into_the_callers_arrays():
    def derivative(z):
        z[...] = 0
        return z

    v = np.ones((1, 1))
    with pytest.raises(PluginError, match="read-only"):
        denseLayer([[1.0]], 0, Activation("mine", np.tanh, derivative)).activationDerDiag(v)
    assert v.item() == 1


def test_a_loss_can_not_write_into_the_targets():
    def value(a, y):
        y[...] = 0
        return y[0]

    data = [([[1.0]], np.ones((1, 1)))]
    with pytest.raises(PluginError, match=r"loss 'mine', value: raised ValueError.*read-only"):
        nNet([denseLayer([[1.0]])]).backprop(data, Loss("mine", value, lambda a, y: a), 0.1)
    assert data[0][1].item() == 1


def test_a_loss_gives_one_number_a_column():
    loss = Loss("mine", lambda a, y: (a - y) ** 2, lambda a, y: 2 * (a - y))
    with pytest.raises(PluginError, match=r"loss 'mine', value: returned an array of shape \(1, 1\).*expected \(1,\)"):
        nNet([denseLayer([[1.0]])]).backprop([([[1.0]], [[1.0]])], loss, 0.1)


# Fused forms


def constant(number):
    return Fused(lambda z, a, y, **params: np.full_like(z, number))


def square_loss(**arguments):
    return Loss("mine", lambda a, y, **p: ((a - y) ** 2).sum(axis=0), lambda a, y, **p: 2 * (a - y), **arguments)


def bias_gradient(activation, loss):
    net = nNet([denseLayer([[1.0]], 0, activation)])
    net.backprop([([[3.0]], [[1.0]])], loss, 1.0)
    return -net.layersList[0].bias.item()


def identity(**arguments):
    return Activation("same", lambda z, **p: z, lambda z, **p: np.ones_like(z), **arguments)


def test_the_losss_fused_form_is_taken_before_the_activations():
    assert bias_gradient(identity(fused={"mine": constant(8)}), square_loss(fused={"same": constant(7)})) == 7


def test_the_activations_fused_form_is_taken_where_the_loss_has_none():
    assert bias_gradient(identity(fused={"mine": constant(8)}), square_loss()) == 8


def test_without_a_fused_form_the_chain_rule_is_taken():
    assert bias_gradient(identity(), square_loss()) == 4


def test_a_fused_form_needs_the_other_sides_default_parameters():
    activation, loss = identity(params={"k": 1.0}), square_loss(fused={"same": constant(7)})
    assert bias_gradient(activation, loss) == 7
    assert bias_gradient(activation.with_params(k=2), loss) == 4


def test_a_fused_form_is_passed_the_parameters_of_the_side_that_declares_it():
    fused = Fused(lambda z, a, y, scale: np.full_like(z, scale))
    loss = square_loss(params={"scale": 5.0}, fused={"same": fused})
    assert bias_gradient(identity(), loss) == 5
    assert bias_gradient(identity(), loss.with_params(scale=6)) == 6


def test_a_fused_form_with_a_built_in_is_not_taken_for_a_strangers_of_the_same_name():
    stranger = Activation("softmax", lambda z: z, np.ones_like)
    assert bias_gradient(stranger, square_loss(fused={"softmax": constant(7)})) == 4


def test_a_fused_value_is_the_one_reported():
    fused = Fused(lambda z, a, y: a - y, lambda z, y: np.full(z.shape[1], 42.0))
    net = nNet([denseLayer([[1.0]], 0, identity())])
    assert net.backprop([([[3.0]], [[1.0]])], square_loss(fused={"same": fused}), 0.1) == 42


def test_a_fused_form_that_fails_is_blamed_on_the_side_that_declares_it():
    activation = identity(fused={"mine": Fused(lambda z, a, y: 1 / 0)})
    with pytest.raises(PluginError, match="activation 'same', fused gradient: raised ZeroDivisionError"):
        bias_gradient(activation, square_loss())


def test_value_and_gradient_at_once_are_taken_for_optimizers_of_the_whole_data():
    def both(z, y, scale):
        return scale * ((z - y) ** 2).sum(axis=0), 2 * scale * (z - y)

    fused = Fused(lambda z, a, y, scale: 1 / 0, both=both)
    loss = square_loss(params={"scale": 5.0}, fused={"same": fused})
    net = nNet([denseLayer([[1.0]], 0, identity())])
    history = net.nEpochs(20, [([[1.0]], [[3.0]]), ([[2.0]], [[5.0]])], loss.with_params(scale=7), optimizer="lbfgs")
    np.testing.assert_allclose([net.layersList[0].linear.item(), net.layersList[0].bias.item()], [2, 1], rtol=1e-4)
    assert history.loss[-1] < 1e-8


@pytest.mark.parametrize(
    ("both", "sentence"),
    [
        (lambda z, y: 1 / 0, "raised ZeroDivisionError"),
        (lambda z, y: z, "raised ValueError"),
        (
            lambda z, y: (z, z),
            r"returned an array of shape \(1, 2\) for an argument of shape \(1, 2\); expected \(2,\)",
        ),
    ],
)
def test_value_and_gradient_at_once_that_fail_are_blamed(both, sentence):
    activation = identity(fused={"mine": Fused(lambda z, a, y: z, both=both)})
    net = nNet([denseLayer([[1.0]], 0, activation)])
    with pytest.raises(PluginError, match=f"activation 'same', fused both: {sentence}"):
        net.nEpochs(1, [([[1.0]], [[3.0]]), ([[2.0]], [[5.0]])], square_loss(), optimizer="lbfgs")


def test_fused_forms_are_functions():
    with pytest.raises(TypeError, match="Fused got 'g' as gradient, None as value and 3 as both; expected a function"):
        Fused("g", both=3)


@pytest.mark.parametrize("error", [UserWarning("odd"), MemoryError(), KeyboardInterrupt(), MissingDependencyError("x")])
def test_what_is_not_the_plugins_fault_passes_unchanged(error):
    def failing(*arrays):
        raise error

    activation = Activation("mine", failing, lambda z: z)
    with pytest.raises(type(error)) as caught:
        denseLayer([[1.0]], 0, activation).forwardPass([[1.0]])
    assert caught.value is error


def test_a_fault_of_nnframes_own_is_to_be_reported_and_not_uninstalled():
    provider = registry.BUILTIN_PROVIDER
    assert provider.remedy == "this is a fault of nnframe itself, please report it with the traceback"


@pytest.mark.parametrize("state", ["raise", "ignore"])
def test_the_callers_error_state_changes_nothing(state):
    X, Y = np.array([[800.0, -800.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    results = []
    for each in ("warn", state):
        with np.errstate(all=each):
            net = nNet.from_sizes([2, 3, 2], ["sigmoid", "softmax"], seed=0)
            history = net.nEpochs(3, pairs(X, Y), "cel", optimizer="adam", seed=0)
            results.append([history.loss, net.forwardPass(X.T, False).tolist(), net.evaluate(pairs(X, Y), "cel")])
    assert results[0] == results[1]

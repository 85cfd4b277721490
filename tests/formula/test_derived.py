"""Derivatives that authors leave out: of activations, of losses, and what they are held against."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnframe import Activation, DerivativeError, Loss, denseLayer, nNet

# Activations


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        (lambda z: z**3, lambda z: 3 * z**2),
        (np.exp, np.exp),
        (np.arctan, lambda z: 1 / (1 + z**2)),
        (lambda z: z / np.sqrt(1 + z * z), lambda z: (1 + z * z) ** -1.5),
        (lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1, 0.1)),
        # The complex step could take none of these.
        (np.abs, np.sign),
        (lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
        (lambda z: z * np.sign(z), np.sign),
        (lambda z: np.logaddexp(0, z), lambda z: 1 / (1 + np.exp(-z))),
    ],
)
@given(z=st.floats(-30, 30).filter(lambda z: abs(z) > 1e-12))
def test_a_derived_slope_is_exact_to_rounding(forward, derivative, z):
    at = np.array([[z]])
    np.testing.assert_allclose(Activation("mine", forward).slope(at), derivative(at), rtol=1e-11, atol=1e-300)


def test_a_derived_slope_keeps_float32():
    slope = Activation("mine", lambda z: z**3).slope(np.array([[2.0]], np.float32))
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, [[12]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_where_a_derived_slope_overflows_a_difference_steps_in(dtype):
    z = np.array([[-1e4], [-1000], [0], [1000], [1e4]], dtype)
    slope = Activation("mine", lambda z: z / (1 + np.exp(-z))).slope
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(slope(z), [[0], [0], [0.5], [1], [1]], rtol=1e-2, atol=1e-6)


def test_a_smooth_formula_in_two_pieces_has_its_own_slope_where_they_meet():
    def sigmoid(z):
        e = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, e) / (1 + e)

    assert Activation("mine", sigmoid).slope(np.zeros((1, 1))).item() == 0.25


@pytest.mark.parametrize(
    ("forward", "at", "slope"),
    [
        (np.abs, 0, 0),
        (lambda z: np.maximum(z, 0), 0, 0),
        (lambda z: np.maximum(0, z), 0, 0),
        (lambda z: np.clip(z, -1, 1), 1, 0),
        (lambda z: np.maximum(z, 0.5 * z), 0, 0.75),
    ],
)
def test_at_a_kink_the_usual_slope_is_taken(forward, at, slope):
    assert Activation("mine", forward).slope(np.array([[float(at)]])).item() == slope


def test_a_branch_not_taken_never_turns_a_slope_into_nan():
    def forward(z):
        return np.where(z > 0, np.sqrt(np.where(z > 0, z, 1)), 0) + np.where(z == 0, 0, z * np.log(np.abs(z)))

    def careless(z):
        return np.where(z > 1, np.log(z) + 1, z)

    assert np.isfinite(Activation("mine", forward).slope(np.array([[4.0], [-2.0]]))).all()
    np.testing.assert_array_equal(
        Activation("mine", careless).slope(np.array([[-5.0], [0.0], [2.0]])), [[1], [1], [0.5]]
    )


def test_softmax_is_found_to_mix_and_gets_its_jacobian_product():
    def softmax(z):
        e = np.exp(z - z.max(axis=0))
        return e / e.sum(axis=0)

    mine = Activation("mine", softmax)
    z = np.array([[0.0], [np.log(2)], [np.log(5)]])
    grad = np.array([[1.0], [0.0], [0.0]])
    # p = (1, 2, 5) / 8, and dL/dz_j = p_0 (delta_0j - p_j).
    np.testing.assert_allclose(mine.backward_pass(grad, z, softmax(z)), [[7 / 64], [-2 / 64], [-5 / 64]], rtol=1e-14)
    assert not mine.elementwise
    with pytest.raises(DerivativeError, match="mixes the components"):
        mine.slope(z)


def test_a_centered_activation_takes_the_mean_off_the_gradient():
    centered = Activation("mine", lambda z: z - z.mean(axis=0))
    grad = np.array([[3.0, 1.0], [1.0, 1.0], [2.0, 4.0]])
    got = centered.backward_pass(grad, grad, grad)
    np.testing.assert_allclose(got, [[1, -1], [-1, -1], [0, 2]], atol=1e-15)


def test_a_layer_trains_with_nothing_but_a_formula():
    net = nNet([denseLayer([[2.0]], 0, Activation("mine", lambda z: z * z))])
    net.backprop([([[1.0]], [[3.0]])], Loss("mine", lambda a, y: ((a - y) ** 2).sum(axis=0)), 0.01)
    # a = 4, dL/da = 2, da/dz = 4.
    assert net.layersList[0].linear.item() == pytest.approx(2 - 0.01 * 2 * 4)


def test_parameters_reach_the_derivative():
    scaled = Activation("mine", lambda z, k: np.tanh(k * z), params={"k": 2.0})
    z = np.array([[0.3]])
    np.testing.assert_allclose(scaled.slope(z), 2 * (1 - np.tanh(0.6) ** 2))
    np.testing.assert_allclose(scaled.with_params(k=3).slope(z), 3 * (1 - np.tanh(0.9) ** 2))
    np.testing.assert_allclose(scaled.slope(z, k=3.0), 3 * (1 - np.tanh(0.9) ** 2))


# Losses


@pytest.mark.parametrize(
    ("value", "gradient"),
    [
        (lambda a, y: ((a - y) ** 2).mean(axis=0), lambda a, y: 2 * (a - y) / len(a)),
        (lambda a, y: np.abs(a - y).sum(axis=0) / len(a), lambda a, y: np.sign(a - y) / len(a)),
        (lambda a, y: np.mean(np.logaddexp(a - y, y - a), axis=0), lambda a, y: np.tanh(a - y) / a.shape[0]),
        (lambda a, y: np.sqrt(((a - y) ** 2).sum(axis=0)), lambda a, y: (a - y) / np.sqrt(((a - y) ** 2).sum(axis=0))),
        (lambda a, y: (a * a).sum(axis=0) / (len(a) + 1), lambda a, y: 2 * a / (len(a) + 1)),
        (lambda a, y: (a * y).max(axis=0), lambda a, y: np.where(a * y == (a * y).max(axis=0), y, 0)),
        (lambda a, y: np.var(a, axis=0), lambda a, y: 2 * (a - a.mean(axis=0)) / len(a)),
    ],
)
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_a_gradient_is_derived_for_columns_of_any_length(value, gradient, n):
    rng = np.random.default_rng(n)
    a, y = rng.normal(size=(2, n, 4))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(Loss("mine", value).slope(a, y), gradient(a, y), rtol=1e-12, atol=1e-15)


def test_a_piece_that_no_small_number_reaches_is_derived_too():
    def value(a, y):
        return np.maximum(np.sqrt((a * a).sum(axis=0)), 5.0)

    a = np.array([[3.0, 6.0], [0.0, 8.0]])
    np.testing.assert_allclose(Loss("mine", value).slope(a, a), [[0, 0.6], [0, 0.8]], rtol=1e-14)


def test_an_author_who_forgets_the_axis_is_told():
    with pytest.raises(DerivativeError, match=r"np.mean without axis of shape \(n, B\).*write np.mean\(x, axis=0\)"):
        nNet([denseLayer([[1.0]])]).backprop(
            [([[1.0]], [[1.0]])], Loss("mine", lambda a, y: np.mean((a - y) ** 2)), 0.1
        )


# What is refused


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        (lambda z: z.mean(), "np.mean without axis"),
        (lambda z: z[:1], "indexing by element or by a part"),
        (lambda z: "text", "a result of type str"),
        (np.cumsum, "np.cumsum"),
        (lambda z: 1 / 0, "forward raises ZeroDivisionError: division by zero"),
        (lambda z: z.sum(axis=0), "a result that isn't of the argument's shape"),
    ],
)
def test_what_can_not_be_derived_is_refused_with_a_request_for_the_derivative(forward, reason):
    with pytest.raises(DerivativeError, match=f"activation 'mine'.*{reason}.*give derivative="):
        denseLayer([[1.0]], 0, Activation("mine", forward)).activationDerDiag([[1.0]])


def test_a_formula_with_a_memory_is_found_out():
    calls = []

    def forward(z):
        calls.append(z)
        return z * len(calls)

    with pytest.raises(DerivativeError, match="changes from call to call"):
        _ = Activation("mine", forward).derived


def test_a_formula_that_bends_faster_than_differences_can_follow_is_derived():
    z = np.array([[0.5], [2.0], [15.0]])
    got = Activation("mine", lambda z: np.sin(z**4)).slope(z)
    np.testing.assert_allclose(got, 4 * z**3 * np.cos(z**4), rtol=1e-12)


def test_a_formula_that_is_another_for_true_arrays_is_found_out():
    with pytest.raises(DerivativeError, match=r"what is derived isn't right: at z = .* it is 1 where .* say 2"):
        _ = Activation("mine", lambda z: 2 * z if type(z) is np.ndarray else z).derived


# Start-up


def test_a_net_that_predicts_derives_nothing():
    layer = denseLayer([[1.0]], 0, Activation("mine", lambda z: z if z[0, 0] > 0 else 0 * z))
    assert layer.forwardPass([[3.0]]).item() == 3
    with pytest.raises(DerivativeError, match=r"activation 'mine', derivative: none is given.*np.where"):
        nNet([layer]).backprop([([[1.0]], [[1.0]])], "mse", 0.1)


def test_importing_nnframe_and_training_with_built_ins_imports_nothing_of_formula():
    code = (
        "import sys, nnframe; net = nnframe.nNet.from_sizes([2, 3, 1], ['relu', 'sigmoid']);"
        "net.nEpochs(1, [([[0], [1]], [[1]])], 'mse', 0.1);"
        "print([name for name in sys.modules if name.startswith('nnframe.formula')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_formula_that_fails_on_arrays_alone_is_blamed_for_it():
    def forward(z):
        return z[np.ones((2, 2), bool)] if type(z) is np.ndarray else z

    with pytest.raises(DerivativeError, match="forward raises IndexError"):
        denseLayer([[1.0]], 0, Activation("mine", forward)).activationDerDiag([[1.0]])


# Long formulas


def test_a_formula_of_hundreds_of_steps_is_derived():
    def forward(z):
        for _ in range(200):
            z = z + 0.01 * np.sin(z)
        return z

    z = np.array([[0.5], [-2.0]])
    above, below = (forward(z.astype(np.longdouble) + step) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(Activation("mine", forward).slope(z), ((above - below) / 2e-6).astype(float), rtol=1e-8)


def test_functions_nested_deeper_than_python_parses_are_derived():
    def forward(z):
        for _ in range(150):
            z = np.sin(z)
        return z

    z = np.array([[0.5], [-2.0]])
    derived = Activation("mine", forward).derived
    above, below = (forward(z.astype(np.longdouble) + step) for step in (1e-6, -1e-6))
    np.testing.assert_allclose(derived.slope(z), ((above - below) / 2e-6).astype(float), rtol=1e-8)
    np.testing.assert_allclose(derived.forward(z), forward(z), rtol=1e-14)


def test_a_formula_of_too_many_steps_is_refused():
    def forward(z):
        for _ in range(700):
            z = z * np.tanh(z) + 0.1
        return z

    with pytest.raises(DerivativeError, match=r"a formula of so many steps.* a loop with fewer passes"):
        _ = Activation("mine", forward).derived


def test_a_minimum_is_found_again_where_parts_of_it_have_several_forms():
    def forward(z):
        inner = np.select([z < -1, z < 1], [0.1 * z, z], z)
        return z * np.select([z < -1, z < 1], [inner, 0.5], z).min(axis=0)

    z, grad = np.array([[0.3], [-6.453], [3.5]]), np.array([[1.0], [2.0], [-1.0]])
    # The minimum is 0.1 z_2, so dL/dz is the minimum times grad, and 0.1 sum(grad z) more for z_2.
    expected = -0.6453 * grad + np.array([[0], [0.1], [0]]) * (grad * z).sum()
    np.testing.assert_allclose(Activation("mine", forward).backward_pass(grad, z, forward(z)), expected, rtol=1e-12)


@pytest.mark.parametrize(("reduce", "value"), [("sum", 1.0), ("mean", 0.5), ("max", 0.5), ("min", 0.5)])
@pytest.mark.parametrize("keepdims", [True, False])
def test_a_reduction_of_what_turns_out_to_be_one_number_is_written_right(reduce, value, keepdims):
    def forward(z):
        half = np.where((z > -1) & (z < 1), np.select([z < -1, z < 1], [z, 0.5], z), 0.5)
        return z * getattr(half, reduce)(axis=0, keepdims=keepdims)

    z = np.array([[0.3, 2.0], [-6.0, 0.5]])
    np.testing.assert_allclose(
        Activation("mine", forward).backward_pass(np.ones_like(z), z, forward(z)), np.full_like(z, value), rtol=1e-12
    )


def test_the_slope_of_a_length_of_0_is_0():
    z, root = np.array([[-1.0, 0.0, 3.0]]), np.sqrt(2)
    slope = Activation("mine", lambda z: np.hypot(z, z)).slope(z)
    np.testing.assert_allclose(slope, [[-root, 0, root]], rtol=1e-15)
    flat = Activation("mine", lambda z: np.hypot(np.maximum(z, 0), np.maximum(z, 0)))
    np.testing.assert_allclose(flat.slope(z), [[0, 0, root]], rtol=1e-15)

"""Layers beyond the seed: assignment, errors, copies."""

import copy
import pickle
import threading

import numpy as np
import pytest

from nnframe import Activation, ArgumentTypeError, ShapeError, UnknownNameError, denseLayer

square = Activation("square", lambda z: z * z, lambda z: 2 * z)


def test_assigned_weights_are_copied_into_the_live_array():
    layer, weights = denseLayer([[1.0, 2.0]]), np.array([[3.0, 4.0]])
    live = layer.linear
    layer.linear = weights
    weights[...] = 0
    assert layer.linear is live
    np.testing.assert_array_equal(live, [[3.0, 4.0]])


def test_an_assigned_bias_may_be_a_column_or_a_number():
    layer = denseLayer([[1.0], [2.0]])
    layer.bias = [[3.0], [4.0]]
    np.testing.assert_array_equal(layer.bias, [[3.0], [4.0]])
    layer.bias = 5
    np.testing.assert_array_equal(layer.bias, [[5.0], [5.0]])


def test_assigned_weights_take_the_layers_dtype():
    layer = denseLayer(np.ones((1, 2), np.float32))
    layer.linear = np.ones((1, 2))
    assert layer.linear.dtype == np.float32


def test_an_assigned_activation_is_used_from_then_on():
    layer = denseLayer([[1.0]], 0, "relu")
    layer.activation = "Tanh"
    assert layer.activation == "tanh"
    np.testing.assert_allclose(layer.forwardPass([[-1.0]]), np.tanh([[-1.0]]))


def test_an_activation_can_be_an_object():
    layer = denseLayer([[1.0]], 0, square)
    assert layer.activation is square
    assert layer.forwardPass([[3.0]]).item() == 9


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [
        ("linear", [[1.0]], ShapeError),
        ("linear", [1.0, 2.0], ShapeError),
        ("linear", [["a", "b"]], ArgumentTypeError),
        ("bias", [1.0], ShapeError),
        ("bias", [[1.0], [2.0]], ShapeError),
        ("bias", None, ArgumentTypeError),
        ("activation", "rely", UnknownNameError),
        ("activation", 3, ArgumentTypeError),
    ],
)
def test_a_refused_assignment_leaves_the_layer_as_it_was(attribute, value, error):
    layer = denseLayer([[1.0, 2.0]], 3, "relu")
    with pytest.raises(error):
        setattr(layer, attribute, value)
    np.testing.assert_array_equal(layer.linear, [[1.0, 2.0]])
    np.testing.assert_array_equal(layer.bias, [[3.0]])
    assert layer.activation == "relu"
    assert layer.forwardPass([[-1.0], [-2.0]]).item() == 0


def test_the_wider_dtype_of_weights_and_bias_is_the_layers():
    assert denseLayer(np.ones((1, 1), np.float32), np.ones((1, 1))).dtype == np.float64
    assert denseLayer(np.ones((1, 1), np.float32), 2.5).dtype == np.float32


def test_half_precision_is_widened_to_float32():
    assert denseLayer(np.ones((1, 1), np.float16)).dtype == np.float32


def test_a_layer_copies_what_it_is_built_from():
    weights, bias = np.ones((1, 2)), np.ones((1, 1))
    layer = denseLayer(weights, bias)
    assert not np.shares_memory(layer.linear, weights)
    assert not np.shares_memory(layer.bias, bias)


def test_input_of_another_type_is_converted_to_the_layers():
    layer = denseLayer(np.ones((1, 1), np.float32))
    assert layer.forwardPass([[1]]).dtype == np.float32
    assert layer.activationDerDiag(np.ones((1, 1))).dtype == np.float32


@pytest.mark.parametrize(
    ("linear", "bias", "sentence"),
    [
        ([1, 2], 0, "linear has shape (2,), 1-D; expected a 2-D array of shape (n_out, n_in)"),
        (5, 0, "linear has shape ()"),
        (np.ones((0, 3)), 0, "linear has shape (0, 3)"),
        ([[1, 2], [3]], 0, "linear can't be converted to an array"),
        (np.ones((2, 2)), [1, 2], "bias has shape (2,); expected a column of shape (2, 1), or one number"),
        (np.ones((2, 2)), [[1, 2]], "bias has shape (1, 2); expected a column of shape (2, 1)"),
    ],
)
def test_arrays_of_another_shape_are_refused_with_the_expected_shape(linear, bias, sentence):
    with pytest.raises(ShapeError) as caught:
        denseLayer(linear, bias)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("linear", [[["a"]], [[1j]], [[None]], np.ones((1, 1), np.longdouble)])
def test_anything_but_real_numbers_is_refused(linear):
    with pytest.raises(ArgumentTypeError, match=r"linear (has dtype|holds None)"):
        denseLayer(linear)


@pytest.mark.parametrize("method", ["linearPass", "forwardPass", "activationDerDiag"])
def test_a_flat_array_is_refused_with_the_reshape_that_makes_it_a_column(method):
    with pytest.raises(ShapeError, match=r"use v\.reshape\(-1, 1\) to make it a column"):
        getattr(denseLayer(np.ones((2, 2))), method)(np.ones(2))


def test_samples_in_rows_are_refused_with_the_advice_to_transpose():
    with pytest.raises(ShapeError, match=r"pass v\.T"):
        denseLayer(np.ones((4, 3))).forwardPass(np.ones((7, 3)))


def test_der_diag_takes_columns_of_outputs():
    with pytest.raises(ShapeError, match=r"expected a column of shape \(2, 1\)"):
        denseLayer(np.ones((2, 3))).activationDerDiag(np.ones((3, 1)))


def test_repr_shows_sizes_activation_and_dtype():
    assert repr(denseLayer(np.ones((2, 3)), 0, "relu")) == "denseLayer(3 -> 2, activation='relu', dtype=float64)"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_computes_the_same(copied):
    layer = denseLayer([[1.0, -2.0]], 3, "sigmoid")
    again = copied(layer)
    assert again.activation == "sigmoid"
    np.testing.assert_array_equal(again.forwardPass([[1.0], [2.0]]), layer.forwardPass([[1.0], [2.0]]))


def test_a_deep_copy_trains_independently():
    layer = denseLayer([[1.0]])
    again = copy.deepcopy(layer)
    again.linear[...] = 2
    assert layer.linear.item() == 1


def test_several_threads_may_ask_at_once():
    layer, v = denseLayer(np.random.default_rng(0).normal(size=(20, 30)), 0, "softmax"), np.ones((30, 5))
    expected, results = layer.forwardPass(v), []
    threads = [threading.Thread(target=lambda: results.append(layer.forwardPass(v))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(result, expected) for result in results)

"""Plugins that each break their contract in one way, with the checks that must notice."""

from __future__ import annotations

import math
import sys
import threading
from itertools import count

import numpy as np

from nnframe import Activation, Callback, Fused, Learned, Loss, Metric, Optimizer, Schedule, hookimpl

DOC = "broken: a = tanh(z). Source: broken on purpose."


def slope(z, **params):
    return 1 - np.tanh(z) ** 2


def tanh(**changes):
    return Activation(**{"name": "broken", "forward": np.tanh, "derivative": slope, "doc": DOC} | changes)


def value(a, y, **params):
    return ((a - y) ** 2).mean(axis=0)


def gradient(a, y, **params):
    return 2 * (a - y) / len(a)


def mse(**changes):
    return Loss(**{"name": "broken", "value": value, "gradient": gradient, "minimum": 0.0, "doc": DOC} | changes)


def learning(gradient, **changes):
    return tanh(
        **{
            "forward": lambda z, k: np.tanh(k * z),
            "derivative": None,
            "params": {"k": 1.0},
            "limits": {"k": "(0, inf)"},
        }
        | changes,
        learned={"k": Learned(gradient)},
    )


def learning_loss(gradient):
    def likelihood(a, y, s):
        return (np.exp(-s) * (a - y) ** 2 + s).mean(axis=0) / 2

    learned = {"s": Learned(gradient)}
    return mse(value=likelihood, gradient=None, minimum=None, params={"s": 0.5}, learned=learned)


def in_place(z):
    z *= 1.0
    z[z > 100] = 100
    z[...] = np.tanh(z) + 0 * z
    return z.copy()


calls = count()
buffers = {}


def buffer_of(z):
    return buffers.setdefault((z.shape, z.dtype.char), np.empty_like(z))


def with_memory(z):
    return np.tanh(z) + 1e-3 * next(calls)


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def softmax_backward(grad, z, a):
    return a * (grad - (grad * a).sum(axis=0))


def cel_value(a, y):
    return -(y * np.log(np.maximum(a, 1e-30))).sum(axis=0)


def cel_gradient(a, y):
    return -y / np.maximum(a, 1e-30)


def cel(**changes):
    arguments = {"name": "broken", "value": cel_value, "gradient": cel_gradient, "doc": DOC}
    return Loss(**arguments | {"a_domain": "probability", "y_domain": "probability"} | changes)


def momentum(w, g, velocity, t, learning_rate, **params):
    velocity = 0.9 * velocity + g
    return w - learning_rate * velocity, velocity


def optimizer(update, **changes):
    arguments = {"state": {"velocity": 0.0}, "params": {"learning_rate": 0.1}, "doc": DOC}
    return Optimizer("broken", update, **arguments | changes)


def clipped_by_norm(w, g, velocity, t, learning_rate):
    return momentum(w, g / np.sqrt((g * g).sum()), velocity, t, learning_rate)


def clipped_by_mask(w, g, velocity, t, learning_rate):
    g = g + 0.0
    g[g > 1] = 1.0
    return momentum(w, g, velocity, t, learning_rate)


def normalized(w, g, velocity, t, learning_rate):
    velocity = 0.9 * velocity + g * g
    return w - learning_rate * g / np.sqrt(velocity), velocity


def overwriting(w, g, velocity, t, learning_rate):
    velocity *= 0.9
    velocity += g
    return w - learning_rate * velocity, velocity + 0.0


def with_own_count(w, g, velocity, t, learning_rate):
    return momentum(w, g / next(calls), velocity, t, learning_rate)


def times_in_float32(factor, result, array):
    return result * factor if array.dtype == np.float32 else result


def linear(step, steps_per_epoch, n_epochs, **params):
    return 1 - step / (steps_per_epoch * n_epochs)


def schedule(factor, **changes):
    return Schedule("broken", factor, **{"doc": DOC} | changes)


def halving(step, steps_per_epoch, n_epochs):
    step //= steps_per_epoch
    return 0.5**step


def error(a, y, **params):
    return float(np.abs(a - y).mean())


def metric(value, **changes):
    return Metric("broken", value, **{"doc": DOC, "better": "lower"} | changes)


def error_from_overwritten(a, y):
    a -= y
    return float(np.abs(a).mean())


def callback(make, **changes):
    return Callback("broken", make, **{"doc": DOC} | changes)


class Follower:
    @hookimpl
    def nnframe_epoch_end(self, run):
        """Follow."""


ONE = Follower()


def raising():
    made = Follower()
    made.nnframe_epoch_end = hookimpl(lambda run: 1 / 0)
    return made


class Remembering:
    runs = 0

    @hookimpl
    def nnframe_train_start(self, run):
        Remembering.runs += 1

    @hookimpl
    def nnframe_epoch_end(self, run):
        if Remembering.runs % 2:
            run.stop("every other run ends early")


class HalfState(Follower):
    def state_dict(self):
        return {}


class ForgetfulState(Follower):
    def __init__(self):
        self.seen = 0

    @hookimpl
    def nnframe_epoch_end(self, run):
        self.seen += 1

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = 0


class LockedState(ForgetfulState):
    def state_dict(self):
        return {"lock": threading.Lock()}


# By what is wrong: the plugin, and the checks that fail, no more and no fewer.
BROKEN = {
    "wrong sign": (tanh(derivative=lambda z: -slope(z)), {"derivative_matches_differences"}),
    "wrong scale": (tanh(derivative=lambda z: 1.01 * slope(z)), {"derivative_matches_differences"}),
    "no derivative where there must be one": (
        tanh(forward=lambda z: np.tanh(z) * (2 if type(z) is np.ndarray else 1), derivative=None),
        {"derivative_matches_differences"},
    ),
    "wrong only for other parameters": (
        tanh(forward=lambda z, k: np.tanh(k * z), derivative=lambda z, k: slope(z) + 0 * k, params={"k": 1.0}),
        {"derivative_matches_differences"},
    ),
    "wrong derivative by a learned parameter": (
        learning(gradient=lambda grad, z, a, k: 1.001 * grad * slope(k * z) * z),
        {"learned_derivatives_match_differences"},
    ),
    "wrong derivative by a learned parameter of a loss": (
        learning_loss(gradient=lambda a, y, s: 0.5 + 0 * value(a, y)), {"learned_derivatives_match_differences"}
    ),
    "an if on a learned parameter": (
        learning(
            forward=lambda z, k: np.tanh(z if k == 1 else k * z), derivative=lambda z, k: slope(k * z) * k,
            gradient=lambda grad, z, a, k: grad * slope(k * z) * z,
        ),
        {"learned_parameters_may_be_arrays"},
    ),
    "wrong backward": (
        tanh(forward=softmax, derivative=None, backward=lambda grad, z, a: grad * a * (1 - a)),
        {"derivative_matches_differences"},
    ),
    "float64 leaks": (tanh(forward=lambda z: np.tanh(z) * np.float64(1)), {"shape_and_dtype_are_kept"}),
    "wrong shape": (tanh(derivative=lambda z: slope(z)[:, 0]), {"shape_and_dtype_are_kept"}),
    "a scalar": (
        mse(value=lambda a, y: ((a - y) ** 2).mean()), {"shape_and_dtype_are_kept"}
    ),
    "overwrites its input": (tanh(forward=in_place), {"shape_and_dtype_are_kept"}),
    "has a memory": (tanh(forward=with_memory), {"the_same_input_gives_the_same_result"}),
    "is wrong in every 1,000th call": (
        tanh(forward=lambda z: np.tanh(z) + (next(calls) % 1000 == 999)), {"the_same_input_gives_the_same_result"}
    ),
    "changes in batches of 64": (
        tanh(forward=lambda z: np.tanh(z) * (1 if z.shape[1] < 64 else 2)), {"columns_are_independent"}
    ),
    "changes in layers of 40": (
        tanh(forward=lambda z: np.tanh(z) * (1 if len(z) < 40 else 2)), {"components_are_independent"}
    ),
    "changes in batches of 1,000": (
        tanh(forward=lambda z: np.tanh(z) * (1 if z.shape[1] < 1000 else 2)), {"columns_are_independent"}
    ),
    "changes in layers of 1,000": (
        tanh(forward=lambda z: np.tanh(z) * (1 if len(z) < 1000 else 2)), {"components_are_independent"}
    ),
    "another backward in layers of 40": (
        tanh(forward=softmax, derivative=None,
             backward=lambda grad, z, a: softmax_backward(grad, z, a) * (1 if len(z) < 40 else 2)),
        {"derivative_matches_differences"},
    ),
    "a slope off by 1e-5": (tanh(derivative=lambda z: (1 + 1e-5) * slope(z)), {"derivative_matches_differences"}),
    "another formula at the end of an interval": (
        tanh(forward=lambda z, k: np.tanh(k * z) if k else 2 * z, derivative=lambda z, k: k * slope(k * z),
             params={"k": 1.0}, limits={"k": "[0, inf)"}),
        {"derivative_matches_differences"},
    ),
    "another formula where a parameter is 0, without a limit": (
        tanh(forward=lambda z, k: np.tanh(k * z) if k else 2 * z, derivative=lambda z, k: k * slope(k * z),
             params={"k": 1.5}),
        {"derivative_matches_differences"},
    ),
    "another formula where a parameter is 1, without a limit": (
        tanh(forward=lambda z, k: np.tanh(k * z) if k != 1 else 2 * np.tanh(z),
             derivative=lambda z, k: k * slope(k * z), params={"k": 1.5}),
        {"derivative_matches_differences"},
    ),
    "outputs beyond the domain it declares": (tanh(a_domain="probability"), {"outputs_are_in_their_domain"}),
    "columns that don't sum to what it declares": (
        tanh(
            forward=lambda z: 0.5 * (1 + np.tanh(z / 2)), derivative=lambda z: slope(z / 2) / 4, a_domain="distribution"
        ),
        {"outputs_are_in_their_domain"},
    ),
    "computes in a buffer that all calls share": (
        tanh(forward=lambda z: np.tanh(z, out=buffer_of(z)).copy()), {"threads_do_not_disturb_each_other"}
    ),
    "returns a buffer that all calls share": (
        tanh(forward=lambda z: np.tanh(z, out=buffer_of(z))), {"threads_do_not_disturb_each_other"}
    ),
    "calls sys.exit": (tanh(derivative=lambda z: sys.exit("good bye")), {"shape_and_dtype_are_kept"}),
    "a parameter without a default": (tanh(forward=lambda z, k: np.tanh(k * z)), {"shape_and_dtype_are_kept"}),
    "a parameter that a function does not take": (
        tanh(forward=lambda z, k: np.tanh(k * z), derivative=lambda z: slope(z), params={"k": 1.0}),
        {"shape_and_dtype_are_kept"},
    ),
    "raises for large inputs alone": (
        tanh(forward=lambda z: np.tanh(z) if abs(z).max() < 1e3 else 1 / 0),
        {"large_inputs_stay_finite"},
    ),
    "mixes columns": (
        tanh(forward=lambda z: np.tanh(z) + 0 * z + 1e-3 * z.sum(axis=1, keepdims=True)),
        {"columns_are_independent"},
    ),
    "mixes columns slightly": (
        tanh(forward=lambda z: np.tanh(z) + 1e-6 * z.mean(axis=1, keepdims=True)), {"columns_are_independent"}
    ),
    "another activation in float32": (
        tanh(forward=lambda z: times_in_float32(2, np.tanh(z), z)), {"float32_agrees_with_float64"}
    ),
    "another slope in float32": (
        tanh(derivative=lambda z: times_in_float32(2, slope(z), z)), {"float32_agrees_with_float64"}
    ),
    "another gradient in float32": (
        mse(gradient=lambda a, y: times_in_float32(3, gradient(a, y), a)), {"float32_agrees_with_float64"}
    ),
    "mixes components without saying so": (
        tanh(forward=softmax, derivative=lambda z: softmax(z) * (1 - softmax(z))),
        {"components_are_independent"},
    ),
    "overflows": (
        tanh(forward=lambda z: z / (1 + np.exp(-z)), derivative=lambda z: (
            lambda s: s + z * s * (1 - s))(0.5 * (1 + np.tanh(z / 2)))),
        {"large_inputs_stay_finite"},
    ),
    "is infinite for large z": (tanh(forward=np.exp, derivative=np.exp), {"large_inputs_stay_finite"}),
    "is NaN at 0": (
        tanh(forward=lambda z: np.where(z == 0, np.nan, np.tanh(z))),
        {"large_inputs_stay_finite"},
    ),
    "is NaN at the limits": (
        tanh(forward=lambda z: np.where(np.abs(z) > 1e30, np.nan, np.tanh(z))), {"the_limits_of_the_dtype_give_no_nan"}
    ),
    "a parameter without effect": (
        tanh(forward=lambda z, k: np.tanh(z), params={"k": 1.0}), {"every_parameter_changes_the_result"}
    ),
    "a forward in place that disagrees": (
        tanh(forward_inplace=lambda z: np.maximum(z, 0, out=z), backward_inplace=lambda grad, a: np.multiply(
            grad, 1 - a * a, out=grad)),
        {"in_place_forms_agree"},
    ),
    "a forward in place that overwrites a copy of what lies column by column": (
        tanh(forward_inplace=lambda z: np.tanh(z.reshape(-1), out=z.reshape(-1)), backward_inplace=lambda grad, a:
            np.multiply(grad, 1 - a * a, out=grad)),
        {"in_place_forms_agree"},
    ),
    "a backward in place that disagrees": (
        tanh(forward_inplace=lambda z: np.tanh(z, out=z), backward_inplace=lambda grad, a: np.multiply(
            grad, 1 - a, out=grad)),
        {"in_place_forms_agree"},
    ),
    "a gradient off by a factor": (mse(gradient=lambda a, y: a - y), {"gradient_matches_differences"}),
    "a gradient that is not 0 at the minimum": (
        mse(gradient=lambda a, y: gradient(a, y) + 1e-7), {"the_minimum_is_kept"}
    ),
    "a value below the minimum": (mse(minimum=0.5), {"the_minimum_is_kept"}),
    "overwrites the targets": (
        mse(value=lambda a, y: (np.add(y, 1, out=y) * 0).sum(axis=0) + value(a, y - 1)),
        {"shape_and_dtype_are_kept"},
    ),
    "a logarithm of 0": (
        cel(value=lambda a, y: -(y * np.log(a)).sum(axis=0)), {"results_are_numbers"}
    ),
    "a quotient that is infinite for certain answers": (
        cel(gradient=lambda a, y: -y / a, y_domain="real"), {"certain_probabilities_stay_finite"}
    ),
    "NaN where the outputs are the targets": (
        mse(value=lambda a, y: value(a, y) * (0 * (a - y) / (a - y) + 1).mean(axis=0)), {"results_are_numbers"}
    ),
    "a gradient for 4 components": (mse(gradient=lambda a, y: (a - y) / 2), {"gradient_matches_differences"}),
    "another loss of 40 components": (
        mse(value=lambda a, y: value(a, y) * (1 if len(a) < 40 else 2)), {"gradient_matches_differences"}
    ),
    "another loss of 1,000 components": (
        mse(value=lambda a, y: value(a, y) * (1 if len(a) < 1000 else 2)), {"gradient_matches_differences"}
    ),
    "NaN for large activations": (
        mse(value=lambda a, y: value(a, y) + np.where(np.abs(a).max(axis=0) > 1e3, np.nan, 0).astype(a.dtype)),
        {"large_inputs_give_no_nan"},
    ),
    "a fused gradient off by a factor": (
        cel(fused={"softmax": Fused(lambda z, a, y: 2 * (a * y.sum(axis=0) - y))}), {"fused_forms_agree"}
    ),
    "another fused gradient in float32": (
        cel(fused={"softmax": Fused(lambda z, a, y: times_in_float32(3, a * y.sum(axis=0) - y, z))}),
        {"fused_forms_agree"},
    ),
    "a fused value that disagrees": (
        cel(fused={"softmax": Fused(lambda z, a, y: a * y.sum(axis=0) - y, lambda z, y: z.sum(axis=0))}),
        {"fused_forms_agree"},
    ),
    "both a fused value and a gradient, of which one disagrees": (
        cel(
            fused={
                "softmax": Fused(
                    lambda z, a, y: a * y.sum(axis=0) - y,
                    both=lambda z, y: (-(y * np.log(np.exp(z) / np.exp(z).sum(axis=0))).sum(axis=0), np.exp(z) - y),
                )
            }
        ),
        {"fused_forms_agree"},
    ),
    "an update uphill": (
        optimizer(lambda w, g, velocity, **rest: momentum(w, -g, velocity, **rest)), {"it_goes_downhill"}
    ),
    "an update without the state": (
        optimizer(lambda w, g, velocity, t, learning_rate: (w - learning_rate * (0.9 * velocity + g),)),
        {"results_fit_the_weights"},
    ),
    "an update that widens float32": (
        optimizer(lambda w, g, velocity, **rest: momentum(w, g * np.float64(1), velocity, **rest)),
        {"results_fit_the_weights"},
    ),
    "an update that overwrites the state": (optimizer(overwriting), {"arguments_are_left_alone"}),
    "an update that counts by itself": (optimizer(with_own_count), {"the_same_input_gives_the_same_result"}),
    "an update by the norm of all weights": (
        optimizer(clipped_by_norm), {"elements_are_independent"}
    ),
    "an update for arrays alone": (optimizer(clipped_by_mask), {"numbers_give_what_arrays_give"}),
    "an update that divides by 0": (optimizer(normalized), {"updates_stay_finite"}),
    "a parameter of an optimizer without effect": (
        optimizer(momentum, params={"learning_rate": 0.1, "beta": 0.5}), {"every_parameter_changes_the_result"}
    ),
    "another update in float32": (
        optimizer(lambda w, g, velocity, **rest: momentum(w, times_in_float32(2, g, w), velocity, **rest)),
        {"float32_agrees_with_float64"},
    ),
    "one factor for all steps": (
        schedule(lambda step, steps_per_epoch, n_epochs: 0.5), {"factors_have_the_shape_of_the_steps"}
    ),
    "factors for all steps whatever is asked": (
        schedule(lambda step, steps_per_epoch, n_epochs: np.ones(steps_per_epoch * n_epochs)),
        {"factors_have_the_shape_of_the_steps"},
    ),
    "complex factors": (
        schedule(lambda *arguments: linear(*arguments) + 0j), {"factors_have_the_shape_of_the_steps"}
    ),
    "infinite in a run of one update": (
        schedule(lambda step, steps_per_epoch, n_epochs: 1 - step / (steps_per_epoch * n_epochs - 1)),
        {"factors_are_finite"},
    ),
    "factors multiplied up": (
        schedule(lambda step, steps_per_epoch, n_epochs: np.cumprod(np.full(step.shape, 0.99))),
        {"a_factor_depends_on_its_own_step_alone"},
    ),
    "a factor that overwrites the steps": (schedule(halving), {"arguments_are_left_alone"}),
    "a factor with a memory": (
        schedule(lambda *arguments: linear(*arguments) + next(calls)), {"the_same_input_gives_the_same_result"}
    ),
    "a parameter of a schedule without effect": (
        schedule(linear, params={"power": 1.0}), {"every_parameter_changes_the_result"}
    ),
    "one number a sample": (metric(lambda a, y: np.abs(a - y).mean(axis=0)), {"it_gives_a_finite_number"}),
    "a text for a number": (metric(lambda a, y: "good"), {"it_gives_a_finite_number"}),
    "no number for targets that are all alike": (
        metric(lambda a, y: error(a, y) / np.ptp(y) if np.ptp(y) else np.nan), {"it_gives_a_finite_number"}
    ),
    "a metric of the first sample": (
        metric(lambda a, y: error(a[:, :1], y[:, :1])), {"the_order_of_the_samples_does_not_matter"}
    ),
    "a metric with the wrong direction": (metric(error, better="higher"), {"the_targets_themselves_are_best"}),
    "a metric that overwrites outputs": (metric(error_from_overwritten), {"arguments_are_left_alone"}),
    "another metric in float32": (
        metric(lambda a, y: times_in_float32(2, error(a, y), a)), {"float32_agrees_with_float64"}
    ),
    "a metric with a memory": (
        metric(lambda a, y: error(a, y) + next(calls)), {"the_same_input_gives_the_same_result"}
    ),
    "a parameter of a metric without effect": (
        metric(error, params={"power": 1.0}), {"every_parameter_changes_the_result"}
    ),
    "a callback without hooks": (callback(lambda: object()), {"it_follows_a_run"}),
    "a callback that raises": (callback(raising), {"it_follows_a_run"}),
    "a callback made of parameters that it does not have": (
        callback(Follower, params={"patience": 3}), {"it_follows_a_run"}
    ),
    "one object for all runs": (callback(lambda: ONE), {"each_run_has_an_object_of_its_own"}),
    "a callback that remembers the last run": (callback(Remembering), {"each_run_has_an_object_of_its_own"}),
    "a callback with half a state": (callback(HalfState), {"its_state_can_be_kept"}),
    "a callback whose state does not come back": (callback(ForgetfulState), {"its_state_can_be_kept"}),
    "a callback whose state can not be copied": (callback(LockedState), {"its_state_can_be_kept"}),
}  # fmt: skip


# Likewise, for checks that warn.
WARNED = {
    "a derivative that takes several times as long as the derived one": (
        tanh(derivative=lambda z: 1 - np.float_power(np.tanh(z), 2).astype(z.dtype)), {"overrides_pay"}
    ),
    "a gradient that takes several times as long as the derived one": (
        mse(gradient=lambda a, y: 2 * np.cbrt((a - y) ** 3) / len(a)), {"overrides_pay"}
    ),
    "powers that are products": (
        tanh(forward=lambda z: np.clip(z, -2, 2) ** 3, derivative=None), {"formulas_are_fast"}
    ),
    "powers that are products, in a loss": (
        mse(value=lambda a, y: (np.sign(a - y) * (a - y) ** 3).mean(axis=0), gradient=None),
        {"formulas_are_fast"},
    ),
    "np.vectorize": (
        tanh(forward=lambda z: np.vectorize(math.tanh, otypes=[z.dtype])(z)), {"formulas_are_fast"}
    ),
    "the words of a template": (tanh(doc=f"{DOC} TODO: say what it is for."), {"it_is_documented"}),
    "the words of a template, in a callback": (
        callback(Follower, doc="broken: say in a line what it is for."), {"its_documentation_has_a_first_line"}
    ),
    "no formula where none can be recorded": (
        tanh(forward=lambda z: np.nan_to_num(np.tanh(z)), doc="broken: wrong on purpose. Source: my own."),
        {"it_is_documented"},
    ),
    "no source": (tanh(doc="a = tanh(z)"), {"it_is_documented"}),
}  # fmt: skip

"""Files that were changed by somebody who makes the checksum right."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from saved_nets import activation_with, load_changed, net_with


def put(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(manifest, stored):
        place = manifest
        for key in keys:
            place = place[key]
        place[last] = value

    return change


def put_array(name, array):
    return lambda manifest, stored: stored.__setitem__(name, array)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (put("more", 1), "it holds 'model', 'metadata', 'more', expected model and metadata"),
        (lambda manifest, stored: manifest.pop("model"), "it holds 'metadata', expected"),
        (lambda manifest, stored: manifest.clear(), "it holds nothing, expected"),
        (put("metadata", [1]), "its metadata is [1], expected a dict"),
        (put("model", [1]), "its model is [1], expected"),
        (put("model", "more", 1), "expected dtype, activations, layers and sequence"),
        (put("model", "dtype", "float16"), "its model computes in 'float16'"),
        (put("model", "dtype", "object"), "its model computes in 'object'"),
        (put("model", "dtype", ["float32"]), "its model computes in ['float32']"),
        (put("model", "dtype", "float32"), "'layers/0/linear' has dtype float64, but its model computes in float32"),
        (put("model", "layers", []), "its model has the layers [], expected a list of 1"),
        (put("model", "layers", {"0": None}), "expected a list of 1 to 10,000"),
        (put("model", "layers", 0, None), "layer 0 is None"),
        (put("model", "layers", 1, {"activation": None, "more": 1}), "layer 1 is {'activation': None, 'more': 1}"),
        (put("model", "sequence", []), "its model has a layer that isn't in its sequence"),
        (put("model", "sequence", [0]), "its model has a layer that isn't in its sequence"),
        (put("model", "sequence", [0, 1, 2]), "expected indices of its layers"),
        (put("model", "sequence", [0, -1]), "expected indices of its layers"),
        (put("model", "sequence", [False, True]), "expected indices of its layers"),
        (put("model", "sequence", [0, 1.0]), "expected indices of its layers"),
        (put("model", "sequence", "01"), "its model has the sequence '01', expected a list"),
        (put("model", "sequence", [0] * 10_001), "expected a list of at most 10,000"),
        (put("model", "sequence", [1, 0]), "layer 0 takes columns of 2, but layer 1 before it returns columns of 1"),
        (put_array("layers/0/linear", np.ones(2)), "array 'layers/0/linear' has shape (2,), expected (n_out, n_in)"),
        (put_array("layers/0/linear", np.ones((1, 0))), "array 'layers/0/linear' has shape (1, 0)"),
        (put_array("layers/0/linear", np.ones((2, 2))), "array 'layers/0/bias' has shape (1, 1), expected (2, 1)"),
        (put_array("layers/0/linear", np.ones((1, 2), int)), "has dtype int64"),
        (put_array("layers/0/bias", np.ones(1)), "array 'layers/0/bias' has shape (1,), expected (1, 1)"),
        (put_array("layers/0/bias", np.array(1.0)), "array 'layers/0/bias' has shape (), expected (1, 1)"),
        (put_array("layers/2/bias", np.ones((1, 1))), "it has 5 arrays, and its model and metadata need 4"),
        (lambda manifest, stored: stored.pop("layers/1/bias"), "array 'layers/1/bias' is missing"),
        (put("model", "layers", 0, "activation", "relu"), "layer 0 has the activation 'relu', expected None or"),
        *((put("model", "layers", 0, "activation", i), "expected None or an index") for i in (1, -1, 0.0, False)),
        (put("model", "layers", 0, "activation", None), "its model has an activation that no layer has"),
        (put("model", "activations", None), "its model has the activations None, expected a list"),
        (put("model", "activations", 0, "relu"), "activation 0 is 'relu', expected name, parameters"),
        (activation_with(more=1), "expected name, parameters, provider, version, values"),
        *(
            (activation_with(name=name), "activation 0 has the name")
            for name in (
                "", 5, None, "relu()", "os.system('ls')", "a/b", "/relu", "nnframe/", "nnframe//relu",
                "other/relu", "nnframe/a/b", "relu\n", "r" * 101, "r\u0435lu", ["relu"],
            )
        ),
        *(
            (activation_with(provider=provider), "which is not a distribution or module")
            for provider in ("", 5, None, "--index-url=x", "a b", "a;ls", "$(ls)", "../x", "a\nb", "n" * 101, "https://x.org/y")
        ),
        *(
            (activation_with(version=version), "activation 0 has the version")
            for version in ("", 5, True, "1; ls", "1 2", "-1", "1\n", "1" * 101)
        ),
        *(
            (activation_with(parameters=parameters), "activation 0 has the parameters")
            for parameters in (
                None, [], {"a": {"b": 1}}, {"a": [[1]]}, {"a": {"float": "1"}}, {"a": "x" * 10_001}, {"a-b": 1}, {"":
                1}, {"a" * 101: 1}, {"a": {"kind": "dream", "name": "x", "parameters": {}}}, {"a": {"kind": "loss",
                "name": "a b", "parameters": {}}},
            )
        ),
        (activation_with(parameters={"self": 1}), "relu has no parameter 'self'"),
        (activation_with(parameters={"alpha": 10**99}), "relu has no parameter 'alpha'"),
    ],
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(tmp_path, change, sentence):
    assert sentence in load_changed(tmp_path / "changed.nnf", change)


@pytest.mark.parametrize(("parameter", "value"), [("turns", 1.5), ("turns", True), ("bend", True), ("flip", 1)])
def test_a_parameter_of_another_type_is_refused(tmp_path, parameter, value):
    def change(manifest, stored):
        manifest["model"]["activations"][0]["parameters"][parameter] = value

    assert f"swirl: parameter {parameter} is {value}, of type" in load_changed(
        tmp_path / "changed.nnf", change, net_with("swirl")
    )

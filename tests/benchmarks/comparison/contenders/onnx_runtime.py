"""onnxruntime, which answers from a net in the ONNX format and can't train."""

from __future__ import annotations

from typing import Any

import onnx
import onnxruntime
from onnx import helper, numpy_helper

from comparison import contender
from comparison.problem import Array, Problem
from comparison.rows import Row

# The oldest version of the operators that has all of them in today's form.
OPSET = 17


class Session(contender.Session):
    """A graph of one Gemm per layer and its activation, on the CPU."""

    def __init__(self, problem: Problem, option: str) -> None:
        row = problem.row
        hidden, last = row.hidden.capitalize(), "Softmax" if row.last else "Identity"
        nodes, constants, value = [], [], "input"
        for k, (linear, bias) in enumerate(problem.weights, start=1):
            constants += [numpy_helper.from_array(linear, f"W{k}"), numpy_helper.from_array(bias, f"b{k}")]
            nodes.append(helper.make_node("Gemm", [value, f"W{k}", f"b{k}"], [f"z{k}"], transB=1))
            value = f"a{k}"
            nodes.append(helper.make_node(last if k == len(problem.weights) else hidden, [f"z{k}"], [value]))
        dtype = helper.np_dtype_to_tensor_dtype(problem.X.dtype)
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("input", dtype, ["N", row.sizes[0]])],
            [helper.make_tensor_value_info(value, dtype, ["N", row.sizes[-1]])],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])

    @staticmethod
    def why_not(row: Row, option: str) -> str | None:
        """Skip training."""
        return None if row.kind == "answers" else "it can't train"

    def answer(self, samples: Array) -> Any:
        """Return the probabilities."""
        return self.session.run(None, {"input": samples})[0]

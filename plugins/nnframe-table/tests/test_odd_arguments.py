"""An argument of any type is used or refused with an NNFrameError; no other error gets out."""

import numpy as np
import pandas as pd
import pytest
from nnframe_table import Model, load, read, write_predictions

import nnframe
from nnframe import NNFrameError

FRAME = pd.DataFrame({"a": np.linspace(-1, 1, 40), "c": list("xyzw") * 10, "b": np.linspace(1, 9, 40) ** 2})
ODD = [
    None, 5, -1, 1.5, True, "", "x", b"x", [], [1], [None], ["a"], {}, {"a": 1}, {1: "category"}, {"a": None}, object(),
    np.nan, np.inf, 10**30, np.array([1]), np.array(["a"]), len, int, "a\0", "\ud800", [["a"]], set(), range(3), 3 + 4j,
    np.float64(0.5), {"a": "boolean"}, {"c": "numeric"}, pd.Series([1]), pd.NA, "float16",
]  # fmt: skip


def model():
    table = read(FRAME, "b")
    return Model(nnframe.nNet.from_sizes(table.sizes(), [None]), table.columns, table.target)


MADE = model()
USES = {
    "table": lambda odd: read(odd, "b"),
    **{
        name: lambda odd, name=name: read(FRAME, **{"target": "b", name: odd})
        for name in ("target", "task", "kinds", "drop", "fill", "missing", "decimal", "validation", "seed", "memory",
                     "dtype")
    },
    "folder": lambda odd: read(FRAME, "b", memory=0, folder=odd),
    "predict": MADE.predict,
    "unknown": lambda odd: MADE.predict(FRAME, odd),
    "evaluate": MADE.evaluate,
    "a number in a row": lambda odd: MADE.predict({"a": odd, "c": "x"}),
    "a category in a row": lambda odd: MADE.predict({"a": 1.0, "c": odd}),
    "a number in rows": lambda odd: MADE.predict([{"a": odd, "c": "x"}, {"a": 1.0, "c": "x"}]),
    "a number in a column": lambda odd: MADE.predict({"a": [odd, odd], "c": ["x", "y"]}),
    "load": load,
    "the path of predictions": lambda odd: write_predictions(MADE, FRAME, odd),
    "keep": lambda odd: write_predictions(MADE, FRAME, "o.csv", keep=odd),
    "net": lambda odd: Model(odd, MADE.columns, MADE.target),
    "columns": lambda odd: Model(MADE.net, odd, MADE.target),
    "the target of a model": lambda odd: Model(MADE.net, MADE.columns, odd),
    "loss": lambda odd: Model(MADE.net, MADE.columns, MADE.target, odd).evaluate(FRAME),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_an_odd_argument_is_used_or_refused_by_an_error_of_ours(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = 0
    for odd in ODD:
        try:
            use(odd)
        except NNFrameError:
            refused += 1
    assert refused

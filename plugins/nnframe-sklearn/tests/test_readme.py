import re
from pathlib import Path

import nnframe_sklearn
import numpy as np
import pytest
from sklearn.datasets import load_iris

from nnframe import registry

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_examples_print_what_the_readme_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    wanted = []
    for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
        if "__main__" not in block:
            wanted += re.findall(r"print\(.*\)  # (.*)", block)
    registry.unregister(registry.get("activation", "sine"))
    assert capsys.readouterr().out.splitlines() == wanted


ROWS = re.findall(r"^\| ([\d, ]+) \| .+? \| (.+) \|$", README.read_text(encoding="utf-8"), re.M)
ASKED = [(issues, code) for issues, cell in ROWS for code in re.findall("`(.+?)`", cell)]


def test_the_table_has_every_issue():
    listed = {number for issues, _ in ASKED for number in issues.split(", ")}
    assert listed == {"26912", "30199", "14571", "29270", "9113", "6175", "18748", "18507", "8303", "25693", "12505"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("issues", "code"), ASKED)
def test_every_line_of_the_table_runs(issues, code):
    X, y = load_iris(return_X_y=True)
    names = {name: getattr(nnframe_sklearn, name) for name in nnframe_sklearn.__all__}
    names |= {"X": X[::2], "y": y[::2], "X_val": X[1::2], "y_val": y[1::2], "Y": np.eye(3, dtype=int)[y[::2]]}
    found = eval(code, names)
    if hasattr(found, "fit"):
        found.fit(X, y) if not hasattr(found, "net_") else found.predict(X)
    else:
        assert found is not None

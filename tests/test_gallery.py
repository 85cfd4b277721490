"""The examples of docs/gallery run, without a warning, in an empty folder."""

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = sorted((DOCS / "gallery").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_runs(example, tmp_path):
    docstring = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    for distribution in re.findall(r"Needs (nnframe-\w+)", docstring):
        if find_spec(distribution.replace("-", "_")) is None:
            pytest.skip(f"{distribution} is not installed")
    environment = {key: value for key, value in os.environ.items() if key != "NNFRAME_DISABLE_PLUGINS"}
    command = [sys.executable, "-W", "error", example]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_index_names_every_example():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(gallery/(\w+)\.py\)", index)) == {example.stem for example in EXAMPLES}


def test_the_index_names_every_page():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert {path.name for path in DOCS.glob("*.md")} <= {"index.md", *re.findall(r"\((\w+\.md)\)", index)}

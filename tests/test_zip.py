"""nnframe in a zip file, as in an application that is one file."""

import shutil
import subprocess
import sys
from pathlib import Path

import nnframe

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import nnframe
assert nnframe.__file__.startswith(sys.argv[1]), nnframe.__file__
from nnframe.cli import main

train, test = nnframe.datasets.load_digits()
assert (len(train), len(test)) == (1438, 359)
assert not main(["train", "digits", "--epochs", "1", "--quiet", "--out", "m.nnf"])
assert nnframe.load("m.nnf").layersList[0].n_in == 64
assert not main(["new-plugin", "nnframe-arctan", "--activation", "arctan"])
"""


def test_data_models_and_templates_work_in_a_zip_file(tmp_path, monkeypatch):
    package = Path(nnframe.__file__).parent
    shutil.copytree(package, tmp_path / "root" / "nnframe", ignore=shutil.ignore_patterns("__pycache__"))
    archive = shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "root")
    done = subprocess.run([sys.executable, "-c", SCRIPT, archive], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "nnframe-arctan" / "nnframe_arctan" / "arctan.py").exists()

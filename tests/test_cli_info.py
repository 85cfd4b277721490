"""``nnframe info``, as a user meets it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from nnframe import Activation, __version__, denseLayer, nNet, registry


@pytest.fixture
def saved(tmp_path):
    """Return the path of a saved net that uses a plugin which is gone by now."""
    with registry.temporarily(Activation("steep", lambda z, k: k * z, params={"k": 2.0}), name="some_module"):
        shared = denseLayer(np.eye(2), 0, "steep(k=3)")
        net = nNet([denseLayer(np.ones((2, 3)), 0, "relu"), shared, shared, denseLayer(np.ones((1, 2)))])
        net.save(tmp_path / "m.nnf", notes={"columns": ["age", "height"], "odd\x1b[2J": "\x1b[2J" * 100})
    return tmp_path / "m.nnf"


def test_the_table_shows_each_layer_with_its_activation_and_where_that_comes_from(command, saved):
    status, out, err = command("info", str(saved))
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert "nNet of 4 layers, 23 parameters, float64" in out
    assert ["1", "3", "->", "2", "relu", "nnframe", __version__, "8"] in lines
    assert ["2", "2", "->", "2", "steep(k=3.0)", "some_module", "(registered", "in", "code)", "6"] in lines
    assert "6, the same as in layer 2" in out
    assert ["4", "2", "->", "1", "linear", "3"] in lines


def test_the_first_line_tells_size_version_and_format(command, saved):
    first = command("info", str(saved))[1].splitlines()[0]
    assert first == f"{saved}: {saved.stat().st_size:,} bytes, saved by nnframe {__version__}, format 1"


def test_notes_are_shown_in_short_and_can_not_steer_the_terminal(command, saved):
    out = command("info", str(saved))[1]
    assert "  columns: ['age', 'height']" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) < 200


def test_json_has_all_of_it(command, saved):
    status, out, _ = command("info", str(saved), "--json")
    told = json.loads(out)
    assert status == 0
    assert (told["format_version"], told["dtype"], told["n_parameters"]) == (1, "float64", 23)
    assert told["bytes"] == saved.stat().st_size
    assert told["layers"][1] == {
        "n_in": 2, "n_out": 2,
        "activation": {"name": "steep", "parameters": {"k": 3.0}, "provider": "some_module", "version": None},
    }  # fmt: skip
    assert told["layers"][2]["activation"] is None
    assert told["sequence"] == [0, 1, 1, 2]
    assert told["notes"]["columns"] == ["age", "height"]


def test_a_file_of_safetensors_is_shown_too(command, tmp_path):
    pytest.importorskip("safetensors")
    nNet.from_sizes([2, 1], [None], dtype=np.float32).save(tmp_path / "m.safetensors")
    status, out, _ = command("info", str(tmp_path / "m.safetensors"))
    assert status == 0
    assert "nNet of 1 layer, 3 parameters, float32" in out


def test_only_the_manifest_is_read(command, saved):
    whole = command("info", str(saved), "--json")[1]
    content = saved.read_bytes()
    saved.write_bytes(content[: content.index(b"layers/0/linear.npy")])
    shortened = command("info", str(saved), "--json")[1]
    assert json.loads(shortened) | {"bytes": 0} == json.loads(whole) | {"bytes": 0}


def test_no_plugin_is_even_looked_for(saved):
    script = (
        "import sys; from nnframe.cli import main; status = main(['info', sys.argv[1]]); "
        "sys.exit(status or 'importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(saved)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no such file"), (b"text", "it doesn't begin as nnframe's files do"), (b"", "doesn't begin")],
)
def test_something_else_is_refused_in_one_line(command, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "m.nnf").write_bytes(content)
    status, out, err = command("info", str(tmp_path / "m.nnf"))
    assert (status, out) == (2, "")
    assert err.startswith(f"nnframe info: error: {tmp_path / 'm.nnf'} can't be loaded: ")
    assert sentence in err
    assert err.count("\n") == 1

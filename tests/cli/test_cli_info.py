"""``nnframe info``, as a user meets it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from nnframe import Activation, __version__, denseLayer, nNet, pairs, registry
from nnframe.callbacks import Checkpoint
from nnframe.saving.files import write_file


@pytest.fixture
def saved(tmp_path):
    """Return the path of a saved net that uses a plugin which is gone by now."""
    with registry.temporarily(Activation("steep", lambda z, k: k * z, params={"k": 2.0}), name="some_module"):
        shared = denseLayer(np.eye(2), 0, "steep(k=3)")
        net = nNet([denseLayer(np.ones((2, 3)), 0, "relu"), shared, shared, denseLayer(np.ones((1, 2)))])
        net.save(tmp_path / "m.nnf", metadata={"columns": ["age", "height"], "odd\x1b[2J": "\x1b[2J" * 100})
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


def test_the_first_line_shows_size_version_and_format(command, saved):
    first = command("info", str(saved))[1].splitlines()[0]
    assert first == f"{saved}: {saved.stat().st_size:,} bytes, saved by nnframe {__version__}, format 1"


def test_metadata_is_shortened_and_can_not_steer_the_terminal(command, saved):
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
    assert (told["layers"][1]["n_in"], told["layers"][1]["n_out"]) == (2, 2)
    activation = told["layers"][1]["activation"]
    values = activation.pop("values")
    assert activation == {"name": "steep", "parameters": {"k": 3.0}, "provider": "some_module", "version": None}
    assert len(values) == 12
    assert told["layers"][2]["activation"] is None
    assert told["sequence"] == [0, 1, 1, 2]
    assert told["metadata"]["columns"] == ["age", "height"]


def test_a_file_of_safetensors_is_shown_too(command, tmp_path):
    nNet.from_sizes([2, 1], [None], dtype=np.float32).save(tmp_path / "m.safetensors")
    status, out, _ = command("info", str(tmp_path / "m.safetensors"))
    assert status == 0
    assert "nNet of 1 layer, 3 parameters, float32" in out


def test_arrays_in_the_metadata_are_described(command, tmp_path):
    nNet.from_sizes([2, 1]).save(tmp_path / "m.nnf", metadata={"deep": [{"scale": np.ones((2, 3))}]})
    out = command("info", str(tmp_path / "m.nnf"))[1]
    assert "array of shape (2, 3), float64" in out
    told = json.loads(command("info", str(tmp_path / "m.nnf"), "--json")[1])
    assert told["metadata"] == {"deep": [{"scale": {"$array": "metadata/0"}}]}


def test_only_the_manifest_is_read(command, saved):
    whole = command("info", str(saved), "--json")[1]
    content = saved.read_bytes()
    # Other numbers, which the checksum would tell.
    saved.write_bytes(content[:-8] + bytes(8))
    assert command("info", str(saved), "--json")[1] == whole


def test_info_does_not_scan_for_plugins(saved):
    script = (
        "import sys; from nnframe.cli import main; status = main(['info', sys.argv[1]]); "
        "sys.exit(status or 'importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(saved)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def table_metadata(n_columns=3):
    """Return metadata with nested objects and a list of objects, as models of tables have."""
    columns = [
        {"kind": "numeric", "name": "size", "mean": 80.123456789, "scale": 10.0, "fill": None},
        {"kind": "category", "name": "city\x1b[2J", "categories": ["Bonn", "Oslo", "Rome"], "fill": "Bonn"},
    ]
    columns += [{"kind": "boolean", "name": f"b{i}", "fill": None} for i in range(n_columns - 2)]
    task = {"kind": "classification", "target": "price", "classes": ["high", "low"]}
    return {"table": {"columns": columns, "task": task}, "loss": "cel"}


def test_nested_metadata_is_indented_and_lists_of_objects_are_tables(command, tmp_path):
    nNet.from_sizes([5, 2], ["softmax"]).save(tmp_path / "m.nnf", table_metadata() | {"by": "me"})
    out = command("info", str(tmp_path / "m.nnf"))[1]
    assert out.endswith(
        "metadata\n"
        "  table\n"
        "    columns (3)\n"
        "      kind      name         mean     scale  fill  categories\n"
        "      numeric   size         80.1235  10\n"
        "      category  city\\x1b[2J                  Bonn  ['Bonn', 'Oslo', 'Rome']\n"
        "      boolean   b0\n"
        "    task\n"
        "      kind: classification\n"
        "      target: price\n"
        "      classes: ['high', 'low']\n"
        "  loss: cel\n"
        "  by: me\n"
    )


def test_of_a_long_list_of_objects_the_first_are_shown(command, tmp_path):
    nNet.from_sizes([5, 2]).save(tmp_path / "m.nnf", table_metadata(60_000))
    out = command("info", str(tmp_path / "m.nnf"))[1]
    assert "and 59,960 more, which --json shows" in out
    assert len(out.splitlines()) < 70
    told = json.loads(command("info", str(tmp_path / "m.nnf"), "--json")[1])
    assert len(told["metadata"]["table"]["columns"]) == 60_000


@pytest.mark.parametrize(
    ("held", "line"),
    [
        ("text", "table: text"),
        ([3], "table: [3]"),
        ([[], [{}]], "table: [[], [{}]]"),
        (
            list(range(1000)),
            "table: (1,000) [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21...",
        ),
        ({}, "table: {}"),
        (None, "table: None"),
        ("two\nlines", r"table: two\nlines"),
    ],
)
def test_any_other_value_is_shown_on_one_line(command, tmp_path, held, line):
    nNet.from_sizes([5, 2]).save(tmp_path / "m.nnf", {"table": held})
    status, out, _ = command("info", str(tmp_path / "m.nnf"))
    assert (status, out.splitlines()[-1]) == (0, f"  {line}")


def test_deeply_nested_objects_are_cut(command, tmp_path):
    held = {}
    for _ in range(30):
        held = {"deeper": held}
    nNet.from_sizes([5, 2]).save(tmp_path / "m.nnf", held)
    assert command("info", str(tmp_path / "m.nnf"))[1].count("deeper") < 20


@pytest.fixture
def checkpoint(tmp_path):
    net = nNet.from_sizes([2, 3, 1], ["tanh", "sigmoid"], seed=0)
    data = pairs(np.eye(2), np.ones((2, 1)))
    net.nEpochs(3, data, "mse", 0.125, callbacks=[Checkpoint(tmp_path / "c")], seed=7)
    return tmp_path / "c"


def test_a_checkpoint_is_shown_with_its_epoch_and_settings(command, checkpoint):
    status, out, _ = command("info", str(checkpoint))
    assert status == 0
    assert "checkpoint of a training run after epoch 3, seed 7\n" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "learning_rate 0.125" in lines
    assert "layers [[3, 2, 'tanh'], [1, 3, 'sigmoid']]" in lines
    told = json.loads(command("info", str(checkpoint), "--json")[1])
    assert (told["kind"], told["epoch"], told["settings"]["loss"]) == ("checkpoint", 3, "mse")


def test_a_malformed_checkpoint_is_shown_as_far_as_possible(command, tmp_path):
    write_file(tmp_path / "c", {"kind": "checkpoint", "epoch": "\x1b[2J", "batch": [1], "settings": 7}, {})
    status, out, _ = command("info", str(tmp_path / "c"))
    assert status == 0
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no such file"), (b"text", "it doesn't begin as a safetensors file does"), (b"", "doesn't begin")],
)
def test_other_files_are_refused_in_one_line(command, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "m.nnf").write_bytes(content)
    status, out, err = command("info", str(tmp_path / "m.nnf"))
    assert (status, out) == (2, "")
    assert err.startswith(f"nnframe info: error: {tmp_path / 'm.nnf'} can't be loaded: ")
    assert sentence in err
    assert err.count("\n") == 1

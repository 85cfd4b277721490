"""Damaged and hostile files end in an error that names the file, within little time and memory."""

import csv
import gzip
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import mutants
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import random_csv
from nnframe_table import Model, load, read, write_predictions
from nnframe_table.sources.opening import open_source

import nnframe
from nnframe import ArgumentError, DataError

# Of growth while a file is read. The full sizes of the files below would only take longer.
MEGABYTES = 400


@pytest.mark.parametrize("form", mutants.FORMATS)
def test_a_mutant_is_read_or_raises_an_nnframe_error(form, tmp_path):
    answers, longest = mutants.run(form, 150, tmp_path)
    assert sum(answers.values()) == 150
    assert answers["read"] < 150
    assert longest < 5


def test_random_csv_files_are_read_like_pandas_does(tmp_path):
    assert [random_csv.compare(seed, tmp_path) for seed in range(100)].count("equal") > 90


def hostile(name, folder):
    """Return a file of which little is on disk and much in memory, or that takes for ever."""
    path = folder / name
    if name == "line ends.csv":
        path.write_bytes(b"x,y\n1,2\n" + b"\n" * 20_000_000 + b"3,4\n2,5\n")
    elif name == "line ends of 200 columns.csv":
        path.write_bytes(",".join(["y", *map(str, range(200))]).encode() + b"\n" + b"\n" * 1_000_000)
    elif name == "long texts.csv":
        with path.open("w") as file:
            file.write("x,c,y\n")
            for i in range(300):
                file.write(f"{i * i},{chr(97 + i % 26) * 1_000_000},{i}\n")
    elif name == "bomb.csv.gz":
        with gzip.open(path, "wb") as file:
            file.write(b"x,y\n")
            for _ in range(100):
                file.write(b"1" * 1_000_000)
    elif name == "one line.csv":
        path.write_bytes(b"a" * 20_000_000)
    elif name == "quotes.csv":
        path.write_bytes(b'x,y\n1,2\n"' + b"\n" * 20_000_000)
    elif name == "bomb.npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("X.npy", "w") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": False, "shape": (500_000, 100)}
            )
            for _ in range(400):
                file.write(bytes(1_000_000))
    elif name == "columns.npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("X.npy", "w") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": True, "shape": (1_500_000, 100)}
            )
            for _ in range(1200):
                file.write(bytes(1_000_000))
    elif name == "texts.parquet":
        column = pa.array(["x" * 25_000 + str(i % 3) for i in range(16_000)])
        pyarrow.parquet.write_table(pa.table({"c": column, "y": np.arange(16_000.0)}), path, compression="zstd")
    elif name == "different texts.parquet":
        texts = ["x" * 1_000_000 + str(i) for i in range(400)]
        pyarrow.parquet.write_table(pa.table({"c": texts, "y": np.arange(400.0)}), path, compression="zstd")
    return path


PROGRAM = r"""
import re, sys
import nnframe_table
from nnframe import NNFrameError
def peak():
    return int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) / 1024
before = peak()
try:
    print(nnframe_table.read(sys.argv[1], None if sys.argv[1].endswith("npz") else "y", fill="mean", memory=1 << 20))
except NNFrameError as error:
    print(error)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("line ends.csv", r"column 'y' has no value"),
        ("line ends of 200 columns.csv", "has 0 rows of values"),
        ("long texts.csv", "240 rows to train on"),
        ("bomb.csv.gz", "a row of more than"),
        ("one line.csv", "target names the column 'y'|too long to be a header"),
        ("quotes.csv", "a double quote that opens and never closes"),
        ("bomb.npz", "has one class, '0'"),
        ("columns.npz", "X in .* takes 1,200,000,000 bytes and is stored column by column"),
        ("texts.parquet", "texts of up to 25,001 characters"),
        ("different texts.parquet", "takes 400,.* bytes in one row group; expected 268,435,456 at most"),
    ],
)
def test_memory_is_bounded_however_much_a_file_claims_to_hold(name, sentence, tmp_path):
    path = hostile(name, tmp_path)
    done = subprocess.run([sys.executable, "-c", PROGRAM, path], capture_output=True, text=True, timeout=300)
    *answer, growth = done.stdout.splitlines() or [done.stderr]
    assert re.search(sentence, "\n".join(answer)), done.stdout + done.stderr
    assert float(growth) < MEGABYTES


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    (tmp_path / "zero.npy").symlink_to("/dev/zero")
    for path in (tmp_path / "t.csv", tmp_path / "zero.npy", "/dev/stdin"):
        with pytest.raises(DataError, match="is a pipe or a device; expected the path of a file"):
            open_source(path)


@pytest.mark.parametrize("descr", ["<U0", "|S0", "|V0", "|O", "<f8,<f8", "<M8[s]", "(3,0)f4"])
def test_an_array_of_an_unusable_dtype_is_refused_at_once(descr, tmp_path):
    path = tmp_path / "t.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": (2**40, 3)})
    began = time.process_time()
    with pytest.raises(DataError, match=r"t\.npy"):
        open_source(path)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "shape", ["(2**40, 3)", "(99999999999999999999, 3)", "(-1, 3)", "(3,", "(" * 9000, "(1e3, 3)", "3"]
)
def test_an_invalid_array_header_is_refused(shape, tmp_path):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    path = tmp_path / "t.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(96))
    with pytest.raises(DataError, match=r"t\.npy"):
        open_source(path)


def test_a_parquet_file_with_invalid_utf8_is_refused_by_name(tmp_path):
    column = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(np.array([0, 1, 2, 3], np.int32).tobytes()), pa.py_buffer(b"a\xff\xfe")]
    )
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pa.table({"c": column, "y": [1.0, 2, 3]}), path)
    with pytest.raises(DataError, match=r"t\.parquet is damaged: .*UTF8"):
        read(path, "y")
    assert len(list(open_source(path).chunks(["y"]))) == 1


def test_an_encrypted_zip_archive_is_refused_by_name(tmp_path):
    path = tmp_path / "t.npz"
    np.savez(path, X=np.eye(3))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"t\.npz can't be read as .npz: .*encrypted"):
        open_source(path)


def test_a_file_that_shrinks_while_it_is_read_is_reported(tmp_path):
    path = tmp_path / "t.npy"
    np.save(path, np.ones((1_000_000, 3)))
    chunks = open_source(path).chunks(["0", "1"])
    next(chunks)
    os.truncate(path, 10_000_000)
    with pytest.raises(DataError, match="ends early"):
        list(chunks)


ESCAPE = "\x1b[2J\x07"


def test_no_text_of_a_file_steers_the_terminal(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = f"t{ESCAPE}.csv"
    rows = "".join(f"{i % 9},{'red' if i % 2 else ESCAPE},{ESCAPE if i % 3 else 'no'},{i}\n" for i in range(60))
    Path(name).write_text(f"x,c{ESCAPE},y{ESCAPE},extra{ESCAPE}\n" + rows)
    Path("new.csv").write_text(f"x,c{ESCAPE},y{ESCAPE}\n1,{ESCAPE}!,no\n")
    Path("gap.csv").write_text(f"x,c{ESCAPE},y{ESCAPE}\n,red,no\n")
    outputs = [
        command("train", name, "--target", f"y{ESCAPE}", "--epochs", "2", "--out", "m.nnf", "--drop", f"extra{ESCAPE}"),
        command("train", name, "--target", "none"),
        command("predict", "m.nnf", name, "-o", "p.csv"),
        command("predict", "m.nnf", "new.csv", "-o", "p.csv"),
        command("predict", "m.nnf", "gap.csv", "-o", "p.csv"),
        command("evaluate", "m.nnf", name),
        command("evaluate", "m.nnf", "new.csv"),
        command("info", "m.nnf"),
    ]
    assert [status for status, _, _ in outputs] == [0, 2, 0, 2, 2, 0, 2, 0]
    assert not any("\x1b" in text or "\x07" in text for _, out, err in outputs for text in (out, err))
    assert "\\x1b[2J" in outputs[0][1]


def formula_model():
    classes = ["=1+1", "-2", "@x", "+3", "plain"]
    table = read({"x": np.arange(50.0), "y": classes * 10}, "y")
    net = nnframe.nNet.from_sizes(table.sizes(), ["softmax"], seed=0)
    return Model(net, table.columns, table.target), classes


def test_formulas_in_predictions_are_guarded_on_demand(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, classes = formula_model()
    new = {"x": np.arange(0.0, 50, 5), "note": ["=cmd|' /C calc'!A0", "ok"] * 5}
    write_predictions(model, new, "p.csv", keep=["note"])
    with Path("p.csv").open(newline="") as file:
        plain = list(csv.reader(file))
    write_predictions(model, new, "p.csv", keep=["note"], guard_formulas=True)
    with Path("p.csv").open(newline="") as file:
        guarded = list(csv.reader(file))
    assert plain[1][0] == "=cmd|' /C calc'!A0"
    assert {row[1] for row in plain[1:]} <= set(classes)
    for before, after in zip(plain, guarded, strict=True):
        for text, safe in zip(before[:2], after[:2], strict=True):
            assert safe == ("'" + text if text[0] in "=+-@" else text)
        assert before[2:] == after[2:]
    model.save("m.nnf")
    Path("new.csv").write_text("x,note\n1,=2\n")
    assert command("predict", "m.nnf", "new.csv", "-o", "p.csv", "--keep", "note", "--guard-formulas")[0] == 0
    assert Path("p.csv").read_text().splitlines()[1].startswith("'=2,")


def test_nan_outputs_are_refused_and_not_taken_for_the_first_class():
    model, _ = formula_model()
    model.net.layersList[0].linear[:] = np.nan
    for table in ({"x": 1.0}, {"x": np.arange(100_000.0)}):
        with pytest.raises(ArgumentError, match=r"the net's output for row 0 \(counted from 0\) is NaN"):
            model.predict(table)


def test_what_is_too_long_to_be_saved_is_refused_before_training(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnframe.saving.json_text.MOST_BYTES", 1000)
    rows = "".join(f"{'long category ' * 20}{i % 9},{i % 2}\n" for i in range(60))
    Path("t.csv").write_text("c,y\n" + rows)
    status, out, err = command("train", "t.csv", "--target", "y", "--out", "m.nnf")
    assert (status, "epoch" in out) == (2, False)
    assert "what was learned about the columns of t.csv as JSON has" in err


def test_many_columns_and_long_categories_are_saved(tmp_path):
    wide = {f"c{i}": np.arange(4.0) for i in range(20_000)}
    long = {f"long{i}": [str(k % 900) + "x" * 900 for k in range(1800)] for i in range(3)}
    for table, target in ((wide, np.array([1.5, 2, 3, 4])), (long, np.arange(1800.0))):
        found = read(table, target, kinds=dict.fromkeys(long, "category") if table is long else None)
        net = nnframe.nNet.from_sizes(found.sizes(), [None])
        Model(net, found.columns, found.target).save(tmp_path / "m.nnf")
        assert load(tmp_path / "m.nnf").columns == found.columns

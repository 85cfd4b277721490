"""Printing: nothing steers the terminal, and no report stops the work."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nnframe
from nnframe.cli import output
from nnframe.errors import NNFrameError

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("PYTHONIO")}


def run(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "nnframe", *arguments],
        stderr=subprocess.PIPE, text=True, **({"stdout": subprocess.PIPE, "env": ENVIRONMENT} | more),
    )  # fmt: skip


@given(st.text())
@example("\x1b[2J\x07\x9b31m\r\u202egnp.exe\u2066\ud800\ufeff\U000e0041\u2028")
def test_what_is_printed_has_no_character_that_steers_a_terminal(text):
    printed = output.harmless(text)
    for character in printed:
        assert character in "\n\t" or not (ord(character) < 32 or 127 <= ord(character) < 160)
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\ufeff"
    printed.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_letters_of_all_languages_stay_as_they_are(text):
    assert output.harmless_line(text) == text


def test_a_cell_of_a_table_can_not_fake_another_row():
    assert output.table([["a", "b"], ["x\ny", "\x1b[A"]]) == "a     b\nx\\ny  \\x1b[A"


def test_an_encoding_that_lacks_a_character_gets_an_escape(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    output.say("Ł ä \udcff")
    assert raw.getvalue() == b"\\u0141 \xe4 \\udcff" + os.linesep.encode()


def test_a_closed_or_missing_stdout_stops_no_report(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        output.say("nobody hears this")


def test_an_error_message_can_not_steer_the_terminal(command):
    _, _, err = command("plugins", "show", "\x1b[2J")
    assert "\x1b" not in err
    assert r"\x1b[2J" in err


def test_json_is_read_back_as_it_was(capsys):
    value = {"\x7f\x1b": ["\u202e", "\x9b", "ä"]}
    output.show_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.isascii()
    assert "\x7f" not in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_behind_stdout_does_not_stop_the_training(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = run("train", "digits", "--epochs", "2", "--out", str(tmp_path / "m.nnf"), stdout=full)
    assert (done.returncode, done.stderr) == (0, "")
    assert nnframe.load(tmp_path / "m.nnf").layersList[0].n_in == 64


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16"])
def test_a_console_that_can_not_write_a_name_does_not_stop_the_training(tmp_path, encoding):
    model = tmp_path / "модель\u202e.nnf"
    more = {"env": ENVIRONMENT | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, "text": False}
    arguments = [sys.executable, "-m", "nnframe", "train", "digits", "--epochs", "1", "--out", str(model)]
    done = subprocess.run(arguments, capture_output=True, **more)
    assert (done.returncode, done.stderr) == (0, b"")
    assert model.exists()
    assert r"\u202e.nnf written" in done.stdout.decode(encoding)
    done = subprocess.run([*arguments[:3], "info", str(model)], capture_output=True, **more)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_net_is_saved_before_its_quality_is_reported(command, tmp_path, monkeypatch):
    def fail(*_):
        raise NNFrameError("a metric failed")

    monkeypatch.setattr("nnframe.cli.training.metric_value", fail)
    assert command("train", "digits", "--epochs", "1", "--out", str(tmp_path / "m.nnf"))[0] == 2
    assert (tmp_path / "m.nnf").exists()

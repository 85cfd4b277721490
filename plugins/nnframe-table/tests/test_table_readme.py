"""What the README says, and that its snippets run."""

import re
import shlex
from pathlib import Path

import nnframe_table as table
from nnframe_table.dataset import DEFAULT_MEMORY
from nnframe_table.numerals import MISSING_WORDS
from nnframe_table.recognition import MOST_CATEGORIES, MOST_NUMBERED_CLASSES
from nnframe_table.sources import csv, numpy_file, parquet
from nnframe_table.summary import MOST_CHARACTERS, MOST_DISTINCT

FOLDER = Path(table.__file__).parent
README = (FOLDER.parent / "README.md").read_text(encoding="utf-8")


def test_the_numbers_in_the_guide_are_those_of_the_code():
    assert f"up to {MOST_CATEGORIES} different texts" in README
    assert f"at most {MOST_NUMBERED_CLASSES} different whole numbers" in README
    assert f"Up to {DEFAULT_MEMORY // 2**20} MB" in README
    assert f"at most {MOST_CHARACTERS:,} characters, and there are at most {MOST_DISTINCT:,} different ones" in README
    assert f"at most {csv.BLOCK_BYTES >> 20} MB, or {csv.BLOCK_BYTES_A_COLUMN >> 10} kB" in README
    assert f"up to {csv.LARGEST_BLOCK >> 20} MB" in README
    assert f"at most {parquet.MOST_CHUNK_BYTES >> 20} MB in one row group" in README
    assert f"at most {numpy_file.MOST_COLUMN_MAJOR_BYTES >> 30} GB" in README
    assert all(f"`{word}`" in README for word in MISSING_WORDS if word)


def test_every_file_of_the_guide_exists_and_none_is_left_out():
    named = {
        name
        for row in re.findall(r"^\| ((?:`[\w/.]+`,? ?)+)\|", README, flags=re.M)
        for name in re.findall(r"`(.+?)`", row)
    }
    here = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    assert named == here | {"sources/", "commands/"}


def test_every_snippet_runs_and_prints_what_it_says(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S):
        if language == "python":
            exec(block, names)
            promised = re.findall(r"^ *print\(.*\)  # (.*)$", block, re.M)
            printed = capsys.readouterr().out.splitlines()
            assert [line for line in promised if line not in printed] == []
        if language == "sh":
            for line in block.splitlines():
                if line.startswith("nnframe "):
                    status, _, err = command(*shlex.split(line)[1:])
                    assert (status, err) == (0, "")

"""The guide to tables, word by word, from the top to the end."""

import re
import shlex
from pathlib import Path

import numpy as np

import nnframe
from nnframe import table
from nnframe.table.dataset import DEFAULT_MEMORY
from nnframe.table.recognition import MOST_CATEGORIES, MOST_NUMBERED_CLASSES

FOLDER = Path(table.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.M | re.S)


def flats(header, count, first):
    rng = np.random.default_rng(first)
    rows = [header]
    for i in range(first, first + count):
        rooms, floor = rng.integers(1, 6), rng.integers(0, 9)
        district = ["north", "centre", "south"][rng.integers(3)]
        rent = 300 + 200 * rooms + 10 * floor + 250 * (district == "centre") + rng.normal(0, 20)
        row = [i, rooms, district, "" if rng.random() < 0.1 else floor, ["no", "yes"][rng.integers(2)], round(rent)]
        rows.append(",".join(map(str, row[: header.count(",") + 1])))
    return "\n".join(rows) + "\n"


def test_every_command_and_every_snippet_runs_and_predicts_rents(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    header = next(text for language, text in BLOCKS if language == "csv").splitlines()[0]
    Path("flats.csv").write_text(flats(header, 300, 1))
    Path("new.csv").write_text(flats(header.removesuffix(",rent"), 5, 1000).replace(",,", ",3,"))
    names, outputs = {}, []
    for language, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                status, out, err = command(*shlex.split(line)[1:])
                assert (status, err) == (0, "")
                outputs.append(out)
        elif language == "python":
            exec(text, names)
    trained, predicted, evaluated = outputs
    assert "left out 'id': it counts the rows" in trained
    assert re.search(r"filled 'floor' with \d where it had no value: \d+", trained)
    assert "regression of 'rent'" in trained
    assert Path("loss.png").exists()
    assert predicted == "rents.csv written, 5 predictions of 'rent'\n"
    assert [line.split(",")[0] for line in Path("rents.csv").read_text().splitlines()] == [
        "id",
        *map(str, range(1000, 1005)),
    ]
    assert float(re.search(r"r2 (.+),", evaluated)[1]) > 0.8
    assert names["model"].evaluate("flats.csv")["r2"] > 0.8
    assert (
        abs(names["model"].predict({"rooms": [2], "district": ["centre"], "floor": [4], "lift": ["yes"]})[0] - 990)
        < 100
    )


def test_the_numbers_in_the_guide_are_those_of_the_code():
    assert f"up to {MOST_CATEGORIES} different texts" in README
    assert f"at most {MOST_NUMBERED_CLASSES} different whole numbers" in README
    assert f"Up to {DEFAULT_MEMORY // 2**20} MB" in README


def test_every_file_of_the_guide_exists_and_none_is_left_out():
    named = {
        name
        for row in re.findall(r"^\| ((?:`[\w/.]+`,? ?)+)\|", README, flags=re.M)
        for name in re.findall(r"`(.+?)`", row)
    }
    here = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py", "notes.py"}
    assert named == here | {"sources/"}
    assert nnframe.table is table

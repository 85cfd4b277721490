"""Random csv files in many dialects, compared cell by cell with what pandas reads.

python tests/random_csv.py 20000 5

reads 20,000 files of seed 5.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from nnframe_table.numerals import MISSING_WORDS
from nnframe_table.sources import csv as csv_module
from nnframe_table.sources.opening import open_source

from nnframe import DataError

LETTERS = "abcXYZ 0159.,;|\t'\"\u00e4\u00df\u4e2d\U0001f600\u00a0=-+_e%/\n"
NAMES = ["x", "Stra\u00dfe", "a b", "2019", 'q,;|\t"']
DELIMITERS = {",": ".csv", ";": ".csv", "\t": ".tsv", "|": ".txt"}


def cell(rng: random.Random, delimiter: str) -> str:
    """Return a value: a number in one of many forms, a word, a missing value, or anything."""
    kind = rng.randrange(8)
    if kind == 0:
        return str(rng.randint(-(10**6), 10**6))
    if kind == 1:
        return repr(rng.uniform(-1e3, 1e3))
    if kind == 2:
        return f"{rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300):.{rng.randrange(18)}{rng.choice('eEfgG')}}"[:400]
    if kind == 3:
        return rng.choice(MISSING_WORDS)
    if kind == 4:
        return rng.choice(["1.", ".5", "+1", "-.5e3", " 7 ", "007", "1e5", "inf", "-Infinity", "NAN", "1_000", "0x1F",
                           "--1", "1 2", "1e", "true", "False", "yes"])  # fmt: skip
    return "".join(rng.choice(LETTERS) for _ in range(rng.randrange(12)))


def quoted(value: str, rng: random.Random, delimiter: str) -> str:
    """Return a value as it stands in a csv file: in quotes if it needs them, or if the writer likes them."""
    needs = any(c in value for c in (delimiter, '"', "\n", "\r"))
    return '"' + value.replace('"', '""') + '"' if needs or rng.random() < 0.2 else value


def random_file(rng: random.Random) -> tuple[str, str, str, list[str], list[list[str]]]:
    """Return a file's content, encoding, delimiter, header and rows."""
    delimiter = rng.choice(list(DELIMITERS))
    width = rng.randint(2, 6)
    header = [f"{rng.choice(NAMES)}{i}" for i in range(width)]
    columns = [[cell(rng, delimiter) for _ in range(40)] for _ in range(width)]
    for column in columns:
        if rng.random() < 0.4:
            column[:] = [str(rng.uniform(-9, 9)) for _ in column]
    rows = [list(row) for row in zip(*columns, strict=True)][: rng.randint(1, 40)]
    end = rng.choice(
        ["\n", "\r\n", "\r"] if not any("\n" in value for row in rows for value in row) else ["\n", "\r\n"]
    )
    lines = [delimiter.join(quoted(value, rng, delimiter) for value in row) for row in [header, *rows]]
    content = end.join(lines) + (end if rng.random() < 0.8 else "")
    return content, rng.choice(["utf-8", "utf-8-sig", "utf-16"]), delimiter, header, rows


def compare(seed: int, folder: Path) -> str:
    """Write a random file, read it in both ways, and return how it ended.

    Raises
    ------
    AssertionError
        If a cell is another text or another number than pandas reads.
    """
    rng = random.Random(seed)
    content, encoding, delimiter, _, rows = random_file(rng)
    path = folder / f"t{DELIMITERS[delimiter]}"
    path.write_bytes(content.encode(encoding))
    expected = pd.read_csv(
        path, sep=delimiter, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding=encoding
    )
    try:
        # Blocks of a few rows show how they are divided.
        with (
            patch.object(csv_module, "BLOCK_BYTES", rng.choice([2000, 1 << 21])),
            patch.object(csv_module, "BLOCK_BYTES_A_COLUMN", 1),
            patch.object(csv_module, "FEWEST_ROWS", rng.choice([1, 3, 1000])),
            patch.object(csv_module, "CHUNK_CELLS", 1),
        ):
            source = open_source(path)
            chunks = list(source.chunks(source.columns))
    except DataError as error:
        return f"refused: {str(error).partition(str(path))[2][:40]}"
    n_rows = sum(map(len, chunks))
    # Blank rows at the end don't count here.
    assert all(not any(value.strip() for value in row) for row in rows[n_rows:]), "rows are missing at the end"
    # A blank row is one of missing values, whatever blanks it has.
    kept = np.array([any(value.strip() for value in row) for row in rows[:n_rows]])
    for i, name in enumerate(source.columns):
        texts = [chunk.cells[name].text_at(k) for chunk in chunks for k in range(len(chunk))]
        theirs = expected.iloc[:n_rows, i].tolist()
        written, read, other = (
            np.where(kept, np.array(each, object), "").tolist()
            for each in ([row[i] for row in rows[:n_rows]], texts, theirs)
        )
        assert read == other == written, (name, texts, theirs)
        stripped = pd.Series([text.strip() for text in texts])
        present = ~stripped.isin(MISSING_WORDS)
        numbers = pd.to_numeric(stripped.where(present), errors="coerce").to_numpy()
        values = np.concatenate([chunk.cells[name].numbers().values for chunk in chunks])
        missing = np.concatenate([chunk.cells[name].numbers().missing for chunk in chunks])
        np.testing.assert_array_equal(missing, ~present)
        if delimiter != ";":
            differ = ~((values == numbers) | (np.isnan(values) & np.isnan(numbers)))
            for text, ours, other in zip(stripped[differ], values[differ], numbers[differ], strict=True):
                _judge(text, float(ours), float(other))
    return "equal"


def _judge(text: str, ours: float, theirs: float) -> None:
    """Raise unless a difference is one that pandas makes: Python's float is the judge."""
    try:
        judge = float(text) if "_" not in text and text.isascii() else float("nan")
    except ValueError:
        judge = float("nan")
    assert ours == judge or (np.isnan(ours) and np.isnan(judge)), (text, ours, theirs)


def main() -> None:
    """Compare so many random files, and print how they ended."""
    with tempfile.TemporaryDirectory() as folder:
        count, first = int(sys.argv[1]), int(sys.argv[2]) * 1_000_000 if len(sys.argv) > 2 else 0
        print(dict(Counter(compare(seed, Path(folder)) for seed in range(first, first + count))))


if __name__ == "__main__":
    main()

"""Damaged files of every format, and a check that reading one ends in nothing but a table or an NNFrameError.

    python tests/mutants.py 4000

makes so many mutants of each format and prints how they were answered, the longest time, and the peak of memory.
"""

from __future__ import annotations

import gzip
import io
import random
import resource
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from nnframe_table import Model, load, read

import nnframe
from nnframe import NNFrameError

FORMATS = ("csv", "csv.gz", "parquet", "npy", "npz", "npz inside", "nnf", "metadata")
TOKENS = [b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b";", b"\xff\xfe", b"\xef\xbb\xbf", b"1e999", b"9" * 400, b"-",
          b"\\", b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\x7f" + b"\xff" * 3, b"('", b"{", b"[" * 50, b"<U0", b"|O",
          b"1099511627776", b"'" * 3, b"\x80\x80\x80\x80\x08", b"=1+1", b"\x1b[2J", b"\xc3\x28", b"nan"]  # fmt: skip
VALUES = [None, True, -1, 0, 1e308, "x", "", [], {}, ["a", "a"], 10**40, "numeric", [[]], {"kind": "numeric"}]


def original(form: str, folder: Path) -> bytes:
    """Return a file of a format."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "x": rng.normal(size=40), "i": rng.integers(0, 9, 40), "c": rng.choice(["red", "blue", "green"], 40),
        "b": rng.choice([True, False], 40), "k": pd.Categorical(rng.choice(["u", "v"], 40)), "y": rng.normal(size=40),
    })  # fmt: skip
    buffer = io.BytesIO()
    if form in ("csv", "csv.gz"):
        content = frame.to_csv(index=False).encode()
        return content if form == "csv" else gzip.compress(content)
    if form == "parquet":
        pyarrow.parquet.write_table(pa.Table.from_pandas(frame), buffer)
    elif form == "npy":
        np.save(buffer, rng.normal(size=(40, 3)))
    elif form == "npz":
        np.savez_compressed(buffer, X=rng.normal(size=(40, 3)), y=rng.choice(["a", "b"], 40))
    else:
        table = read(frame, "y")
        Model(nnframe.nNet.from_sizes(table.sizes(), [None]), table.columns, table.target).save(folder / "original.nnf")
        return (folder / "original.nnf").read_bytes()
    return buffer.getvalue()


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return content with some bytes changed, inserted, removed, repeated, or cut off."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        # Headers are at the ends.
        size = len(changed)
        place = rng.choice(
            [rng.randrange(size + 1), rng.randrange(min(size, 200) + 1), max(0, size - rng.randrange(200))]
        )
        kind = rng.randrange(7)
        if kind == 0 and place < size:
            changed[place] ^= 1 << rng.randrange(8)
        elif kind == 1 and place < size:
            changed[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        elif kind == 2:
            changed[place:place] = rng.choice(TOKENS)
        elif kind == 3:
            token = rng.choice(TOKENS)
            changed[place : place + len(token)] = token
        elif kind == 4:
            del changed[place : place + rng.choice([1, 2, 8, 100])]
        elif kind == 5:
            changed[place:place] = changed[place : place + rng.choice([1, 8, 64, 500])] * rng.choice([1, 2, 50])
        elif size > 1 and rng.random() < 0.3:
            del changed[rng.randrange(1, size) :]
    return bytes(changed)


def mutated_values(value: object, rng: random.Random) -> object:
    """Return what JSON holds with one value replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        change = {k: v for k, v in value.items() if k != key} if rng.random() < 0.1 else value
        return {**change, key if rng.random() < 0.9 else "other": mutated_values(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], mutated_values(value[place], rng), *value[place + 1 :]]
    return rng.choice(VALUES)


def mutant(form: str, content: bytes, rng: random.Random) -> bytes:
    """Return a mutant of a file of a format."""
    if form == "csv.gz" and rng.random() < 0.5:
        return gzip.compress(mutated(gzip.decompress(content), rng), 1)
    if form != "npz inside":
        return mutated(content, rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            copy.writestr(name, mutated(archive.read(name), rng))
    return buffer.getvalue()


def attempt(form: str, path: Path, whole: bytes, rng: random.Random) -> str:
    """Read a mutant, and return what came of it.

    Raises
    ------
    AssertionError
        If it is anything but a table, a model, or an NNFrameError with the file's name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if form == "metadata":
                net, metadata = nnframe.load_with_metadata(path.with_name("original.nnf"))
                net.save(path, mutated_values(metadata, rng))
                load(path)
            elif form == "nnf":
                load(path)
            else:
                read(path, None if path.suffix in (".npy", ".npz") else "y", fill="mean", memory=1 << 20)
    except NNFrameError as error:
        if len(str(error)) > 3000:
            raise AssertionError(f"a message of {len(str(error))} characters") from error
        return type(error).__name__
    except Exception as error:
        raise AssertionError(f"{form}: {type(error).__name__}: {error}") from error
    return "read"


def run(form: str, count: int, folder: Path, seed: int = 0) -> tuple[Counter[str], float]:
    """Try so many mutants of a format; return how they were answered, and the longest time."""
    suffix = {"npz inside": "npz", "metadata": "nnf"}.get(form, form)
    base = "npz" if form == "npz inside" else form
    content, path = original(base, folder), folder / f"mutant.{suffix}"
    answers, longest = Counter[str](), 0.0
    for i in range(count):
        rng = random.Random(f"{form} {seed} {i}")
        if form != "metadata":
            path.write_bytes(mutant(form, content, rng))
        began = time.process_time()
        try:
            answers[attempt(form, path, content, rng)] += 1
        except AssertionError as error:
            raise AssertionError(f"mutant {i} of seed {seed}: {error}") from error
        longest = max(longest, time.process_time() - began)
    return answers, longest


def peak() -> float:
    """Return the peak of this process's memory in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Try mutants of all formats, and print figures."""
    count, before = int(sys.argv[1]), peak()
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    forms = sys.argv[3:] or FORMATS
    with tempfile.TemporaryDirectory() as folder:
        for form in forms:
            answers, longest = run(form, count, Path(folder), seed)
            print(f"{form:<10}  {dict(answers)}  longest {longest:.2f} s  peak +{peak() - before:.0f} MB", flush=True)


if __name__ == "__main__":
    main()

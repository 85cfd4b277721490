"""A folder of parquet files is one table, which several processes can read, each its own files."""

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import nnframe_table
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnframe_table.choices import Choices
from nnframe_table.learn import learned_from, merged, summarized
from nnframe_table.sources.memory import memory_source
from pyarrow import parquet

from nnframe import ArgumentError, ArgumentTypeError, DataError
from nnframe.training.together import ALONE

LENGTHS = (70, 1, 41, 0, 30)
rng = np.random.default_rng(0)
N = sum(LENGTHS)
COLUMNS = {
    "size": rng.normal(50, 10, size=N),
    "rooms": rng.integers(1, 6, size=N),
    # A place that only one file has.
    "place": [*rng.choice(["north", "south"], size=N - 5), *["island"] * 5],
    "id": np.arange(N),
    "price": rng.normal(size=N),
}


def rows(start, stop):
    return pa.table({name: values[start:stop] for name, values in COLUMNS.items()})


@pytest.fixture
def folder(tmp_path):
    ends = np.cumsum((0, *LENGTHS)).tolist()
    for i, (start, stop) in enumerate(pairwise(ends)):
        parquet.write_table(rows(start, stop), tmp_path / f"{i}.parquet")
    return tmp_path


def test_a_folder_is_read_as_one_table(folder, tmp_path):
    (tmp_path / "whole").mkdir()
    parquet.write_table(rows(0, N), tmp_path / "whole" / "whole.parquet")
    whole = nnframe_table.read(tmp_path / "whole" / "whole.parquet", "price")
    table = nnframe_table.read(folder, "price")
    assert table.columns.input_names == whole.columns.input_names
    path = str(tmp_path / "whole" / "whole.parquet")
    assert table.remarks == [each.replace(path, str(folder)) for each in whole.remarks]
    np.testing.assert_allclose(table.train.X, whole.train.X, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(table.validation.Y, whole.validation.Y, rtol=1e-6, atol=1e-6)


def test_one_process_reads_all_shards(folder):
    whole = nnframe_table.read(folder, "price")
    table = nnframe_table.read_shards(folder, "price", ALONE)
    assert table.columns == whole.columns
    np.testing.assert_array_equal(table.train.X, whole.train.X)
    np.testing.assert_array_equal(table.validation.Y, whole.validation.Y)
    held_out = np.array(table.validation.lengths)
    np.testing.assert_array_equal(np.array(table.train.lengths) + held_out, LENGTHS)


def outcome(source, summaries, choices):
    """Return what was learned, or the message that says why nothing could be."""
    try:
        return learned_from(source, summaries, choices)
    except DataError as error:
        return str(error)


CELLS = st.one_of(st.floats(-1e6, 1e6), st.integers(-5, 5), st.none())
WORDS = st.sampled_from(["a", "b", "c", None])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, WORDS, st.floats(-10, 10)), min_size=4, max_size=40), st.data())
def test_merged_summaries_are_those_of_the_whole_table(table, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(table)), max_size=3)))
    columns = [list(column) for column in zip(*table, strict=True)]

    def part(start, stop):
        names = ("number", "word", "target")
        return memory_source({name: pa.array(each[start:stop], pa.string() if name == "word" else pa.float64())
                              for name, each in zip(names, columns, strict=True)})  # fmt: skip

    choices = Choices("target", "regression", {}, (), "median", 0.25, 0)
    ends, whole = [0, *cuts, len(table)], summarized(part(0, len(table)), choices)
    parts = [summarized(part(a, b), choices, a) for a, b in pairwise(ends)]
    expected, found = (outcome(part(0, len(table)), each, choices) for each in (whole, merged(parts)))
    if isinstance(expected, str):
        assert found == expected
        return
    assert found.remarks == expected.remarks
    assert (found.n_train, found.n_held_out) == (expected.n_train, expected.n_held_out)
    assert found.columns.input_names == expected.columns.input_names
    for mine, wanted in zip(found.columns.features, expected.columns.features, strict=True):
        for name, value in ((each, getattr(wanted, each)) for each in type(wanted).__annotations__):
            if isinstance(value, float):
                assert getattr(mine, name) == pytest.approx(value, rel=1e-9, abs=1e-9)
            else:
                assert getattr(mine, name) == value


def test_a_folder_without_parquet_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder without parquet files"):
        nnframe_table.read(tmp_path, "price")


def test_a_file_with_other_columns_is_named(folder):
    parquet.write_table(pa.table({"size": [1.0], "price": [2.0]}), folder / "9.parquet")
    with pytest.raises(
        DataError, match=r"9\.parquet has the columns 'size', 'price'; expected those of the first file"
    ):
        nnframe_table.read(folder, "price")


def test_shards_are_of_a_folder(folder):
    with pytest.raises(DataError, match="is not a folder"):
        nnframe_table.read_shards(folder / "0.parquet", "price", ALONE)
    with pytest.raises(ArgumentTypeError, match="drop is 'id'"):
        nnframe_table.read_shards(folder, "price", ALONE, drop="id")


@pytest.mark.parametrize(
    ("first", "then", "row", "word"),
    [([True] * 10, [0, 1] * 10, 1, "true"), ([0.5] * 10, [True] * 20, 11, "true"), (["a"] * 10, [1, 2] * 10, 1, "a")],
)
def test_files_with_numbers_and_files_with_words_in_a_column_are_refused(tmp_path, first, then, row, word):
    y = rng.normal(size=30)
    parquet.write_table(pa.table({"a": first, "b": y[:10], "y": y[:10]}), tmp_path / "0.parquet")
    parquet.write_table(pa.table({"a": then, "b": y[10:], "y": y[10:]}), tmp_path / "1.parquet")
    with pytest.raises(DataError, match=rf"row {row} .*'a' is '{word}'; expected a number"):
        nnframe_table.read(tmp_path, "y")
    assert nnframe_table.read(tmp_path, "y", kinds={"a": "category"}).columns.features[0].name == "a"


def test_a_file_without_values_in_a_column_of_words_is_no_file_of_numbers(tmp_path):
    y = rng.normal(size=30)
    parquet.write_table(pa.table({"a": [float("nan")] * 10, "y": y[:10]}), tmp_path / "0.parquet")
    parquet.write_table(pa.table({"a": ["p", "q"] * 10, "y": y[10:]}), tmp_path / "1.parquet")
    found = nnframe_table.read(tmp_path, "y", fill="most frequent").columns.features[0]
    assert found.categories == ("p", "q")


def test_a_column_is_of_categories_if_one_file_says_so(tmp_path):
    texts = pa.array(["1", "2", "3"] * 10)
    for name, codes in (("0", texts.dictionary_encode()), ("1", texts)):
        columns = {"code": codes, "y": rng.normal(size=30)}
        parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    for table in (nnframe_table.read(tmp_path, "y"), nnframe_table.read_shards(tmp_path, "y", ALONE)):
        assert table.columns.input_names == ("code=1", "code=2", "code=3")


@pytest.mark.parametrize("validation", ["a share", True, -0.1, 1, float("nan")])
def test_shards_refuse_the_same_validation_as_a_table(folder, validation):
    with pytest.raises((ArgumentTypeError, ArgumentError), match="validation is") as of_table:
        nnframe_table.read(folder, "price", validation=validation)
    with pytest.raises((ArgumentTypeError, ArgumentError), match="validation is") as of_shards:
        nnframe_table.read_shards(folder, "price", ALONE, validation=validation)
    assert str(of_shards.value) == str(of_table.value)


def test_columns_learned_in_workers_are_those_of_one_pass(folder):
    with ThreadPoolExecutor(2) as executor:
        table = nnframe_table.read(folder, "price", executor=executor, fill="median")
    whole = nnframe_table.read(folder, "price", fill="median")
    assert (table.columns.input_names, table.remarks) == (whole.columns.input_names, whole.remarks)
    np.testing.assert_allclose(table.train.X, whole.train.X, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(table.validation.Y.shape, whole.validation.Y.shape)


DASK = """
import sys
import nnframe_table
from distributed import Client, LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        table = nnframe_table.read(sys.argv[1], "price", executor=client.get_executor())
    print(table.columns.input_names, table.train.X.astype(float).sum())
"""


def test_workers_of_a_dask_cluster_learn_the_columns(folder, tmp_path):
    pytest.importorskip("distributed")
    script = tmp_path / "learn.py"
    script.write_text(DASK, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    with ThreadPoolExecutor(2) as executor:
        table = nnframe_table.read(folder, "price", executor=executor)
    assert done.stdout.strip() == f"{table.columns.input_names} {table.train.X.astype(float).sum()}"


def test_an_executor_without_a_folder_or_that_is_none_is_refused(folder):
    with ThreadPoolExecutor(1) as executor, pytest.raises(ArgumentTypeError, match="expected a folder of parquet"):
        nnframe_table.read(folder / "0.parquet", "price", executor=executor)
    with pytest.raises(ArgumentTypeError, match="executor is 2, of type int; expected one such as"):
        nnframe_table.read(folder, "price", executor=2)


class Broken:
    """An executor whose workers have other files."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_exception(ModuleNotFoundError("No module named 'nnframe_table'"))
        return future


def test_an_executor_that_is_shut_down_is_said_to_be_so(folder):
    with ThreadPoolExecutor(1) as executor:
        pass
    with pytest.raises(DataError, match=r"takes no task to read .*0\.parquet: .*after shutdown; expected one that is"):
        nnframe_table.read(folder, "price", executor=executor)


def test_a_worker_that_fails_is_named_by_its_file(folder):
    with pytest.raises(DataError, match=r"reads .*0\.parquet failed: .*No module named .*make sure that all workers"):
        nnframe_table.read(folder, "price", executor=Broken())
    parquet.write_table(rows(0, 3).drop_columns("size"), folder / "5.parquet")
    with ThreadPoolExecutor(1) as executor, pytest.raises(DataError, match="expected those of the first file"):
        nnframe_table.read(folder, "price", executor=executor)

"""From a table to pairs: what is recognised, what is refused, and where rows are stored."""

import gc
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from nnframe_table import Boolean, Category, Classification, Numeric, Regression, read
from nnframe_table import columns as columns_module
from nnframe_table import dataset as dataset_module
from nnframe_table import rows as rows_module
from nnframe_table.sources import numpy_file as numpy_module
from nnframe_table.sources import remembered as remembered_module
from nnframe_table.sources.values import cells_of_array
from nnframe_table.split import held_out

import nnframe
from nnframe import ArgumentError, ArgumentTypeError, DataError

RNG = np.random.default_rng(0)
X = RNG.normal(5, 2, 60)
Y = RNG.normal(100, 30, 60)


def table(**columns):
    return {"x": X, "y": Y} | columns


def cells(count, **odd):
    """Return numbers as texts, with some of them replaced."""
    texts = [f"{number:.3f}" for number in X[:count]]
    for place, text in odd.items():
        texts[int(place[1:])] = text
    return texts


@pytest.mark.parametrize("name", nnframe.table.__all__)
def test_the_documented_names_are_all_reachable_from_nnframe(name):
    assert hasattr(nnframe.table, name)


def test_numbers_are_scaled_by_the_training_rows():
    found = read(table(), "y", validation=0.25, dtype=np.float64)
    [column] = found.columns.features
    inputs = found.train.X[:, 0]
    assert (len(found.train), len(found.validation)) == (45, 15)
    assert (inputs.mean(), inputs.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    both = np.concatenate([inputs, found.validation.X[:, 0]]) * column.scale + column.mean
    np.testing.assert_allclose(np.sort(both), np.sort(X))


def test_a_regressions_target_is_scaled_too():
    found = read(table(), "y", validation=0, dtype=np.float64)
    assert found.target == Regression("y", pytest.approx(Y.mean()), pytest.approx(Y.std()))
    np.testing.assert_allclose(found.train.Y[:, 0], (Y - Y.mean()) / Y.std())
    assert found.validation is None


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (["b", "a", "c"] * 20, ("a", "b", "c")),
        ([2, 10, 1] * 20, ("1", "2", "10")),
        ([0.0, 1.0] * 30, ("0", "1")),
        ([True, False] * 30, ("false", "true")),
        (["2", "10", "x"] * 20, ("2", "10", "x")),
    ],
)
def test_few_texts_and_few_whole_numbers_are_classes(target, classes):
    task = "classification" if "x" in classes else None
    assert read({"x": X, "y": target}, "y", task=task).target == Classification("y", classes)


@pytest.mark.parametrize("target", [Y, np.arange(60), np.arange(60) % 21, [0.5, 1.5] * 30])
def test_many_numbers_and_fractions_are_a_regression(target):
    assert isinstance(read({"x": X, "y": target}, "y").target, Regression)


def test_the_task_can_be_given():
    target = np.arange(60) % 3
    assert isinstance(read({"x": X, "y": target}, "y", task="regression").target, Regression)
    assert len(read({"x": X, "y": np.arange(60) % 30}, "y", task="classification").target.classes) == 30


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (["red", "blue"] * 30, Category("c", ("blue", "red"))),
        (["yes", "No"] * 30, Boolean("c")),
        ([True, False] * 30, Boolean("c")),
        (["1", "2"] * 30, Numeric("c", 1.5, 0.5)),
    ],
)
def test_the_kind_of_a_column_is_recognised(column, kind):
    assert read(table(c=column), "y", validation=0).columns.features[1:] == (kind,)


def test_the_kind_of_a_column_can_be_given():
    found = read(table(c=[8001, 3012] * 30), "y", kinds={"c": "category"})
    assert found.columns.features[-1] == Category("c", ("3012", "8001"))


@pytest.mark.parametrize(
    ("column", "remark"),
    [
        ([5] * 60, "left out 'c': it is 5 in every row"),
        (["a"] * 60, "left out 'c': it is 'a' in every row"),
        (["a", ""] * 30, "left out 'c': it is 'a' wherever it has a value"),
        ([""] * 60, "left out 'c': it is empty"),
        ([f"2024-01-{i % 28 + 1:02}" for i in range(60)], "left out 'c': it holds dates"),
        (np.arange(60).astype("datetime64[D]"), "left out 'c': it holds dates"),
        ([f"name {i}" for i in range(60)], "left out 'c': it holds 60 different texts in 60 rows"),
        ([f"{i},000" for i in range(60)], "left out 'c': it holds numbers with commas, such as '0,000'"),
    ],
)
def test_useless_columns_are_left_out_with_a_remark(column, remark):
    found = read(table(c=column), "y")
    assert found.columns.names == ("x",)
    assert found.remarks[0].startswith(remark)


def test_only_a_column_called_id_is_left_out_for_counting_the_rows():
    found = read({"id": np.arange(60), "day": np.arange(60), "y": Y}, "y")
    assert (found.columns.names, found.remarks) == (("day",), ["left out 'id': it counts the rows"])


def test_a_kind_for_dates_is_refused():
    days = np.arange(60).astype("datetime64[D]")
    with pytest.raises(DataError, match="column 'c' of the table holds dates; expected numbers or texts for the kind"):
        read(table(c=days), "y", kinds={"c": "category"})


def test_a_deviation_that_is_only_rounding_error_is_not_used_as_a_scale():
    held = held_out(0, 60, 0.2, 0)
    nearly = np.where(held, 0.7, 0.1)
    found = read({"x": X, "c": nearly, "y": nearly}, "y", task="regression")
    assert (found.columns.features[1].scale, found.target.scale) == (1, 1)


@pytest.mark.parametrize(
    ("texts", "names", "again"),
    [
        (["1", "1.0", "2"], ("1", "2"), [2.0, 1.0]),
        (["1", "1.0", "2"], ("1", "2"), ["2.00", "+1"]),
        (["01", "1", "2"], ("01", "1", "2"), None),
        (["True", "true", "FALSE"], ("false", "true"), [True, False]),
        (["True", "true", "maybe"], ("True", "maybe", "true"), None),
        ([10**17, 10**17 + 1, 10**17], (str(10**17), str(10**17 + 1)), [10**17 + 1, 10**17]),
    ],
)
def test_categories_and_classes_are_the_same_however_they_are_written(texts, names, again):
    column = np.array(texts * 20)
    found = read({"c": column, "y": column}, "y", task="classification", kinds={"c": "category"})
    assert (found.target.classes, found.columns.features[0].categories) == (names, names)
    if again is not None:
        codes = found.columns.transform({"c": again})
        assert codes.tolist() == [[0, 1], [1, 0]]
        assert found.target.encode(cells_of_array(np.array(again))).tolist() == codes.tolist()


def test_a_category_with_braces_in_its_name_can_be_named_in_an_error():
    found = read(table(c=["{a}", "{}"] * 30), "y")
    with pytest.raises(DataError, match=r"column 'c' is 'z', which was not seen in training; known are {a}, {}"):
        found.columns.transform({"x": [1.0], "c": ["z"]})


def test_rows_of_many_categories_are_encoded_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(columns_module, "CHUNK_BYTES", 8 * 10 * (30 + 1 + 1))
    encode, lengths = columns_module.Columns.encode, []

    def noted(self, source, chunk, *arguments, **options):
        lengths.append(len(chunk))
        inputs = encode(self, source, chunk, *arguments, **options)
        assert inputs.dtype == np.float32
        return inputs

    monkeypatch.setattr(columns_module.Columns, "encode", noted)
    found = read(table(c=[f"c{i % 30}" for i in range(60)]), "y", kinds={"c": "category"}, validation=0)
    assert lengths == [10] * 6
    assert found.train.X[:, 1:].sum() == 60
    np.testing.assert_allclose(found.train.X[:, 0], (X - X.mean()) / X.std(), rtol=1e-5)


def test_the_memory_limit_is_exact():
    n_bytes = 60 * 2 * 4
    assert read(table(), "y", memory=n_bytes).folder is None
    with read(table(), "y", memory=n_bytes - 1) as found:
        assert found.folder is not None


def test_columns_can_be_dropped():
    assert read(table(c=X), "y", drop=["c"]).columns.names == ("x",)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"x": cells(60, _6="")}, "row 7 .* column 'x' has no value, and no other is missing there"),
        ({"x": cells(60, _6="", _9=None), "c": cells(60, _1=None)}, "1 more are missing there; 1 are missing in 'c'"),
        ({"x": cells(60, _6="abc")}, "row 7 .* column 'x' is 'abc'; expected a number, as in 59 of 60 rows"),
        ({"x": cells(60, _6="1,5")}, "is '1,5'; expected a number, as in 59 of 60 rows, written as 1234.5"),
        ({"x": cells(60, _6="inf")}, "row 7 .* column 'x' is 'inf'; expected a finite number"),
        ({"y": cells(60, _6="")}, "row 7 .* column 'y' has no value, .* remove such rows"),
        ({"y": cells(60, _6="ten")}, "row 7 .* column 'y' is 'ten'; expected a number"),
        ({"y": cells(60, _6="-inf")}, "row 7 .* column 'y' is '-inf'; expected a finite number"),
        ({"y": ["a"] * 60}, "the target 'y' has one class, 'a'; expected at least two"),
        ({"y": [2.5] * 60}, "the target 'y' is 2.5 in every row; there is nothing to learn"),
        ({"y": [f"name {i}" for i in range(60)]}, "the target 'y' has 60 different texts in 60 rows, such as 'name 0'"),
        ({"y": np.arange(60).astype("datetime64[D]")}, "the target 'y' of the table holds dates"),
        ({"x": [1e308, -1e308] * 30}, "numbers from -1e.308 to 1e.308, too large to be scaled"),
        ({"x": [1.0] * 60}, "has no column to predict 'y' from: left out 'x': it is 1 in every row"),
    ],
)
def test_a_table_that_can_not_be_trained_on_is_refused_with_the_reason(columns, sentence):
    with pytest.raises(DataError, match=sentence):
        read(table(**columns), "y")


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"target": "z"}, DataError, "target names the column 'z', which the table does not have; it has 'x', 'y'"),
        ({"target": None}, ArgumentError, "target is missing; expected the name of a column of the table: 'x', 'y'"),
        ({"drop": ["z"]}, DataError, "drop names the column 'z'"),
        ({"drop": ["y"]}, ArgumentError, "drop names 'y', which is the target"),
        ({"kinds": {"z": "numeric"}}, DataError, "kinds names the column 'z'"),
        ({"kinds": {"x": "text"}}, ArgumentError, "kinds has 'text' for the column 'x'; expected one of numeric"),
        ({"kinds": {"y": "category"}}, ArgumentError, "kinds names 'y', which is the target; choose with task"),
        ({"kinds": {"x": "category"}, "drop": ["x"]}, ArgumentError, "kinds names 'x', which is dropped"),
        (
            {"kinds": {"x": "boolean"}},
            DataError,
            "column 'x' of the table has .*; expected one of true, yes, false, no",
        ),
        ({"task": "guess"}, ArgumentError, "task is 'guess'; expected 'classification', 'regression' or None"),
        (
            {"fill": "mode"},
            ArgumentError,
            "fill is 'mode'; expected one of 'mean', 'median', 'most frequent', or a number",
        ),
        ({"fill": []}, ArgumentTypeError, r"fill is \[\], of type list"),
        ({"fill": np.inf}, ArgumentError, "fill is inf; expected a finite number"),
        ({"validation": 1}, ArgumentError, "validation is 1; expected a share from 0 to below 1"),
        ({"validation": "x"}, ArgumentTypeError, "validation is 'x', of type str"),
        ({"dtype": int}, ArgumentTypeError, "dtype is int64; expected float32 or float64"),
        ({"seed": -1}, ArgumentError, "seed is -1"),
        ({"drop": "x"}, ArgumentTypeError, "drop is 'x'; expected a list of names"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        read(table(), **{"target": "y"} | arguments)


@pytest.mark.parametrize(("fill", "number"), [("mean", 3.0), ("median", 2.0), ("most frequent", 1.0), (-1, -1.0)])
def test_missing_values_are_filled_as_asked(fill, number):
    x = [1.0, 1.0, 2.0, 3.0, 8.0, np.nan]
    found = read({"x": x, "c": ["a", "b", "b", None, "c", "c"], "y": Y[:6]}, "y", fill=fill, validation=0)
    numeric, category = found.columns.features
    assert (numeric.fill, category.fill) == (number, "b")
    assert found.remarks == [
        f"filled 'x' with {number:g} where it has no value: 1", "filled 'c' with b where it has no value: 1"
    ]  # fmt: skip
    assert found.train.X[5, 0] == pytest.approx((number - numeric.mean) / numeric.scale, rel=1e-6)
    assert found.train.X[3, 1:].tolist() == [0, 1, 0]


def test_the_first_of_equally_frequent_texts_fills():
    column = ["b", "a", "", "a", "b", ""] * 10
    assert read(table(c=column), "y", fill="mean").columns.features[1].fill == "a"


def test_a_table_of_one_row_is_refused():
    with pytest.raises(DataError, match="has 1 rows of values; expected at least two"):
        read({"x": [1], "y": [2]}, "y")


def test_a_share_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(DataError, match="holds out all 2 rows"):
        read({"x": [1, 2], "y": [1.5, 2.5]}, "y", validation=0.999)


@pytest.mark.parametrize(("target", "name"), [(None, "2"), (0, "0"), ("1", "1"), (-2, "1"), (np.int64(2), "2")])
def test_the_target_of_an_npy_file_is_an_index_and_the_last_column_by_default(tmp_path, target, name):
    np.save(tmp_path / "t.npy", RNG.normal(size=(20, 3)))
    assert read(tmp_path / "t.npy", target).target.target == name


@pytest.mark.parametrize("target", ["--2", "\u00b2", "x"])
def test_a_target_of_an_npy_file_must_be_the_index_of_a_column(tmp_path, target):
    np.save(tmp_path / "t.npy", RNG.normal(size=(20, 3)))
    with pytest.raises(ArgumentError, match="; expected the index of a column of"):
        read(tmp_path / "t.npy", target)


def test_a_target_beyond_the_last_column_is_refused(tmp_path):
    np.save(tmp_path / "t.npy", RNG.normal(size=(20, 3)))
    with pytest.raises(DataError, match=r"target is 3, but .* has 3 columns, counted from 0"):
        read(tmp_path / "t.npy", 3)


def test_a_table_beyond_the_memory_limit_is_the_same_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_module, "CHUNK_BYTES", 4096)
    np.save(tmp_path / "t.npy", RNG.normal(size=(1000, 4)))
    in_memory = read(tmp_path / "t.npy")
    folder = tmp_path / "aside"
    folder.mkdir()
    with read(tmp_path / "t.npy", memory=8000, folder=folder) as in_file:
        assert (in_memory.folder, in_file.folder) == (None, folder)
        assert isinstance(in_file.train.X.base.base, np.memmap) or "mmap" in str(type(_root(in_file.train.X)))
        for ours, theirs in ((in_file.train, in_memory.train), (in_file.validation, in_memory.validation)):
            np.testing.assert_array_equal(ours.X, theirs.X)
            np.testing.assert_array_equal(ours.Y, theirs.Y)
    assert list(folder.iterdir()) == []


def _root(array):
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


@pytest.mark.skipif(os.name == "nt", reason="the file has a name there while it is open")
def test_the_temporary_file_has_no_name_that_a_kill_could_leave_behind(tmp_path):
    found = read(table(), "y", memory=0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    found.close()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists the maps of a process")
def test_the_temporary_files_are_gone_after_a_failure_and_after_closing(tmp_path, monkeypatch):
    def mapped():
        return Path("/proc/self/maps").read_text().count(str(tmp_path))

    with read(table(), "y", memory=0, folder=tmp_path):
        assert mapped() == 4
    assert mapped() == 0
    monkeypatch.setattr(dataset_module, "_convert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        read(table(), "y", memory=0, folder=tmp_path)
    gc.collect()
    assert mapped() == 0


def test_a_full_disk_is_reported_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with pytest.raises(DataError, match=r"bytes doesn't fit into .*, where 5 are free"):
        read(table(), "y", memory=0, folder=tmp_path)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(DataError, match="no temporary file can be written in"):
        read(table(), "y", memory=0, folder=tmp_path / "nowhere")


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(X, Y, strict=True)))
    learn = dataset_module.learn

    def learn_then_grow(*arguments):
        found = learn(*arguments)
        with path.open("a") as file:
            file.write("1,2\n")
        return found

    monkeypatch.setattr(dataset_module, "learn", learn_then_grow)
    monkeypatch.setattr(remembered_module, "MOST_BYTES", 10)
    with pytest.raises(DataError, match="changed while it was read"):
        read(path, "y")


def test_the_same_seed_holds_out_the_same_rows():
    assert np.array_equal(read(table(), "y", seed=1).validation.X, read(table(), "y", seed=1).validation.X)
    assert not np.array_equal(read(table(), "y", seed=1).validation.X, read(table(), "y", seed=2).validation.X)


def test_sizes_are_those_of_a_net_for_the_table():
    assert read({"x": X, "c": ["a", "b", "c"] * 20, "y": Y}, "y").sizes([8, 5]) == [4, 8, 5, 1]

"""Wide tables, unusual headers, encodings, rows as dicts, and targets that are not a column."""

import gzip
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_table import Boolean, Category, Columns, Model, Numeric, Regression, read
from nnframe_table.sources.opening import open_source

import nnframe
from nnframe import ArgumentError, ArgumentTypeError, DataError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(5, 2, 60), RNG.normal(100, 30, 60)
COLUMNS = Columns((Numeric("rooms", 3.0, 2.0), Category("d", ("n", "c")), Numeric("f", 1.0, 0.5, 9.0), Boolean("l")))
ROW = {"rooms": 2, "d": "c", "f": 1.5, "l": "yes"}


@pytest.fixture(scope="module")
def model():
    net = nnframe.nNet.from_sizes([5, 8, 1], ["relu", None], seed=0, dtype="float32")
    return Model(net, COLUMNS, Regression("y", 10.0, 2.0))


def test_a_header_may_be_longer_than_a_field_of_the_csv_module(write):
    names = [f"column number {i}" for i in range(12_000)]
    path = write("t.csv", ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert len(",".join(names)) > 131_072
    assert open_source(path).columns == tuple(names)


def test_a_header_may_consist_of_years(write):
    path = write("t.csv", "2019,2020,2021\n" + "".join(f"{i},{i * i},{i / 2}\n" for i in range(30)))
    found = read(path, "2021")
    assert found.columns.names == ("2019", "2020")
    assert found.remarks[0] == "used the first row as the names of the columns: 2019, 2020, 2021"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".CSV.GZ", ".tsv.gz"])
def test_unicode_files_are_read_compressed_or_not(tmp_path, encoding, suffix):
    content = ("stra\u00dfe,\U0001f600\n" + "".join(f"\u00e4{i},\U0001f600{i}\n" for i in range(5000))).encode(encoding)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.lower().endswith(".gz") else content)
    source = open_source(path)
    assert source.columns == ("stra\u00dfe", "\U0001f600")
    texts = [chunk.cells["\U0001f600"].text_at(i) for chunk in source.chunks(source.columns) for i in range(len(chunk))]
    assert texts == [f"\U0001f600{i}" for i in range(5000)]


def test_truncated_utf_16_is_reported(write):
    path = write("t.csv", "x,y\n1,2\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match="is not text in UTF-16"):
        list(open_source(path).chunks(["x"]))


def test_blanks_around_names_are_ignored_in_every_source(write):
    for table in (write("t.csv", " x , y\n1,2\n"), {" x ": [1], "y ": [2]}, pd.DataFrame({" x ": [1], "y ": [2]})):
        assert open_source(table).columns == ("x", "y")
    assert read({" x": X, "z": X, "y ": Y}, " y", drop=["z "], kinds={"x ": "numeric"}).columns.names == ("x",)
    with pytest.raises(DataError, match="several columns called 'x'"):
        open_source({"x": [1], "x ": [2]})


@pytest.mark.parametrize(
    ("target", "name"),
    [(pd.Series(Y, name="price"), "price"), (pd.Series(Y), "target"), (Y, "target"), (Y.tolist(), "target")],
    ids=["named series", "series", "array", "list"],
)
def test_a_target_may_be_values_instead_of_a_column(target, name, write):
    csv = write("t.csv", "x,z\n" + "".join(f"{x},{x * x}\n" for x in X))
    for table in (pd.DataFrame({"x": X, "z": X * X}), {"x": X, "z": X * X}, csv):
        found = read(table, target, validation=0, dtype=np.float64)
        assert (found.columns.names, found.target) == (
            ("x", "z"), Regression(name, pytest.approx(Y.mean()), pytest.approx(Y.std())),
        )  # fmt: skip
        np.testing.assert_allclose(found.train.Y[:, 0] * Y.std() + Y.mean(), Y)


def test_a_target_of_another_length_or_of_a_known_name_is_refused():
    with pytest.raises(DataError, match="target has 59 values, and the table has 60 rows"):
        read({"x": X}, Y[1:])
    with pytest.raises(DataError, match="target has 61 values, and the table has 60 rows"):
        read({"x": X}, np.append(Y, 1))
    with pytest.raises(DataError, match="target is called 'x', and the table has a column of that name"):
        read({"x": X}, pd.Series(Y, name="x"))
    with pytest.raises(ArgumentTypeError, match=r"target is 1.5, of type float"):
        read({"x": X}, 1.5)


def test_a_target_whose_rows_are_shuffled_is_refused():
    frame, target = pd.DataFrame({"x": X}), pd.Series(Y, name="y")
    with pytest.raises(ArgumentError, match=r"table and target have the same index in another order"):
        read(frame, target.sample(frac=1, random_state=0))
    shuffled = frame.sample(frac=1, random_state=0)
    assert read(shuffled, target.loc[shuffled.index]).columns.names == ("x",)


def test_rows_as_dicts_are_read_as_columns():
    rows = [{"x": x, "c": c, "y": y} for x, c, y in zip(X, ["a", "b"] * 30, Y, strict=True)]
    expected = read({"x": X, "c": ["a", "b"] * 30, "y": Y}, "y")
    found = read(rows, "y")
    assert (found.columns, found.target) == (expected.columns, expected.target)
    del rows[4]["x"]
    with pytest.raises(DataError, match=r"the list of rows, row 5 .* column 'x' has no value"):
        read(rows, "y")


@pytest.mark.parametrize(
    "table",
    [ROW, [ROW], pd.DataFrame([ROW]), {name: [value] for name, value in ROW.items()}, pa.Table.from_pylist([ROW]),
     ROW | {"rooms": np.int64(2), "f": np.float32(1.5), "d": np.str_("c"), "l": np.True_}, ROW | {"l": True},
     ROW | {"rooms": " 2 "}],
    ids=["dict", "list", "frame", "columns", "arrow", "numpy scalars", "bool", "text"],
)  # fmt: skip
def test_one_row_is_predicted_the_same_in_every_form(model, table):
    inputs = np.array([[-0.5, 0, 1, 1, 1]], np.float32)
    expected = model.net.forwardPass(inputs.T, return_all_steps=False)[0, 0] * 2 + 10
    assert model.predict(table).tolist() == [pytest.approx(expected, rel=1e-6)]


values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text("nc 1.5yestrue", max_size=4),
                   st.integers(10**300, 10**320),
                   st.sampled_from([np.nan, pd.NA, np.float32(2), [1], "c", "n"]))  # fmt: skip


@given(st.fixed_dictionaries(dict.fromkeys(ROW, values)))
def test_the_fast_path_for_a_few_rows_agrees_with_the_general_one(row):
    short = COLUMNS.encode_row(row)
    if short is not None:
        np.testing.assert_array_equal(COLUMNS.transform({name: [value] for name, value in row.items()}), [short])


@pytest.mark.parametrize("change", [{"d": "z"}, {"rooms": None}, {"rooms": "x"}, {"l": 7}, {"f": np.inf}])
def test_a_row_that_can_not_be_used_is_refused_in_every_form(model, change):
    row = ROW | change
    for table in (row, [row], pd.DataFrame([row])):
        with pytest.raises(DataError, match=rf"row 1 \(the first is row 1\), column '{next(iter(change))}'"):
            model.predict(table)
    with pytest.raises(DataError, match="has no column 'l'"):
        model.predict({name: ROW[name] for name in ("rooms", "d", "f")})


def test_predicting_one_row_is_faster_than_converting_a_frame(model):
    frame = pd.DataFrame([ROW])

    def fastest(function):
        times = []
        for _ in range(200):
            began = time.perf_counter()
            function()
            times.append(time.perf_counter() - began)
        return min(times)

    handed_over = fastest(lambda: pa.table(frame))
    assert fastest(lambda: model.predict(ROW)) < handed_over / 2
    assert fastest(lambda: model.predict(frame)) < 3 * handed_over


def wide(kind, n_columns, folder):
    table = {f"c{i}": RNG.normal(size=4) for i in range(n_columns)} | {"y": np.array([1.5, 2, 3, 4])}
    if kind == "dict":
        return table
    if kind == "frame":
        return pd.DataFrame(table)
    path = folder / f"{n_columns}.{kind}"
    if kind == "npz":
        np.savez(path, X=np.stack(list(table.values())[:-1], axis=1), y=table["y"])
    elif kind == "parquet":
        pyarrow.parquet.write_table(pa.table(table), path)
    else:
        pd.DataFrame(table).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("kind", ["dict", "frame", "npz", "parquet", "csv"])
def test_the_time_for_columns_is_linear(kind, tmp_path):
    times = []
    for n_columns in (2_000, 16_000):
        table = wide(kind, n_columns, tmp_path)
        began = time.process_time()
        assert len(read(table, "y").columns.features) == n_columns
        times.append(time.process_time() - began)
    # 8 times as many columns: 64 times the time if it were quadratic.
    assert times[1] < 24 * times[0]

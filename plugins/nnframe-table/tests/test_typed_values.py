"""What a source says about its values is kept: masks, nulls, categorical types, indexes."""

from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nnframe_table import Category, Classification, Model, Numeric, read
from nnframe_table.sources.opening import open_source
from scipy import sparse

import nnframe
from nnframe import ArgumentError, DataError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(5, 2, 60), RNG.normal(100, 30, 60)
TENS = [10, 20, 30] * 20


def columns_of(table, target="y", **options):
    return read(table, target, validation=0, **options).columns.features


def masked():
    column = np.ma.array(X.copy(), mask=np.arange(60) == 3)
    column.data[3] = 1e6
    return column


def test_a_masked_value_is_missing_and_not_a_million():
    with pytest.raises(DataError, match=r"row 4 .* column 'x' has no value, and no other"):
        read({"x": masked(), "y": Y}, "y")
    [column] = columns_of({"x": masked(), "y": Y}, fill="mean")
    assert column.mean == pytest.approx(np.delete(X, 3).mean())


def test_a_masked_target_is_refused():
    with pytest.raises(DataError, match=r"row 4 .* column 'y' has no value"):
        read({"x": X, "y": masked()}, "y")
    with pytest.raises(DataError, match=r"row 4 .* column 'target' has no value"):
        read({"x": X}, masked())


@pytest.mark.parametrize(
    "series",
    [pd.Series([1, 2, None] * 20, dtype="Int64"), pd.Series([1, 2, pd.NA] * 20, dtype=object),
     pd.array([1, 2, None] * 20, dtype="Float64"), pl.Series([1, 2, None] * 20), pa.array([1, 2, None] * 20),
     pa.chunked_array([[1, 2, None]] * 20), [1, 2, None] * 20],
    ids=lambda series: type(series).__module__.split(".")[0],
)  # fmt: skip
def test_nulls_of_every_library_are_missing_numbers(series):
    [column] = columns_of({"x": series, "y": Y}, fill=7)
    assert column == Numeric("x", 1.5, 0.5, 7)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"x": sparse.csr_matrix(X[:, None]), "y": Y}, r"column 'x' of the table has shape \(60, 1\); expected \(N,\)"),
        ({"x": X[:, None], "y": Y}, r"column 'x' of the table has shape \(60, 1\); expected \(N,\)"),
        ({"x": 3.0, "y": Y}, "column 'x' of the table is of type float; expected a list or an array"),
        ({"x": (i for i in X), "y": Y}, "column 'x' of the table is of type generator; expected a list or an array"),
    ],
)
def test_anything_but_a_column_is_refused_by_name(table, sentence):
    with pytest.raises(DataError, match=sentence):
        read(table, "y")


class Quantity(np.ndarray):
    """An array with a unit, as other libraries have."""


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ([1, "a"] * 30, "values of type int and str"),
        (pd.arrays.SparseArray(X), "values of type Sparse[float64, nan]"),
        (X * 1j, "values of type complex128"),
        ([{}] * 60, "values of type struct<>"),
        (pd.period_range("2020", periods=60, freq="D"), "values of type extension<pandas.period"),
        (pd.date_range("2020", periods=60), "dates"),
        (X.view(Quantity), "values of type Quantity, a subclass of numpy's array"),
    ],
    ids=["mixed", "sparse", "complex", "structs", "periods", "dates", "quantity"],
)
def test_one_odd_column_is_left_out_and_the_others_are_used(column, what):
    table = {"odd": column, "x": X, "y": Y}
    for each in (table, pd.DataFrame(table)) if "Quantity" not in what else (table,):
        found = read(each, "y")
        assert found.columns.names == ("x",)
        assert found.remarks[0].startswith(f"left out 'odd': it holds {what}")
        assert read(each, "y", drop=["odd"]).remarks == []
        with pytest.raises(DataError, match=r"the target 'odd' of .* holds"):
            read(each, "odd")


def test_an_object_column_of_polars_is_left_out():
    frame = pl.DataFrame({"odd": pl.Series([object()] * 60, dtype=pl.Object), "x": X, "y": Y})
    assert read(frame, "y").columns.names == ("x",)


@pytest.mark.parametrize(
    "column",
    [pd.Series(TENS, dtype="category"), pd.Categorical(TENS), pa.array(TENS).dictionary_encode(),
     pl.Series(map(str, TENS), dtype=pl.Categorical), pl.Series(map(str, TENS), dtype=pl.Enum(["10", "20", "30"]))],
    ids=["series", "categorical", "arrow", "polars categorical", "polars enum"],
)  # fmt: skip
def test_numbers_of_a_categorical_type_are_categories_and_classes(column):
    assert columns_of({"x": column, "y": Y}) == (Category("x", ("10", "20", "30")),)
    assert read({"x": X, "y": column}, "y").target == Classification("y", ("10", "20", "30"))


def test_categorical_types_stay_categorical_in_a_parquet_file(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"x": pd.Series(TENS, dtype="category"), "y": Y})
    for write in (
        lambda: frame.to_parquet(path),
        lambda: pyarrow.parquet.write_table(pa.Table.from_pandas(frame).replace_schema_metadata(None), path),
    ):
        write()
        assert columns_of(path) == (Category("x", ("10", "20", "30")),)


def test_a_categorical_column_may_have_more_categories_than_recognised_texts():
    column = pd.Series([f"c{i}" for i in range(150)] * 2, dtype="category")
    assert len(columns_of({"x": column, "y": np.arange(300.0)})[0].categories) == 150


@pytest.mark.parametrize(
    "index",
    [pd.Index(RNG.permutation(60), name="id"), pd.Index(RNG.permutation(60)), pd.Index([f"r{i}" for i in range(60)])],
    ids=["named", "shuffled", "texts"],
)
def test_the_index_of_a_frame_is_not_a_column(index, tmp_path):
    frame = pd.DataFrame({"x": X, "y": Y}, index=index)
    frame.to_parquet(tmp_path / "t.parquet")
    for table in (frame, tmp_path / "t.parquet"):
        assert open_source(table).columns == ("x", "y")


def test_a_country_called_na_is_kept_if_the_source_has_types(tmp_path):
    frame = pd.DataFrame({"c": ["NA", "DE", "FR"] * 20, "y": Y})
    frame.to_parquet(tmp_path / "t.parquet")
    for table in (frame, frame.to_dict("list"), frame.to_dict("records"), tmp_path / "t.parquet"):
        assert columns_of(table) == (Category("c", ("DE", "FR", "NA")),)


def test_words_for_missing_values_can_be_declared(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("c,y\n" + "".join(f"{c},{y}\n" for c, y in zip(["NA", "-", "DE", "FR"] * 15, Y, strict=True)))
    with pytest.raises(DataError, match=r"row 2 .* column 'c' has no value, and 14 more"):
        read(path, "y")
    assert columns_of(path, missing=[])[0].categories == ("-", "DE", "FR", "NA")
    assert columns_of(path, missing="-", fill="mean") == (Category("c", ("DE", "FR", "NA"), "DE"),)


@pytest.mark.parametrize("word", ["-", "None", "n/a", "<NA>"])
def test_a_category_that_may_be_a_missing_value_gets_a_remark(word):
    found = read({"c": [word, "DE", "FR"] * 20, "y": Y}, "y")
    assert found.columns.features[0].categories == tuple(sorted([word, "DE", "FR"]))
    assert f"{word!r} in 'c' became a category" in found.remarks[0]
    assert f"missing=[{word!r}]" in found.remarks[0]


def test_a_model_of_a_typed_source_knows_its_categories_in_a_csv_file(tmp_path):
    table = read({"c": ["NA", "DE", "FR"] * 20, "y": [1.0, 2.0, 4.0] * 20}, "y", task="regression", fill="mean")
    net = nnframe.nNet.from_sizes(table.sizes(), [None], seed=0)
    net.nEpochs(200, table.train, "mse", batch_size=8, optimizer="adam(learning_rate=0.05)")
    model = Model(net, table.columns, table.target)
    (tmp_path / "t.csv").write_text("c\nNA\nDE\n\n\nFR\n")
    np.testing.assert_allclose(model.predict(tmp_path / "t.csv")[[0, 1, 4]], [1, 2, 4], atol=0.05)


@pytest.mark.parametrize(
    ("options", "sentence"), [({"decimal": ";"}, "decimal is ';'; expected"), ({"missing": [1]}, "missing is")]
)
def test_wrong_rules_for_texts_are_refused(options, sentence):
    with pytest.raises((ArgumentError, nnframe.ArgumentTypeError), match=sentence):
        read({"x": X, "y": Y}, "y", **options)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.dates(),
    st.decimals(allow_nan=True), st.complex_numbers(), st.lists(st.integers(), max_size=2), st.just(object()),
    st.sampled_from([pd.NA, pd.NaT, np.float16(1), np.datetime64("NaT", "s"), np.ma.masked, "\ud800", 10**400, {}]),
    st.just(set()),
)  # fmt: skip
columns = st.one_of(st.lists(anything, min_size=12, max_size=12), anything.map(lambda value: [value, value, 1.0] * 4))


@settings(max_examples=400)
@given(columns, columns, st.sampled_from(["list", "array", "series", "frame", "rows"]))
def test_any_values_are_read_or_refused_with_an_error_of_ours(first, second, form):
    table = {"a": first, "b": second, "x": list(range(12))}
    with suppress(ValueError, TypeError, OverflowError, RuntimeWarning):
        # numpy and pandas refuse some of these themselves.
        if form == "array":
            table = {name: np.array(column, object) for name, column in table.items()}
        elif form in ("series", "frame"):
            table = pd.DataFrame(table, dtype=object if form == "series" else None)
        elif form == "rows":
            table = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    for target in ("a", "x"):
        with suppress(nnframe.NNFrameError):
            found = read(table, target, task="regression" if target == "x" else None, fill=0)
            assert np.isfinite(found.train.X).all()
            assert np.isfinite(found.train.Y).all()

"""Files and frames are read in chunks."""

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet
import pytest
from nnframe_table.sources import csv as csv_module
from nnframe_table.sources import numpy_file as numpy_module
from nnframe_table.sources import parquet as parquet_module
from nnframe_table.sources.opening import open_source

from nnframe import ArgumentTypeError, DataError


def small_blocks(monkeypatch):
    monkeypatch.setattr(csv_module, "BLOCK_BYTES", 64)
    monkeypatch.setattr(csv_module, "BLOCK_BYTES_A_COLUMN", 1)


def texts_of(source, column):
    return [chunk.cells[column].text_at(i) for chunk in source.chunks([column]) for i in range(len(chunk))]


def rows_of(source):
    return [chunk.row(i) for chunk in source.chunks(source.columns) for i in range(len(chunk))]


@pytest.mark.parametrize(
    ("content", "columns", "second"),
    [
        ("x,y\n1,a\n2,b\n", ("x", "y"), ["a", "b"]),
        ("x;y\n1;a\n2;b\n", ("x", "y"), ["a", "b"]),
        ("x\ty\n1\ta\n2\tb\n", ("x", "y"), ["a", "b"]),
        ("x|y\n1|a\n2|b", ("x", "y"), ["a", "b"]),
        ("\ufeffx,y\r\n1,a\r\n2,b\r\n", ("x", "y"), ["a", "b"]),
        ('x,"y, z"\n1,"a, ""b"""\n2,"c\nd"\n', ("x", "y, z"), ['a, "b"', "c\nd"]),
        ("x , y\n1, a\n2 ,b\n", ("x", "y"), [" a", "b"]),
        ("x,\n1,a\n2,b\n", ("x", "column 2"), ["a", "b"]),
        ('"x\nx",y\n1,a\n2,b\n', ("x\nx", "y"), ["a", "b"]),
    ],
)
def test_csv_files_of_many_dialects_are_read(write, content, columns, second):
    source = open_source(write("t.csv", content))
    assert source.columns == columns
    assert texts_of(source, columns[1]) == second


def test_a_file_with_semicolons_has_decimal_commas(write):
    source = open_source(write("t.csv", "x;y\n3,5;a\n -1,25 ;b\n1.5;c\n"))
    [chunk] = source.chunks(["x"])
    assert chunk.cells["x"].numbers()[0].tolist() == [3.5, -1.25, 1.5]


def test_a_file_with_commas_has_no_decimal_commas(write):
    source = open_source(write("t.csv", 'x,y\n"3,5",a\n'))
    [chunk] = source.chunks(["x"])
    assert chunk.cells["x"].numbers().words.tolist() == [True]


def test_rows_are_counted_as_in_a_spreadsheet_and_blank_rows_ignored_only_at_the_end(write):
    source = open_source(write("t.csv", "x,y\n1,2\n\n,\n3,4\n5,\n\n , \n\n"))
    assert rows_of(source) == [2, 3, 4, 5, 6]
    missing = [chunk.cells["x"].numbers().missing.tolist() for chunk in source.chunks(["x"])]
    assert missing == [[False, True, True, False, False]]


def test_blank_rows_between_blocks_are_kept_and_those_at_the_end_are_not(write, monkeypatch):
    small_blocks(monkeypatch)
    source = open_source(write("t.csv", "x\n1\n" + "\n" * 200 + "2\n" + "\n" * 200))
    assert texts_of(source, "x") == ["1", *[""] * 200, "2"]


def test_cells_of_a_csv_file_are_kept_as_they_are_written(write):
    source = open_source(write("t.csv", "id;x\n3,5;1\nNA;1\n 007 ;1\n"))
    assert texts_of(source, "id") == ["3,5", "NA", " 007 "]


def test_long_whole_numbers_of_a_parquet_file_are_exact(tmp_path):
    ids = [10**18 + 1, None, 10**18 + 2]
    pyarrow.parquet.write_table(pa.table({"id": pa.array(ids, pa.int64())}), tmp_path / "t.parquet")
    source = open_source(tmp_path / "t.parquet")
    assert texts_of(source, "id") == ["1000000000000000001", "", "1000000000000000002"]
    [chunk] = source.chunks(["id"])
    assert chunk.cells["id"].texts().distinct == ["1000000000000000001", "1000000000000000002"]


@pytest.mark.parametrize("character", ["\x0c", "\u2028", "\x1c"])
def test_a_header_may_contain_other_line_separators_of_unicode(write, character):
    assert open_source(write("t.csv", f"a{character}b,c\n1,2\n")).columns == (f"a{character}b", "c")


def test_a_file_that_disappears_while_it_is_read_is_reported(write, tmp_path):
    np.save(tmp_path / "t.npy", np.eye(2))
    for path in (write("t.csv", "x,y\n1,2\n"), tmp_path / "t.npy"):
        source = open_source(path)
        path.unlink()
        with pytest.raises(DataError, match="can't be read"):
            rows_of(source)


def test_row_numbers_continue_from_chunk_to_chunk(write, monkeypatch):
    small_blocks(monkeypatch)
    source = open_source(write("t.csv", "x,y\n" + "".join(f"{i},{i}\n" for i in range(100))))
    assert len(list(source.chunks(["x"]))) > 5
    assert rows_of(source) == list(range(2, 102))
    assert rows_of(source) == list(range(2, 102))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty; expected a row with the names"),
        ("\n\n", "is empty"),
        ("\nx,y\n1,2\n", "the first row .* is blank"),
        ("1,2.5\n3,4\n", "has no header: its first row is '1, 2.5'"),
        ("x,y,x\n1,2,3\n", "several columns called 'x', the 1st and 3rd"),
        (b"x,y\n1,\xff\n", "is not text in UTF-8"),
        (b"\xff\n1,2\n", "is not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text, so not a csv file"),
        (
            "x,y\n1,2\n\n1,2,3\n",
            r"row 4 \(the header is row 1\) has 3 fields, the header 2 fields; a value that holds ',' belongs",
        ),
        (
            "x,y\n1,2\n1\n",
            r"row 3 \(the header is row 1\) has 1 field, the header 2 fields; values are missing at its end",
        ),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_the_reason(write, content, sentence):
    path = write("t.csv", content)
    with pytest.raises(DataError, match=sentence) as caught:
        rows_of(open_source(path))
    assert str(path) in str(caught.value)


def test_a_quote_that_never_closes_in_the_header_is_reported(write):
    with pytest.raises(DataError, match="a double quote that opens and never closes makes a row very long"):
        open_source(write("t.csv", 'x,"y\n' + "1,2\n" * 40_000))


def test_a_long_field_is_read(write):
    assert rows_of(open_source(write("t.csv", "x,y\n1," + "a" * 200_000))) == [2]


def test_a_quote_that_never_closes_is_reported(write, monkeypatch):
    small_blocks(monkeypatch)
    with pytest.raises(DataError, match="a double quote that opens and never closes"):
        rows_of(open_source(write("t.csv", 'x,y\n1,"2\n' + "3,4\n" * 100)))


def test_a_quote_that_never_closes_does_not_swallow_the_rows_of_a_small_file(write):
    with pytest.raises(DataError, match="ends within double quotes; a double quote opens and never closes"):
        rows_of(open_source(write("t.csv", 'x,y\n1,"2\n3,4\n')))


@pytest.mark.parametrize("block", [3, 20, 1000])
@pytest.mark.parametrize("stray", ['5" x', 'a""b', 'x"', '"a"b', '"a"b"c'])
def test_a_quote_within_a_value_opens_nothing(write, monkeypatch, stray, block):
    monkeypatch.setattr(csv_module, "CHUNK_CELLS", 2 * block)
    monkeypatch.setattr(csv_module, "FEWEST_ROWS", 1)
    path = write("t.csv", "x,y\n" + f'{stray},"1\n2"\n"q, ""r""",""\n' * 10)
    expected = pandas.read_csv(path, dtype=str, keep_default_na=False)
    source = open_source(path)
    for name in "xy":
        assert texts_of(source, name) == expected[name].tolist()


def test_a_parquet_file_is_read_by_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "MOST_ROWS", 4)
    monkeypatch.setattr(parquet_module, "FEWEST_ROWS", 1)
    pyarrow.parquet.write_table(pa.table({"x": range(10), "y": list("abcdefghij")}), tmp_path / "t.parquet")
    source = open_source(tmp_path / "t.parquet")
    assert [len(chunk) for chunk in source.chunks(["y"])] == [4, 4, 2]
    assert texts_of(source, "y") == list("abcdefghij")
    assert rows_of(source) == list(range(1, 11))


def test_an_npy_file_is_read_in_parts_and_its_columns_are_numbered(tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_module, "CHUNK_BYTES", 64)
    np.save(tmp_path / "t.npy", np.arange(30.0).reshape(10, 3))
    source = open_source(tmp_path / "t.npy")
    assert source.columns == ("0", "1", "2")
    assert [chunk.cells["2"].numbers()[0].tolist() for chunk in source.chunks(["0", "2"])][:2] == [[2, 5], [8, 11]]


def test_an_npz_file_has_inputs_and_targets(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.eye(3), y=np.array([["a"], ["b"], ["c"]]))
    source = open_source(tmp_path / "t.npz")
    assert source.columns == ("0", "1", "2", "y")
    assert texts_of(source, "y") == ["a", "b", "c"]


def test_other_arrays_of_an_npz_file_are_ignored(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.eye(2), names=np.array([object()]), day=np.array(["2020-01-01"], "M8[D]"))
    assert open_source(tmp_path / "t.npz").columns == ("0", "1")


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"A": np.eye(2)}, "holds 'A'; expected an array X"),
        ({"X": np.eye(2), "y": np.eye(2)}, r"y .* has shape \(2, 2\); expected \(2,\)"),
        ({"X": np.eye(2), "y": np.ones(3)}, r"y .* has shape \(3,\); expected \(2,\)"),
        ({"X": np.ones(2)}, r"shape \(2,\); expected \(N, columns\)"),
        ({"X": np.eye(2) * 1j}, "X .* has dtype complex128"),
        ({"X": np.array([[object()]])}, "holds Python objects"),
    ],
)
def test_arrays_of_other_names_shapes_and_types_are_refused(tmp_path, arrays, sentence):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(DataError, match=sentence):
        open_source(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("t.npy", "can't be read as .npy"),
        ("t.npz", "can't be read as .npz"),
        ("t.parquet", "can't be read as parquet"),
        ("t.xlsx", "ends in '.xlsx'; expected one of .csv.*export a spreadsheet as csv"),
        ("t.foo", "ends in '.foo'; expected one of .csv"),
        ("t", "has no ending; expected one of .csv"),
    ],
)
def test_other_formats_are_refused(write, name, sentence):
    with pytest.raises(DataError, match=sentence):
        open_source(write(name, "what is this"))


def test_a_missing_file_and_a_folder_are_reported(tmp_path):
    with pytest.raises(DataError, match=r"there is no file nowhere\.csv"):
        open_source("nowhere.csv")
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        open_source(tmp_path / "t.csv")


def test_arrow_tables_are_read():
    source = open_source(pa.table({"x": [1.5, None], "y": ["a", "b"]}))
    assert source.columns == ("x", "y")
    assert texts_of(source, "y") == ["a", "b"]


def test_pandas_frames_are_read():
    pandas = pytest.importorskip("pandas")
    source = open_source(pandas.DataFrame({"x": [1.5, None], "y": ["a", "b"]}, index=[7, 9]))
    assert source.columns == ("x", "y")
    assert texts_of(source, "y") == ["a", "b"]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (np.array(["a", None, "b"], object), ["a", "", "b"]),
        ([1.5, None, 2], ["1.5", "", "2"]),
        ([10**18 + 1, None, 2], ["1000000000000000001", "", "2"]),
        ([True, None, False], ["true", "", "false"]),
        ([np.nan, None, None], ["", "", ""]),
        (np.array(["a", "b"], np.dtypes.StringDType()), ["a", "b"]),
        (np.ma.array([1, 2, 3], mask=[False, True, False]), ["1", "", "3"]),
        (np.ma.array(["a", "b"], mask=[True, False]), ["", "b"]),
        (np.ma.array([True, False], mask=[True, False]), ["", "false"]),
    ],
)
def test_objects_and_masked_arrays_are_read_by_their_content(column, texts):
    source = open_source({"x": column})
    assert texts_of(source, "x") == texts
    [chunk] = source.chunks(["x"])
    assert chunk.cells["x"].numbers().missing.tolist() == [text == "" for text in texts]
    assert chunk.cells["x"].unusable is None


@pytest.mark.parametrize(
    ("values", "what"), [(["a", 1, None], "values of type int and str"), ([10**400, 1], "numbers beyond 1e308")]
)
def test_unusable_objects_are_reported(values, what):
    [chunk] = open_source({"x": np.array(values, object)}).chunks(["x"])
    assert chunk.cells["x"].unusable == what


def test_a_ragged_column_is_named():
    with pytest.raises(DataError, match=r"column 'x' of the table holds lists; expected one value a row, shape \(N,\)"):
        open_source({"x": [[1, 2], [3]]})


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(DataError, match=r"columns of shapes \{'x': \(2,\), 'y': \(1,\)\}"):
        open_source({"x": [1, 2], "y": [1]})


def test_anything_but_a_table_is_refused():
    with pytest.raises(ArgumentTypeError, match="the table is 3, of type int; expected the path of a file"):
        open_source(3)

"""Cells of texts, numbers and other values."""

import numpy as np
import pyarrow as pa
import pytest
from nnframe_table.cells import NumberCells, TextCells
from nnframe_table.cells import cells_of_arrow as cells_of
from nnframe_table.numerals import MISSING_WORDS, TextRules, number_text
from nnframe_table.sources.values import cells_of_array

CSV = TextRules(MISSING_WORDS)
WORDS = ["1", " 2.5 ", "abc", "-3e2", "", "+.5", "1_000", "0x10", "NA", "1,5"]


@pytest.fixture(params=["arrow", "numpy"])
def text_cells(request):
    """Return a function from texts to cells, of both sorts."""
    return {
        "arrow": lambda words: cells_of(pa.array(words, pa.string()), CSV),
        "numpy": lambda words: cells_of_array(np.array(words), CSV),
    }[request.param]


def test_texts_are_read_as_numbers_and_words_are_reported(text_cells):
    values, _, others, _ = text_cells(WORDS).numbers()
    np.testing.assert_array_equal(values, [1, 2.5, np.nan, -300, np.nan, 0.5, np.nan, np.nan, np.nan, np.nan])
    assert np.flatnonzero(others).tolist() == [2, 6, 7, 9]


def test_nan_in_capitals_is_a_word(text_cells):
    cells = text_cells(["1", "NAN", "2"])
    assert cells.numbers().missing.tolist() == [False, False, False]
    assert cells.numbers().words.tolist() == [False, True, False]


@pytest.mark.parametrize("word", [*MISSING_WORDS, " NA "])
def test_words_for_missing_values_are_missing(text_cells, word):
    cells = text_cells(["1", word, "2"])
    assert cells.numbers().missing.tolist() == [False, True, False]
    np.testing.assert_array_equal(cells.numbers()[0], [1, np.nan, 2])


def test_each_text_has_one_code_and_blanks_around_it_are_ignored(text_cells):
    distinct, codes = text_cells(["b", " a", "b ", "?", "a"]).texts()
    assert [distinct[code] if code >= 0 else None for code in codes] == ["b", "a", "b", None, "a"]


def test_a_cell_is_shown_as_it_is_written(text_cells):
    assert [text_cells(["b", "1.50"]).text_at(i) for i in range(2)] == ["b", "1.50"]


def test_numbers_are_written_as_a_person_writes_them():
    cells = NumberCells(np.array([1.0, 2.5, np.nan, 1.0]))
    distinct, codes = cells.texts()
    assert (distinct, codes.tolist()) == (["1", "2.5"], [0, 1, -1, 0])
    assert [cells.text_at(i) for i in range(3)] == ["1", "2.5", ""]
    assert [number_text(x) for x in (-3.0, 0.1, 1e300)] == ["-3", "0.1", "1e+300"]


@pytest.mark.parametrize("of", [pa.string(), pa.int64(), pa.float64(), pa.date32()])
def test_a_part_holds_the_cells_of_its_rows(of):
    cells = cells_of(
        pa.array([5, None, 7, 8]).cast(of) if of != pa.date32() else pa.array([5, 6, 7, 8]).cast(pa.int32()).cast(of)
    )
    part = cells.part(1, 3)
    assert [part.text_at(i) for i in range(2)] == [cells.text_at(i) for i in (1, 2)]
    assert part.numbers().missing.tolist() == cells.numbers().missing[1:3].tolist()
    np.testing.assert_array_equal(part.numbers()[0], cells.numbers()[0][1:3])
    assert len(part) == len(part.texts().codes) == 2


def test_a_part_of_texts_in_memory_holds_the_cells_of_its_rows():
    part = cells_of_array(np.array(["a", "", " b", "c"])).part(1, 3)
    assert ([part.text_at(0), part.text_at(1)], part.numbers().missing.tolist()) == (["", " b"], [True, False])
    assert [part.texts().distinct[code] for code in part.texts().codes[1:]] == ["b"]


def test_a_float32_is_written_with_no_more_digits_than_it_has():
    assert cells_of_array(np.array([0.1], np.float32)).text_at(0) == "0.1"


def test_nan_is_a_missing_number():
    assert NumberCells(np.array([1.0, np.nan])).numbers().missing.tolist() == [False, True]


@pytest.mark.parametrize(
    ("array", "numbers"),
    [
        (pa.array([1, None, 3], pa.int8()), [1, np.nan, 3]),
        (pa.array([1.5, None, 3], pa.float32()), [1.5, np.nan, 3]),
        (pa.array(["1", "2", None]).dictionary_encode(), [1, 2, np.nan]),
        (pa.array(["1", None], pa.large_string()), [1, np.nan]),
        (pa.array([None, None]), [np.nan, np.nan]),
    ],
)
def test_arrow_columns_of_every_type_are_read(array, numbers):
    np.testing.assert_array_equal(cells_of(array).numbers()[0], numbers)


@pytest.mark.parametrize("cells", [cells_of(pa.array([True, False, None])), cells_of_array(np.array([True, False]))])
def test_booleans_are_the_texts_true_and_false(cells):
    assert [cells.text_at(i) for i in range(2)] == ["true", "false"]


def test_dates_and_lists_can_not_be_used():
    assert cells_of(pa.array([0], pa.timestamp("s"))).unusable == "dates"
    assert cells_of_array(np.array(["2020-01-01"], "datetime64[D]")).unusable == "dates"
    assert "list" in cells_of(pa.array([[1]])).unusable
    assert cells_of(pa.array([0], pa.date32())).text_at(0) == "1970-01-01"


def test_texts_with_codes_are_read_like_those_without():
    plain, coded = TextCells(pa.array(WORDS), None, CSV), TextCells(pa.array(WORDS), np.arange(len(WORDS)), CSV)
    for ours, theirs in zip(plain.numbers(), coded.numbers(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [coded.text_at(i) for i in range(len(WORDS))] == [plain.text_at(i) for i in range(len(WORDS))]
    for part in (plain.texts(), coded.texts()):
        assert [part.distinct[code].strip() if code >= 0 else None for code in part.codes] == [
            None if word in ("", "NA") else word.strip() for word in WORDS
        ]

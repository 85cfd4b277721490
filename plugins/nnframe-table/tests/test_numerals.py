"""How numbers in texts are read: decimal signs, groups of digits, units; and how long that takes."""

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nnframe_table import read
from nnframe_table.cells import TextCells
from nnframe_table.label_normalization import normalizer
from nnframe_table.numerals import (
    COMMA_DECIMAL_PATTERN,
    NUMBER,
    NUMBER_WITH_COMMAS,
    NUMBER_WITH_UNIT,
    UNCLEAR_PATTERN,
    TextRules,
)
from nnframe_table.recognition import DATE
from nnframe_table.sources.opening import open_source

from nnframe import DataError

RNG = np.random.default_rng(0)
Y = RNG.normal(100, 30, 60)
RENTS = ["980", "1.120", "1.340", "870"]


def numbers(texts, **rules):
    return TextCells(pa.array(texts), None, TextRules(**rules)).numbers()


def semicolons(write, first, second=("3,5", "1,25", "7,0", "2,5")):
    rows = "".join(f"{a};{b}\n" for a, b in zip(first * 15, second * 15, strict=True))
    return write("t.csv", "a;b\n" + rows)


def test_a_number_that_may_be_a_thousand_times_as_much_is_refused(write):
    path = semicolons(write, RENTS)
    for target in "ab":
        with pytest.raises(DataError, match=r"row 3 .* column 'a' is '1.120', which may mean .*decimal=','"):
            read(path, target, task="regression")


def test_the_decimal_sign_can_be_given(write):
    path = semicolons(write, RENTS)
    expected = pd.read_csv(path, sep=";", decimal=",", thousands=".")["a"]
    found = read(path, "b", task="regression", decimal=",", validation=0).columns.features[0]
    assert (found.mean, found.scale) == (pytest.approx(expected.mean()), pytest.approx(expected.std(ddof=0)))
    assert expected.mean() == 1077.5
    other = semicolons(write, RENTS, ["3.5", "1.25", "7.0", "2.5"])
    assert read(other, "b", task="regression", decimal=".", validation=0).columns.features[0].mean == pytest.approx(
        pd.read_csv(path, sep=";")["a"].mean()
    )


def test_a_point_is_the_decimal_sign_if_other_numbers_of_the_file_show_it(write):
    path = semicolons(write, RENTS, ["3.5", "1.25", "7.0", "2.5"])
    assert read(path, "b", task="regression", validation=0).columns.features[0].mean == pytest.approx(463.115)


def test_the_decimal_sign_of_the_training_is_kept(write):
    columns = read(semicolons(write, RENTS), "b", task="regression", decimal=",").columns
    [[low], [high]] = columns.transform(write("new.csv", "a;b\n1.120;1\n1.340,5;1\n"))
    assert (high - low) * columns.features[0].scale == pytest.approx(220.5)


@given(st.floats(-1e12, 1e12).map(lambda x: round(x, 3)))
def test_numbers_with_groups_are_read_as_pandas_does(number):
    english = f"{number:,.3f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert numbers([english], grouped=True).values[0] == pytest.approx(number, abs=1e-3)
    assert numbers([german], decimal=",").values[0] == numbers([english], grouped=True).values[0]


@pytest.mark.parametrize("text", ["1.12.3", "1.1", "12.34,5", "1,2,3", "1.120.", ",", "1.2e3"])
def test_wrong_groups_of_digits_are_not_a_number(text):
    assert numbers([text], decimal=",").words.tolist() == [True]


@pytest.mark.parametrize("text", ["1,12", "1,1234", "12,34.5", "1234,567", ",123"])
def test_wrong_groups_with_commas_are_not_a_number(text):
    assert numbers([text], grouped=True).words.tolist() == [True]


@given(st.text("0123456789+-.,eEinfa x", max_size=8))
def test_a_text_is_a_number_if_python_says_so(text):
    try:
        expected = float(text)
    except ValueError:
        expected = None
    # Python reads "nan" and digits with underscores too.
    if expected is not None and not np.isnan(expected):
        assert numbers([text]).values[0] == expected
    elif text.strip():
        assert numbers([text]).words.tolist() == [True]


@pytest.mark.parametrize(
    ("texts", "example"),
    [([f"{i % 25} kg" for i in range(60)], "0 kg"), ([f"{i % 25}%" for i in range(60)], "0%"),
     ([f"\u20ac {i % 25}.50" for i in range(60)], "\u20ac 0.50"), ([f"${i % 25}" for i in range(60)], "$0")],
)  # fmt: skip
def test_numbers_with_a_unit_get_a_remark(texts, example):
    found = read({"c": texts, "x": Y, "y": Y}, "y")
    assert found.remarks == [
        f"'c' became 25 categories: they look like numbers with a unit, such as {example!r}; write plain numbers to "
        f"use them as numbers"
    ]


def test_many_numbers_with_a_unit_are_left_out_with_a_remark():
    found = read({"c": [f"{i} kg" for i in range(60)], "x": Y, "y": Y}, "y")
    assert found.remarks[0].startswith("left out 'c': they look like numbers with a unit, such as '0 kg'")


LONG = ["1" * 20_000 + "x", "1" * 20_000, "1" * 20_000 + "%", "1-" * 10_000, "1." * 10_000, ",1" * 10_000,
        "+" * 20_000, "e1" * 10_000, "inf" * 7_000, "a" * 20_000 + "1"]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:3] + text[-3:])
def test_every_pattern_takes_linear_time(text):
    began = time.process_time()
    for pattern in (NUMBER, NUMBER_WITH_COMMAS, NUMBER_WITH_UNIT, DATE):
        for _ in range(20):
            pattern.fullmatch(text)
    for rules in ({}, {"decimal": ","}, {"grouped": True}, {"decimal": "either, unclear refused"}):
        numbers([text, f" {text} "] * 10, **rules)
    normalizer([text, "2"])(text)
    # Quadratic ones took 90 s for a single match.
    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:3] + text[-3:])
def test_long_cells_headers_and_classes_take_linear_time(write, text):
    began = time.process_time()
    column = [text, "b", text, "c"] * 15
    rows = "".join(f'"{a}";{y}\n' for a, y in zip(column, Y, strict=True))
    path = write("t.csv", f'"{text}";y\n' + rows)
    name = text.strip()
    for target in ("y", name):
        with pytest.raises(DataError, match=r"1,000|no column to predict|expected a number"):
            read(path, target)
    assert open_source(path).columns[0] == name
    assert time.process_time() - began < 4


def test_patterns_of_arrow_and_python_agree_on_what_is_unclear():
    texts = ["1.120", "0.120", "12.120", "123.456", "1234.567", "1.12", "-1.120", "1.1200"]
    found = numbers(texts, decimal="either, unclear refused").unclear.tolist()
    assert found == [True, False, True, True, False, False, True, False]
    assert UNCLEAR_PATTERN != COMMA_DECIMAL_PATTERN

"""Columns: how cells are encoded, and the round trip through a model file."""

import copy
import json

import numpy as np
import pytest
from nnframe_table import Boolean, Category, Classification, Columns, Numeric, Regression
from nnframe_table.metadata import from_metadata, to_metadata
from nnframe_table.sources.values import cells_of_array
from nnframe_table.target import Target

from nnframe import ArgumentError, DataError
from nnframe.saving.failures import DefectError

COLUMNS = Columns((
    Numeric("age", mean=40.0, scale=10.0),
    Category("city", ("Bern", "Rome", "Oslo")),
    Boolean("member"),
))  # fmt: skip
FILLED = Columns(
    (Numeric("age", 40.0, 10.0, 50.0), Category("city", ("Bern", "Rome"), "Rome"), Boolean("member", "yes"))
)
ROWS = {"age": [30, 45], "city": ["Rome", "Bern"], "member": ["yes", "False"]}
TASKS = [Classification("kind", ("a", "b")), Regression("price", 5.0, 2.0)]


def test_numbers_are_scaled_and_texts_become_ones():
    assert COLUMNS.transform(ROWS).tolist() == [[-1, 0, 1, 0, 1], [0.5, 1, 0, 0, 0]]
    assert COLUMNS.input_names == ("age", "city=Bern", "city=Rome", "city=Oslo", "member")


def test_columns_are_found_by_name_and_others_are_ignored():
    mixed = {"member": ["no"], "more": ["x"], "city": ["Oslo"], "age": [40]}
    assert COLUMNS.transform(mixed).tolist() == [[0, 0, 0, 1, 0]]


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="has no column 'city', 'member'; it has 'age', 'size'"):
        COLUMNS.transform({"age": [1], "size": [2]})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age": ["30", "abc"]}, r"row 2 \(the first is row 1\), column 'age' is 'abc'; expected a number"),
        ({"age": [np.nan, 1]}, "row 1 .* column 'age' has no value"),
        ({"age": [1, np.inf]}, "row 2 .* column 'age' is 'inf'; expected a finite number"),
        (
            {"city": ["Rome", "Lima"]},
            "row 2 .* column 'city' is 'Lima', which was not seen in training; known are Bern",
        ),
        ({"age": [1, 1e300]}, "row 2 .* column 'age' is '1e.300', which is too far from the numbers seen in training"),
        ({"city": ["", "Rome"]}, "row 1 .* column 'city' has no value"),
        ({"member": ["yes", "maybe"]}, "row 2 .* column 'member' is 'maybe'"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_with_row_and_column(change, sentence):
    with pytest.raises(DataError, match=sentence):
        COLUMNS.transform(ROWS | change)


def test_numbers_up_to_1e30_deviations_are_accepted():
    column = Columns((Numeric("x", 0.0, 1.0),))
    assert column.transform({"x": [1e30, -1e30]}).tolist() == [[1e30], [-1e30]]
    with pytest.raises(DataError, match="too far from the numbers seen in training"):
        column.transform({"x": [1.01e30]})


def test_unknown_categories_can_be_ignored():
    unknown = COLUMNS.transform({"age": [40], "city": ["Lima"], "member": ["maybe"]}, unknown="ignore")
    assert unknown.tolist() == [[0, 0, 0, 0, 0.5]]
    with pytest.raises(ArgumentError, match="unknown is 'drop'; expected 'refuse' or 'ignore'"):
        COLUMNS.transform(ROWS, unknown="drop")


def test_missing_cells_are_filled_with_the_learned_value():
    empty = FILLED.transform({"age": [np.nan], "city": [""], "member": [None]})
    assert empty.tolist() == [[1, 0, 1, 1]]


def test_an_empty_table_gives_no_rows():
    assert COLUMNS.transform({"age": [], "city": [], "member": []}).shape == (0, 5)


@pytest.mark.parametrize("columns", [COLUMNS, FILLED])
def test_columns_come_back_from_json(columns):
    assert from_metadata(json.loads(json.dumps(to_metadata(columns))), Columns) == columns


@pytest.mark.parametrize("task", TASKS)
def test_targets_come_back_from_json(task):
    assert from_metadata(json.loads(json.dumps(to_metadata(task))), Target) == task


RUBBISH = [None, True, -1, 0, 1e999, float("nan"), 10**400, "x", "", [], ["a", "a"], [1], {}, {"kind": "numeric"}]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=repr)
@pytest.mark.parametrize(
    ("column", "key"), [(c, k) for c, notes in enumerate(to_metadata(FILLED)["features"]) for k in notes]
)
def test_only_valid_columns_of_a_file_are_accepted(column, key, rubbish):
    notes = copy.deepcopy(to_metadata(FILLED))
    notes["features"][column][key] = rubbish
    try:
        found = from_metadata(notes, Columns)
    except DefectError:
        return
    # What is taken must be of the right type, and usable.
    assert to_metadata(found) == notes
    if key != "name":
        assert np.isfinite(found.transform(ROWS, unknown="ignore")).all()


@pytest.mark.parametrize("rubbish", RUBBISH, ids=repr)
@pytest.mark.parametrize(("task", "key"), [(task, key) for task in TASKS for key in to_metadata(task)])
def test_only_valid_targets_of_a_file_are_accepted(task, key, rubbish):
    notes = to_metadata(task) | {key: rubbish}
    try:
        found = from_metadata(notes, Target)
    except DefectError:
        return
    assert to_metadata(found) == notes


@pytest.mark.parametrize(
    "notes", [*RUBBISH, {"features": [to_metadata(COLUMNS)["features"][0]] * 2}], ids=lambda notes: repr(notes)[:30]
)
def test_anything_but_a_list_of_columns_is_refused(notes):
    with pytest.raises(DefectError):
        from_metadata(notes, Columns)


def test_classes_become_ones_and_probabilities_classes():
    task = TASKS[0]
    assert task.encode(cells_of_array(np.array(["b", "a"]))).tolist() == [[0, 1], [1, 0]]
    assert task.decode(np.array([[0.3, 0.7], [0.6, 0.4]])).tolist() == ["b", "a"]


def test_numbers_are_scaled_on_the_way_in_and_back_on_the_way_out():
    task = TASKS[1]
    assert task.encode(cells_of_array(np.array([5.0, 9.0]))).tolist() == [[0], [2]]
    assert task.decode(np.array([[0.0], [2.0]], np.float32)).tolist() == [5, 9]

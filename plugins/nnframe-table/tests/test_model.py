"""A net with its columns: saving, loading, predicting, evaluating."""

import csv

import numpy as np
import pytest
from nnframe_table import Model, load, read, write_predictions
from sklearn.datasets import load_diabetes, load_wine
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score

import nnframe
from nnframe import ArgumentError, DataError, ModelFileError
from nnframe.loading import load_with_metadata


def frame_of(bunch, names=None):
    columns = dict(zip(bunch.feature_names, bunch.data.T, strict=True))
    return columns | {"target": bunch.target if names is None else np.array(names)[bunch.target]}


WINE = frame_of(load_wine(), load_wine().target_names)
DIABETES = frame_of(load_diabetes())


def trained(frame, epochs=60, **options):
    table = read(frame, "target", dtype=np.float64, **options)
    net = nnframe.nNet.from_sizes(table.sizes([16]), ["relu", table.target.activation])
    net.nEpochs(epochs, table.train, table.target.loss, batch_size=16, optimizer="adam", shuffle=True, seed=0)
    return Model(net, table.columns, table.target), table


@pytest.fixture(scope="module")
def wine():
    return trained(WINE)


@pytest.fixture(scope="module")
def diabetes():
    return trained(DIABETES, epochs=20)


def test_wine_is_classified(wine):
    model, table = wine
    assert model.quality(table.validation)["accuracy"] >= 0.94


def test_diabetes_is_predicted_as_well_as_a_linear_fit_does(diabetes):
    model, table = diabetes
    # scikit-learn's LinearRegression reaches 0.48 in the mean over random splits, its MLP the same.
    assert model.quality(table.validation)["r2"] >= 0.35


def test_classes_are_predicted_by_name_and_evaluated_like_scikit_learn_does(wine):
    model, _ = wine
    found = model.evaluate(WINE)
    assert found["accuracy"] == pytest.approx(accuracy_score(WINE["target"], model.predict(WINE)))
    assert found["loss"] == pytest.approx(log_loss(WINE["target"], model.outputs(WINE)))


def test_numbers_are_predicted_in_their_units_and_evaluated_like_scikit_learn_does(diabetes):
    model, _ = diabetes
    guess = model.predict(DIABETES)
    found = model.evaluate(DIABETES)
    assert found["r2"] == pytest.approx(r2_score(DIABETES["target"], guess))
    assert found["mae"] == pytest.approx(mean_absolute_error(DIABETES["target"], guess))
    assert 100 < guess.mean() < 200


def test_a_model_comes_back_as_it_was(wine, tmp_path):
    model, _ = wine
    model.save(tmp_path / "m.nnf")
    loaded = load(tmp_path / "m.nnf")
    assert (loaded.columns, loaded.target, loaded.loss) == (model.columns, model.target, model.loss)
    np.testing.assert_array_equal(loaded.outputs(WINE), model.outputs(WINE))


def test_the_net_alone_can_be_loaded_too(wine, tmp_path):
    wine[0].save(tmp_path / "m.nnf")
    assert nnframe.load(tmp_path / "m.nnf").layersList[0].n_in == 13


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda notes: {}, "it holds a net without columns; load it with nnframe.load"),
        (lambda notes: {"table": 3}, "Expected `object`, got `int`"),
        (lambda notes: {"table": {"columns": notes["table"]["columns"]}}, "Object missing required field `target`"),
        (lambda notes: notes | {"loss": 1}, "Expected `str`, got `int`"),
        (
            lambda notes: notes | {"table": notes["table"] | {"columns": notes["table"]["columns"][1:]}},
            "net has 13 inputs",
        ),
        (lambda notes: {"table": notes["table"] | {"columns": "all"}}, "Expected `array`, got `str` - at `.*columns`"),
    ],
)
def test_invalid_metadata_is_refused(wine, tmp_path, change, sentence):
    path = tmp_path / "m.nnf"
    wine[0].save(path)
    net, notes = load_with_metadata(path)
    net.save(path, metadata=change(notes))
    with pytest.raises(ModelFileError, match=sentence) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_net_of_other_sizes_is_refused(wine):
    model, _ = wine
    with pytest.raises(
        ArgumentError, match="net has 2 inputs and 1 outputs; expected 13 inputs for the columns, and 3"
    ):
        Model(nnframe.nNet.from_sizes([2, 1], [None]), model.columns, model.target)


def test_a_target_that_is_not_a_known_class_is_refused(wine):
    with pytest.raises(DataError, match=r"row 1 .* column 'target' is 'beer', which was not seen in training"):
        wine[0].evaluate(WINE | {"target": np.array(["beer"] * 178)})


def test_unknown_categories_can_be_ignored_in_evaluation():
    rows = {"c": ["a", "b"] * 20, "target": np.linspace(0, 1, 40)}
    model, _ = trained(rows, epochs=1)
    unknown = rows | {"c": ["z", "b"] * 20}
    with pytest.raises(DataError, match="column 'c' is 'z'"):
        model.evaluate(unknown)
    guess = model.predict(unknown, unknown="ignore")
    assert model.evaluate(unknown, unknown="ignore")["mae"] == pytest.approx(mean_absolute_error(rows["target"], guess))


def test_each_row_of_a_csv_file_gets_a_prediction_and_ids_are_copied_as_written(write, tmp_path):
    model, _ = trained({"x": [1.0, 2.0, 3.0, np.nan] * 10, "target": np.linspace(0, 1, 40)}, epochs=1, fill="mean")
    path = write("new.csv", "x;id\n1;007\n\n3;3,5\nNA;NA\n5;1000000000000000001\n\n")
    assert write_predictions(model, path, tmp_path / "p.csv", keep=["id"]) == 5
    ids = [line.split(",target")[0].rpartition(",")[0] for line in (tmp_path / "p.csv").read_text().splitlines()[1:]]
    assert ids == ["007", "", '"3,5"', "NA", "1000000000000000001"]


def test_an_empty_table_can_not_be_evaluated(wine):
    with pytest.raises(DataError, match="has no rows to evaluate with"):
        wine[0].evaluate({name: column[:0] for name, column in WINE.items()})


def test_predictions_of_classes_are_written_with_probabilities(wine, tmp_path):
    model, _ = wine
    assert write_predictions(model, WINE, tmp_path / "p.csv", keep=["alcohol"]) == 178
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["alcohol", "target", *(f"probability of class_{i}" for i in range(3))]
    assert [row["target"] for row in rows] == model.predict(WINE).tolist()
    assert [float(row["alcohol"]) for row in rows] == WINE["alcohol"].tolist()
    written = [[float(row[f"probability of class_{i}"]) for i in range(3)] for row in rows]
    np.testing.assert_allclose(written, model.outputs(WINE), rtol=1e-5)


def test_predictions_of_numbers_are_written_in_the_targets_units(diabetes, tmp_path):
    model, _ = diabetes
    write_predictions(model, DIABETES, tmp_path / "p.csv")
    np.testing.assert_allclose(np.loadtxt(tmp_path / "p.csv", skiprows=1), model.predict(DIABETES), rtol=1e-8)


def test_nothing_is_written_if_a_row_can_not_be_used(diabetes, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("the old one\n")
    broken = DIABETES | {"age": np.where(np.arange(442) == 441, np.nan, 0)}
    with pytest.raises(DataError, match=r"row 442 .* column 'age' has no value"):
        write_predictions(diabetes[0], broken, path)
    assert path.read_text() == "the old one\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "keep", "sentence"),
    [("p.xlsx", (), "expected a file that ends in .csv"), ("p.csv", ["target"], "keep names 'target'")],
)
def test_predictions_need_a_csv_path_and_another_column_than_the_target(diabetes, tmp_path, name, keep, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        write_predictions(diabetes[0], DIABETES, tmp_path / name, keep=keep)

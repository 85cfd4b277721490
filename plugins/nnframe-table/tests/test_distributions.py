"""Tables with losses that have several outputs for each target: trained, predicted and evaluated."""

import csv

import numpy as np
import pytest
from nnframe_table import Model, load, read, write_predictions

import nnframe
from nnframe import ArgumentError

RNG = np.random.default_rng(0)
N = 1200
SIZE = RNG.uniform(-1, 1, N)
PRICE = 500 + 100 * SIZE + np.where(SIZE > 0, 40, 10) * RNG.normal(size=N)
FRAME = {"size": SIZE, "colour": RNG.choice(["red", "green"], N), "price": PRICE}
QUANTILES = "quantile(levels=(0.1, 0.5, 0.9), crossing=False)"


def trained(loss, n_outputs):
    table = read(FRAME, "price", dtype=np.float64)
    net = nnframe.nNet.from_sizes([table.columns.n_inputs, 16, n_outputs], ["tanh", None])
    net.nEpochs(60, table.train, loss, batch_size=16, optimizer="adam(learning_rate=0.005)", shuffle=True, seed=0)
    return Model(net, table.columns, table.target, loss)


@pytest.fixture(scope="module")
def quantiles():
    return trained(QUANTILES, 3)


@pytest.fixture(scope="module")
def gaussian():
    return trained("gaussian_nll", 2)


def test_predictions_are_the_point_in_the_units_of_the_target(quantiles, gaussian):
    for model in (quantiles, gaussian):
        assert np.sqrt(np.mean((model.predict(FRAME) - 500 - 100 * SIZE) ** 2)) < 8
        assert model.predict({"size": 0.5, "colour": "red"}).shape == (1,)


def test_quantiles_are_in_the_units_of_the_target(quantiles):
    found = quantiles.predict_quantiles(FRAME, [0.1, 0.9])
    np.testing.assert_allclose((PRICE[:, None] < found).mean(axis=0), [0.1, 0.9], atol=0.05)


def test_mean_and_scale_are_in_the_units_of_the_target(gaussian):
    mean, scale = gaussian.predict_dist(FRAME)
    np.testing.assert_allclose(mean, gaussian.predict(FRAME))
    assert np.median(scale[SIZE < -0.2]) == pytest.approx(10, rel=0.25)
    assert np.median(scale[SIZE > 0.2]) == pytest.approx(40, rel=0.25)
    low = gaussian.predict_quantiles(FRAME, [0.1])[:, 0]
    np.testing.assert_allclose(low, mean - 1.2815515655446004 * scale, rtol=1e-6)


def test_metrics_are_those_of_the_point(gaussian):
    found = gaussian.evaluate(FRAME)
    assert found["mae"] == pytest.approx(np.abs(gaussian.predict(FRAME) - PRICE).mean())
    assert found["r2"] == pytest.approx(1 - np.mean((gaussian.predict(FRAME) - PRICE) ** 2) / np.var(PRICE))


def test_files_answer_the_same(gaussian, tmp_path):
    gaussian.save(tmp_path / "m.nnf")
    again = load(tmp_path / "m.nnf")
    for got, expected in zip(again.predict_dist(FRAME), gaussian.predict_dist(FRAME), strict=True):
        np.testing.assert_array_equal(got, expected)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_predictions_are_written_with_the_trained_quantiles(quantiles, tmp_path):
    write_predictions(quantiles, FRAME, tmp_path / "p.csv")
    rows = rows_of(tmp_path / "p.csv")
    assert list(rows[0]) == ["price", *(f"{level} quantile of price" for level in (0.1, 0.5, 0.9))]
    expected = quantiles.predict_quantiles(FRAME, [0.1, 0.5, 0.9])
    written = [[float(row[f"{level} quantile of price"]) for level in (0.1, 0.5, 0.9)] for row in rows]
    np.testing.assert_allclose(written, expected, rtol=1e-8)


def test_predictions_are_written_with_the_scale_and_the_quantiles_that_are_asked_for(gaussian, tmp_path):
    write_predictions(gaussian, FRAME, tmp_path / "p.csv", quantiles=[0.05, 0.95])
    rows = rows_of(tmp_path / "p.csv")
    assert list(rows[0]) == ["price", "standard deviation of price", "0.05 quantile of price", "0.95 quantile of price"]
    np.testing.assert_allclose(
        [float(row["standard deviation of price"]) for row in rows], gaussian.predict_dist(FRAME)[1], rtol=1e-8
    )


def test_quantiles_that_the_loss_does_not_have_are_refused(quantiles, tmp_path):
    with pytest.raises(ArgumentError, match=r"levels has 0\.99; expected numbers from 0\.1 to 0\.9"):
        write_predictions(quantiles, FRAME, tmp_path / "p.csv", quantiles=[0.99])
    assert not (tmp_path / "p.csv").exists()


@pytest.fixture
def table(tmp_path):
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FRAME)
        writer.writerows(zip(*FRAME.values(), strict=True))
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("loss", "columns"),
    [
        ("gaussian_nll", ["price", "standard deviation of price"]),
        ("quantile(levels=(0.25, 0.75))", ["price", "0.25 quantile of price", "0.75 quantile of price"]),
        ("mixture_nll(components=2)", ["price", "standard deviation of price"]),
    ],
)
def test_the_commands_train_predict_and_evaluate(command, table, tmp_path, loss, columns):
    model, out = tmp_path / "m.nnf", tmp_path / "p.csv"
    status, told, err = command("train", str(table), "--target", "price", "--loss", loss, "--epochs", "20",
                                "--learning-rate", "0.01", "--out", str(model))  # fmt: skip
    assert status == 0, err
    assert "validation r2 0." in told
    status, _, err = command("predict", str(model), str(table), "--out", str(out))
    assert status == 0, err
    rows = rows_of(out)
    assert list(rows[0]) == columns
    assert np.sqrt(np.mean((np.array([float(row["price"]) for row in rows]) - 500 - 100 * SIZE) ** 2)) < 20
    status, figures, _ = command("evaluate", str(model), str(table))
    assert status == 0
    assert figures.startswith(loss)
    assert "mae 2" in figures


def test_the_command_writes_the_quantiles_that_are_asked_for(command, table, tmp_path):
    model, out = tmp_path / "m.nnf", tmp_path / "p.csv"
    command("train", str(table), "--target", "price", "--loss", "gaussian_nll", "--epochs", "1", "--out", str(model))
    assert command("predict", str(model), str(table), "--out", str(out), "--quantiles", "0.05,0.95")[0] == 0
    assert list(rows_of(out)[0])[2:] == ["0.05 quantile of price", "0.95 quantile of price"]
    status, _, err = command("predict", str(model), str(table), "--out", str(out), "--quantiles", "low")
    assert status == 2
    assert "got 'low', expected numbers such as 0.05,0.95" in err


def test_classes_refuse_such_a_loss(command, table):
    status, _, err = command("train", str(table), "--target", "colour", "--loss", "gaussian_nll")
    assert status != 0
    assert "several outputs for each number that it predicts, but the net predicts classes" in err


def test_arrays_refuse_such_a_loss_before_training(command, tmp_path):
    np.savez(tmp_path / "a.npz", X=SIZE.reshape(-1, 1), y=PRICE)
    status, _, err = command("train", str(tmp_path / "a.npz"), "--loss", "gaussian_nll")
    assert status != 0
    assert "use --reader table, of nnframe-table" in err
    status, _, err = command("train", str(tmp_path / "a.npz"), "--reader", "table", "--loss", "gaussian_nll",
                             "--epochs", "1", "--target", "y")  # fmt: skip
    assert status == 0, err

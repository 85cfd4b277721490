"""The commands for tables, as a user runs them."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_iris

import nnframe
from nnframe import hookimpl
from nnframe.cli import training
from nnframe.datasets.digits import LARGEST_PIXEL, read_digits

IRIS = load_iris()
HEADER = "sepal length,sepal width,petal length,petal width,species"


@pytest.fixture
def iris(tmp_path, monkeypatch):
    """Return the path of the irises as csv, in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    lines = [
        f"{','.join(map(str, row))},{IRIS.target_names[kind]}" for row, kind in zip(IRIS.data, IRIS.target, strict=True)
    ]
    (tmp_path / "iris.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return tmp_path / "iris.csv"


def train(command, *more):
    status, out, err = command("train", "iris.csv", "--target", "species", "--learning-rate", "0.01", *more)
    assert (status, err) == (0, "")
    return out


def test_from_a_csv_file_to_predictions(iris, command, tmp_path):
    out = train(command, "--epochs", "30", "--out", "m.nnf", "--plot", "loss.png")
    assert "iris.csv: 120 rows to train on, 30 held out; 4 columns as 4 inputs\n" in out
    assert "classification of 'species' into 3 classes: setosa, versicolor, virginica\n" in out
    assert re.search(r"epoch  1/30  cel \d\.\d{4}  validation \d\.\d{4}  accuracy \d\.\d{4}\n", out)
    assert float(re.search(r"^validation accuracy (.+)$", out, re.M)[1]) >= 0.9
    assert out.endswith("m.nnf written\nloss.png written\n")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")

    status, out, err = command("predict", "m.nnf", "iris.csv", "-o", "p.csv", "--keep", "petal width")
    assert (status, err) == (0, "")
    assert out == "ignored 'species'\np.csv written, 150 predictions of 'species'\n"
    rows = (tmp_path / "p.csv").read_text().splitlines()
    assert rows[0] == "petal width,species,probability of setosa,probability of versicolor,probability of virginica"
    assert len(rows) == 151
    assert rows[1].startswith("0.2,setosa,0.9")

    status, out, err = command("evaluate", "m.nnf", "iris.csv")
    assert (status, err) == (0, "")
    share = np.mean(
        [row.split(",")[1] == IRIS.target_names[kind] for row, kind in zip(rows[1:], IRIS.target, strict=True)]
    )
    assert re.fullmatch(rf"cel \d\.\d{{4}}, accuracy {share:.4f}\n", out)


def test_a_regression_is_recognised_and_judged(iris, command):
    status, out, _ = command("train", "iris.csv", "--target", "petal width", "--out", "m.nnf", "--quiet")
    assert status == 0
    assert re.match(r"validation r2 0\.9\d{3}, mae 0\.\d{4}\n", out)
    assert re.fullmatch(r"mse 0\.\d{4}, r2 0\.9\d{3}, mae 0\.\d{4}\n", command("evaluate", "m.nnf", "iris.csv")[1])


def test_the_same_seed_gives_the_same_output(iris, command):
    assert train(command, "--epochs", "3", "--seed", "1") == train(command, "--epochs", "3", "--seed", "1")
    assert train(command, "--epochs", "3", "--seed", "1") != train(command, "--epochs", "3", "--seed", "2")


def test_training_stops_when_it_no_longer_improves(iris, command):
    out = train(command, "--patience", "2", "--learning-rate", "1")
    assert re.search(r"stopped after epoch \d+: validation_loss has not become better", out)
    assert "epoch 40/40" in train(command, "--patience", "0", "--learning-rate", "1", "--epochs", "40")


def test_the_options_are_used(iris, command):
    out = train(
        command, "--hidden", "9,7", "--activation", "tanh", "--loss", "mse", "--optimizer", "sgd(momentum=0.9)",
        "--batch-size", "10", "--validation", "0", "--epochs", "2", "--drop", "sepal width", "--engine", "reference",
        "--kind", "petal width=category",
    )  # fmt: skip
    for pattern in (
        "150 rows to train on, 0 held out; 3 columns as 24 inputs",
        "24 -> 9 +tanh",
        "9 -> 7 +tanh",
        "2/2  mse",
    ):
        assert re.search(pattern, out)
    assert "validation" not in out


def test_digits_can_be_saved_and_given_new_images(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("train", "digits", "--epochs", "5", "--out", "d.nnf")[0] == 0
    images, labels = read_digits()
    np.savez("images.npz", X=images / LARGEST_PIXEL, y=labels)
    assert float(re.search(r"accuracy (.+)$", command("evaluate", "d.nnf", "images.npz")[1])[1]) >= 0.9


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "iris.csv"], "target is missing; expected the name of a column of iris.csv: 'sepal length'"),
        (["train", "iris.csv", "--target", "kind"], "target names the column 'kind', which iris.csv does not have"),
        (["train", "iris.csv", "--target", "species", "--task", "regression"], "iris.csv, row 2 (the header is row 1)"),
        (["train", "iris.csv", "--target", "species", "--out", "iris.csv"], "which is read and would be lost"),
        (["train", "iris.csv", "--target", "species", "--out", "no/m.nnf"], "in a folder that doesn't exist"),
        (["train", "iris.csv", "--target", "species", "--plot", "no/l.png"], "in a folder that doesn't exist"),
        (
            ["train", "iris.csv", "--target", "species", "--out", "."],
            "--out is ., which is a folder",
        ),
        (
            ["train", "iris.csv", "--target", "species", "--plot", "l.doc"],
            "l.doc can't be written: '.doc' is not a picture format",
        ),
        (["train", "iris.csv", "--target", "species", "--out", "m.png", "--plot", "./m.png"], "are both m.png; choose"),
        (["train", "iris.csv", "--target", "petal width", "--loss", "cel"], "--loss is cel, which needs probabilities"),
        (["train", "digits", "--validation", "0.5"], "unrecognized arguments: --validation 0.5"),
        (["train", "iris.csv", "--target", "species", "--kind", "x"], "--kind: got 'x', expected NAME=KIND"),
        (["train", "iris.csv", "--target", "species", "--fill", "zero"], "--fill: got 'zero', expected mean, median"),
        (["train", "iris.csv", "--target", "species", "--validation", "1"], "a share from 0 to below 1"),
        (["train", "iris.csv", "--target", "species", "--optimizer", "adma"], "did you mean 'adam'"),
        (["train", "nowhere.csv", "--engine", "steam"], "There is no engine 'steam'"),
        (["train", "digits", "--target", "x"], "unrecognized arguments: --target x"),
        (["train", "nowhere.csv"], "there is no file nowhere.csv"),
        (["predict", "nowhere.nnf", "iris.csv", "-o", "p.csv"], "nowhere.nnf can't be loaded: there is no such file"),
        (["predict", "iris.csv", "iris.csv", "-o", "p.csv"], "iris.csv can't be loaded"),
        (["predict", "m.nnf", "iris.csv", "-o", "iris.csv"], "which is read and would be lost"),
        (["predict", "m.nnf", "iris.csv", "-o", "p.txt"], "expected a file that ends in .csv"),
        (["predict", "m.nnf", "iris.csv"], "required: -o/--out"),
        (["evaluate", "m.nnf"], "required: data"),
    ],
)
def test_wrong_input_exits_with_2_and_one_clear_line(iris, command, arguments, sentence):
    status, _, err = command(*arguments)
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1


def test_rows_that_can_not_be_predicted_are_named_and_nothing_is_written(iris, command, tmp_path):
    train(command, "--epochs", "1", "--out", "m.nnf")
    lines = iris.read_text().splitlines()
    for name, broken, sentence in [
        (
            "gap.csv",
            [*lines[:7], "5,,1,1,setosa"],
            "gap.csv, row 8 (the header is row 1), column 'sepal width' has no value",
        ),
        (
            "word.csv",
            [*lines[:3], "5,x,1,1,setosa"],
            "word.csv, row 4 (the header is row 1), column 'sepal width' is 'x'",
        ),
        ("less.csv", ["sepal length", "5"], "less.csv has no column 'sepal width', 'petal length', 'petal width'"),
        ("none.csv", lines[:1], "none.csv has no rows to predict from"),
    ]:
        (tmp_path / name).write_text("\n".join(broken))
        status, _, err = command("predict", "m.nnf", name, "-o", "p.csv")
        assert status == 2
        assert sentence in err
    assert not (tmp_path / "p.csv").exists()


def test_unknown_categories_are_refused_or_ignored(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{color},{i % 7},{i * 0.5}\n" for i, color in enumerate(["red", "blue"] * 20))
    (tmp_path / "t.csv").write_text("color,x,y\n" + rows)
    (tmp_path / "new.csv").write_text("x,color\n1,red\n2,green\n")
    assert command("train", "t.csv", "--target", "y", "--epochs", "1", "--out", "m.nnf")[0] == 0
    status, _, err = command("predict", "m.nnf", "new.csv", "-o", "p.csv")
    assert status == 2
    assert "new.csv, row 3 (the header is row 1), column 'color' is 'green', which was not seen in training" in err
    assert "known are blue, red; treat it as none of them (--unknown ignore, or unknown='ignore' in Python)" in err
    assert command("predict", "m.nnf", "new.csv", "-o", "p.csv", "--unknown", "ignore")[0] == 0
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 3


def test_an_interrupt_saves_the_net_trained_so_far(iris, command, tmp_path):
    def interrupt(run):
        if run.epoch == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Training, "nnframe_epoch_end", hookimpl(lambda self, run: interrupt(run)))
        status, out, err = command(
            "train",
            "iris.csv",
            "--target",
            "species",
            "--learning-rate",
            "0.01",
            "--hidden",
            "0",
            "--patience",
            "0",
            "--out",
            "m.nnf",
        )
    assert (status, err) == (130, "nnframe train: interrupted\n")
    assert out.endswith("\nm.nnf written, with the weights so far, after 2 complete epochs\n")
    assert command("evaluate", "m.nnf", "iris.csv")[0] == 0
    train(command, "--hidden", "0", "--patience", "0", "--epochs", "2", "--out", "same.nnf")
    interrupted, whole = (nnframe.load(tmp_path / name).layersList[0].linear for name in ("m.nnf", "same.nnf"))
    np.testing.assert_array_equal(interrupted, whole)


def test_the_seed_decides_the_initial_weights(iris, command, tmp_path):
    arguments = "--seed", "5", "--optimizer", "sgd(learning_rate=0)", "--epochs", "1", "--out", "m.nnf"
    assert command("train", "iris.csv", "--target", "species", *arguments)[0] == 0
    net = nnframe.nNet.from_sizes([4, 64, 3], ["relu", "softmax"], seed=5, dtype="float32")
    for ours, theirs in zip(nnframe.load(tmp_path / "m.nnf").layersList, net.layersList, strict=True):
        np.testing.assert_array_equal(ours.linear, theirs.linear)


@pytest.mark.parametrize(("option", "shuffle"), [((), True), (("--no-shuffle",), False)])
def test_rows_are_shuffled_unless_no_shuffle_is_given(iris, command, tmp_path, option, shuffle):
    train(command, "--epochs", "1", "--patience", "0", "--out", "m.nnf", *option)
    table = nnframe.table.read(iris, "species")
    net = nnframe.nNet.from_sizes(table.sizes([64]), ["relu", "softmax"], seed=0, dtype="float32")
    net.nEpochs(1, table.train, "cel", batch_size=32, optimizer="adam(learning_rate=0.01)", shuffle=shuffle, seed=0)
    for ours, theirs in zip(nnframe.load(tmp_path / "m.nnf").layersList, net.layersList, strict=True):
        np.testing.assert_array_equal(ours.linear, theirs.linear)


def test_info_shows_target_and_task_of_a_model(command, tmp_path):
    (tmp_path / "t.csv").write_text("size,price\n" + "".join(f"{i % 7}.5,{3 * i}.25\n" for i in range(40)))
    command("train", str(tmp_path / "t.csv"), "--target", "price", "--epochs", "1", "--out", str(tmp_path / "m.nnf"))
    out = command("info", str(tmp_path / "m.nnf"))[1]
    assert "      kind: regression\n      target: price\n      mean: " in out
    assert "{" not in out

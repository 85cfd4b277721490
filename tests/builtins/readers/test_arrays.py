"""nnframe train with .npy and .npz files."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_wine
from sklearn.metrics import accuracy_score, r2_score

import nnframe
from nnframe import DataError
from nnframe.builtins.readers import preparation, scaling
from nnframe.builtins.readers.array_files import open_file
from nnframe.builtins.readers.preparation import prepared
from nnframe.builtins.readers.scaling import Scaling, folded
from nnframe.loading import load_with_metadata


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(command, *arguments):
    status, out, err = command("train", *arguments)
    assert (status, err) == (0, "")
    return out


def test_a_classifier_takes_raw_inputs_and_is_as_good_as_was_reported(command, in_folder):
    wine = load_wine()
    np.savez("wine.npz", X=wine.data, y=wine.target)
    out = train(command, "wine.npz", "--epochs", "30", "--validation", "0.3", "--out", "m.nnf")
    assert "classification of y into 3 classes: 0, 1, 2" in out
    net = nnframe.load("m.nnf")
    held_out = np.zeros(len(wine.data), bool)
    held_out[np.random.default_rng(0).permutation(len(wine.data))[: round(0.3 * len(wine.data))]] = True
    predicted = net.forwardPass(wine.data[held_out].T, return_all_steps=False).argmax(axis=0)
    assert f"validation accuracy {accuracy_score(wine.target[held_out], predicted):.4f}\n" in out
    assert accuracy_score(wine.target[held_out], predicted) > 0.9


def test_a_regression_takes_raw_inputs_and_predicts_in_the_targets_units(command, in_folder):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    np.save("diabetes.npy", np.column_stack([X, y + 0.25]))
    out = train(command, "diabetes.npy", "--epochs", "20", "--validation", "0.25", "--out", "m.nnf")
    assert "regression of the last column, mean 152.4, standard deviation 77" in out
    net = nnframe.load("m.nnf")
    held_out = np.zeros(len(X), bool)
    held_out[np.random.default_rng(0).permutation(len(X))[: round(0.25 * len(X))]] = True
    predicted = net.forwardPass(X[held_out].T, return_all_steps=False)[0]
    r2 = r2_score(y[held_out] + 0.25, predicted)
    assert abs(float(out.partition("validation r2 ")[2][:6]) - r2) < 1e-3
    assert r2 > 0.3


def test_labels_that_are_not_0_1_2_are_kept_with_the_net(command, in_folder):
    X = np.random.default_rng(0).normal(size=(60, 2))
    np.savez("a.npz", X=X, y=np.where(X[:, 0] > 0, 7, -3))
    assert "into 2 classes: -3, 7 " in train(command, "a.npz", "--epochs", "1", "--out", "m.nnf")
    _, metadata = load_with_metadata("m.nnf")
    assert metadata == {"data": "a.npz", "task": "classification", "classes": [-3, 7], "loss": "cel"}


def test_labels_that_float64_can_not_tell_apart_are_two_classes(command, in_folder):
    X = np.random.default_rng(0).normal(size=(60, 2))
    np.savez("a.npz", X=X, y=np.where(X[:, 0] > 0, 2**60, 2**60 + 1))
    assert "into 2 classes" in train(command, "a.npz", "--epochs", "1", "--out", "m.nnf")
    assert load_with_metadata("m.nnf")[1]["classes"] == [2**60, 2**60 + 1]


def test_the_task_can_be_chosen(command, in_folder):
    X = np.random.default_rng(0).normal(size=(60, 2))
    np.savez("a.npz", X=X, y=np.arange(60) % 3)
    assert "regression of y" in train(command, "a.npz", "--epochs", "1", "--task", "regression")
    assert "classification of y" in train(command, "a.npz", "--epochs", "1")
    np.savez("b.npz", X=X, y=np.arange(60))
    assert "regression of y" in train(command, "b.npz", "--epochs", "1")
    assert "classification of y" in train(command, "b.npz", "--epochs", "1", "--task", "classification")


def test_several_targets_are_a_regression(command, in_folder):
    X = np.random.default_rng(0).normal(size=(60, 2))
    np.savez("a.npz", X=X, y=X @ [[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]] + [100.0, 0.0, -1000.0])
    out = train(
        command,
        "a.npz",
        "--hidden",
        "0",
        "--epochs",
        "400",
        "--patience",
        "0",
        "--learning-rate",
        "0.01",
        "--out",
        "m.nnf",
    )
    assert "regression of y, 3 numbers for each sample" in out
    got = nnframe.load("m.nnf").forwardPass([[1.0], [1.0]], return_all_steps=False)[:, 0]
    np.testing.assert_allclose(got, [101, 3, -998], atol=0.01)


def test_without_the_names_the_first_array_is_the_inputs_and_the_last_the_targets(in_folder):
    first, last = np.arange(6.0).reshape(3, 2), np.array([1, 0, 1])
    np.savez("a.npz", first, np.zeros(7), last)
    samples = open_file("a.npz")
    np.testing.assert_array_equal(samples.X, first)
    np.testing.assert_array_equal(samples.Y[:, 0], last)


def test_an_npy_file_is_mapped_and_not_read(in_folder):
    np.save("a.npy", np.arange(30.0).reshape(10, 3))
    assert isinstance(open_file("a.npy").X, np.memmap)


@settings(max_examples=60)
@given(st.data())
def test_the_folded_net_gives_in_raw_units_what_the_trained_net_gives_in_scaled_ones(data):
    n_in, n_out = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    hidden = data.draw(st.sampled_from([[], [3], [2, 5]]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    net = nnframe.nNet.from_sizes([n_in, *hidden, n_out], ["tanh", None] if hidden else [None], seed=0)
    inputs = Scaling(rng.normal(size=n_in) * 1e3, rng.uniform(0.1, 100, n_in))
    outputs = Scaling(rng.normal(size=n_out) * 1e3, rng.uniform(0.1, 100, n_out))
    x = inputs.mean + inputs.scale * rng.normal(size=(20, n_in))
    expected = (
        outputs.mean + outputs.scale * net.forwardPass(((x - inputs.mean) / inputs.scale).T, return_all_steps=False).T
    )
    got = folded(inputs, outputs, net).forwardPass(x.T, return_all_steps=False).T
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-6)


def test_scaling_is_that_of_the_samples_that_are_trained_with(in_folder):
    X = np.random.default_rng(1).normal(size=(1000, 3)) * [1, 10, 1e-3] + [0, 1e6, 5]
    np.savez("a.npz", X=X, y=X[:, 0])
    with prepared(open_file("a.npz"), None, 0.2, 3) as data:
        assert (len(data.train), len(data.validation)) == (800, 200)
        np.testing.assert_allclose(data.train.X.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(data.train.X.std(axis=0), 1, atol=1e-5)
        np.testing.assert_allclose(data.train.Y.std(axis=0), 1, atol=1e-5)


def test_a_constant_column_makes_no_trouble(command, in_folder):
    X = np.random.default_rng(0).normal(size=(50, 3))
    X[:, 1] = 0.1
    np.savez("a.npz", X=X, y=X[:, 0])
    assert "nan" not in train(command, "a.npz", "--epochs", "2", "--out", "m.nnf")
    assert np.isfinite(nnframe.load("m.nnf").layersList[0].linear).all()


def test_samples_larger_than_memory_go_into_a_file_that_is_removed(in_folder, monkeypatch):
    monkeypatch.setattr(preparation, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(scaling, "CHUNK_BYTES", 256)
    monkeypatch.setattr("tempfile.tempdir", str(in_folder))
    X = np.random.default_rng(1).normal(size=(500, 3))
    np.savez("a.npz", X=X, y=X[:, 0])
    with prepared(open_file("a.npz"), None, 0.2, 0) as data:
        assert len(list(in_folder.glob("tmp*/*.npy"))) == 2
        in_a_file = np.array(data.train.X)
        summary = data.summary
    assert any("temporary" in line or "until the end" in line for line in summary)
    assert list(in_folder.glob("tmp*")) == []
    monkeypatch.setattr(preparation, "MEMORY_BYTES", 1 << 29)
    with prepared(open_file("a.npz"), None, 0.2, 0) as data:
        np.testing.assert_array_equal(data.train.X, in_a_file)


GOOD = np.arange(12.0).reshape(6, 2)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def bomb():
    """Return a small file that unpacks to 2 GB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("X.npy", "y.npy"):
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(npy(np.zeros((1 << 28, 1)))[:128])
                for _ in range(128):
                    file.write(bytes(1 << 24))
    return buffer.getvalue()


def boastful(shape):
    """Return a file whose header promises more than it holds."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("X.npy", member)
        archive.writestr("y.npy", member)
    return buffer.getvalue()


def packed(compression, claimed_size=None):
    """Return a file with a compression, and with another size of X than it has."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("X.npy", npy(GOOD))
        archive.writestr("y.npy", npy(np.arange(6)))
        if claimed_size is not None:
            archive.getinfo("X.npy").file_size = claimed_size
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.npz", npz(X=GOOD, y=np.array(["a"] * 6)), "y in a.npz holds dtype <U1; expected numbers: give classes as"),
        ("a.npz", npz(X=GOOD, y=np.array([1j] * 6)), "y in a.npz holds dtype complex128; expected numbers"),
        ("a.npz", npz(X=GOOD[:5], y=np.ones(6)), "y in a.npz has shape (6,); expected (5,) or (5, n_outputs)"),
        ("a.npz", npz(X=np.ones(6), y=np.ones(6)), "X in a.npz has shape (6,); expected (N, n_inputs)"),
        ("a.npz", npz(X=GOOD), "a.npz holds X; expected two arrays"),
        ("a.npz", npz(X=GOOD, y=np.ones((6, 0))), "y in a.npz has shape (6, 0)"),
        ("a.npz", npz(X=GOOD[:1], y=np.ones(1)), "a.npz has 1 samples; expected at least two"),
        ("a.npz", npz(X=GOOD, y=np.ones(6)), "y in a.npz is 1 for all samples; expected at least two classes"),
        ("a.npz", npz(X=GOOD, y=np.full(6, 0.5)), "y in a.npz is the same for all samples"),
        ("a.npz", npz(X=GOOD * [1, np.nan], y=np.arange(6)), "X in a.npz is nan in row 0, column 1"),
        ("a.npz", npz(X=GOOD, y=np.array([0, 1, 2, np.inf, 0, 1])), "y in a.npz is inf in row 3, column 0"),
        ("a.npz", npz(X=GOOD * 1e307, y=np.arange(6)), "too large to scale, such as 1e+308"),
        ("a.npz", npz(X=GOOD, y=np.array([{}] * 6)), "y in a.npz holds Python objects; expected numbers"),
        ("a.npz", bomb(), "unpacks to 2,147,483,776 bytes"),
        ("a.npz", boastful("(1099511627776, 8)"), "says that it has 70,368,744,177,664 bytes, but there are 192"),
        ("a.npz", boastful("(3, -8)"), "a.npz can't be read"),
        ("a.npz", packed(zipfile.ZIP_BZIP2), "compressed in a way that numpy doesn't write"),
        ("a.npz", packed(zipfile.ZIP_DEFLATED, (1 << 30) - 1), "bytes unpack to 1,073,741,823; the file is damaged"),
        ("a.npz", packed(zipfile.ZIP_STORED, (1 << 30) - 1), "bytes unpack to 1,073,741,823; the file is damaged"),
        ("a.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'", "has a header of 4,294,967,295 bytes; expected"),
        ("a.npy", npy(np.full((6, 3), 0x7FA00000, np.uint32).view(np.float32)), "is nan in row 0, column 0"),
        ("a.npz", b"PK\x03\x04 and no more", "a.npz can't be read"),
        ("a.npy", npy(np.arange(6.0)), "a.npy holds an array of shape (6,); expected (N, n_inputs + 1)"),
        ("a.npy", npy(np.ones((6, 1))), "a.npy holds an array of shape (6, 1)"),
        ("a.npy", npy(np.zeros((2, 3), "V0")), "the array in a.npy holds dtype |V0"),
        ("a.npy", npy(GOOD)[:-8], "a.npy can't be read"),
        ("a.npy", b"", "a.npy can't be read"),
        ("a.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': ((((((", "a.npy can't be read"),
    ],
)  # fmt: skip
def test_unusable_files_are_refused_in_one_clear_line(command, in_folder, name, content, sentence):
    (in_folder / name).write_bytes(content)
    status, out, err = command("train", name, "--epochs", "1")
    assert (status, out) == (2, "")
    assert err.startswith("nnframe train: error: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_share_that_leaves_nothing_to_train_with_is_refused(command, in_folder):
    np.savez("a.npz", X=GOOD, y=np.arange(6) % 2)
    assert "holds out all 6 samples" in command("train", "a.npz", "--validation", "0.99")[2]


def test_a_pipe_is_not_read(in_folder):
    import os

    os.mkfifo("p.npy")
    with pytest.raises(DataError, match=r"p\.npy is not a regular file"):
        open_file("p.npy")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_raise_nothing_but_data_errors(tmp_path_factory, data):
    name, content = data.draw(st.sampled_from([("a.npz", npz(X=GOOD, y=np.arange(6))), ("a.npy", npy(GOOD))]))
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not damaged:
            break
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(bytes(damaged))
    try:
        with prepared(open_file(str(path)), None, 0.2, 0) as ready:
            assert np.isfinite(ready.train.X).all()
    except DataError:
        pass

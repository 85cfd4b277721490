"""The command line, as a user meets it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nnframe import Activation, load, registry
from nnframe.version import __version__


def test_training_on_the_digits_prints_a_line_per_epoch_and_reaches_95_percent(command):
    status, out, err = command("train", "digits")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in lines if line.startswith("epoch")][-1] == ["epoch", "30/30"]
    assert sum(line.startswith("epoch") for line in lines) == 30
    assert float(re.fullmatch(r"test accuracy (0\.\d{4})", lines[-1])[1]) >= 0.95


def test_the_net_is_64_32_10_with_relu_and_softmax_by_default(command):
    _, out, _ = command("train", "digits", "--epochs", "1")
    assert re.search(r"64 -> 32 +relu", out)
    assert re.search(r"32 -> 10 +softmax", out)


def test_the_options_are_used(command):
    _, out, _ = command(
        "train", "digits", "--hidden", "20,15", "--activation", "Tanh", "--loss", "MSE", "--epochs", "2",
        "--batch-size", "50", "--learning-rate", "0.5", "--seed", "3",
    )  # fmt: skip
    for pattern in (r"64 -> 20 +tanh", r"20 -> 15 +tanh", r"15 -> 10 +softmax", r"epoch 2/2  mse 0\.\d{4}"):
        assert re.search(pattern, out)


def test_the_same_seed_gives_the_same_output(command):
    arguments = "train", "digits", "--epochs", "2", "--seed"
    assert command(*arguments, "1") == command(*arguments, "1")
    assert command(*arguments, "1") != command(*arguments, "2")


def test_lbfgs_trains_until_it_has_converged(command):
    arguments = "train", "digits", "--hidden", "0", "--optimizer", "lbfgs(tolerance=0.01)", "--epochs", "100"
    status, out, err = command(*arguments)
    assert (status, err) == (0, "")
    assert re.search(r"stopped after epoch \d\d?: the largest gradient is 0\.00\d+, at most tolerance=0\.01", out)
    status, _, err = command("train", "digits", "--optimizer", "lbfgs", "--learning-rate", "0.1")
    assert (status, "lbfgs has no parameter 'learning_rate'" in err) == (2, True)


def test_a_net_without_hidden_layers_can_be_trained(command):
    assert re.search(r"64 -> 10 +softmax", command("train", "digits", "--hidden", "0", "--epochs", "1")[1])


def test_a_registered_plugin_is_found_by_name(command):
    with registry.temporarily(Activation("steep", lambda z, k: np.tanh(k * z), params={"k": 2.0})):
        status, out, _ = command("train", "digits", "--activation", "steep(k=3)", "--epochs", "1")
    assert status == 0
    assert re.search(r"64 -> 32 +steep\(k=3\.0\)", out)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "required: COMMAND"),
        (["trian"], "There is no command 'trian'; did you mean 'train'?"),
        (["train"], "required: data"),
        (
            ["train", "digts"],
            "there is no file or data set 'digts'; expected a .npy, .npz file, or a data set such as digits",
        ),
        (["train", "digits", "--activation", "sigmiod"], "did you mean 'sigmoid'?"),
        (["train", "digits", "--activation", "relu(alpha=1)"], "relu has no parameter 'alpha'"),
        (["train", "digits", "--loss", "cell"], "Known are bce, cel, mse"),
        (["train", "digits", "--hidden", "a"], "--hidden: got 'a', expected a whole number of at least 1"),
        (["train", "digits", "--hidden", "3,0"], "--hidden: got '0', expected"),
        (["train", "digits", "--epochs", "0"], "--epochs: got '0', expected"),
        (["train", "digits", "--batch-size", "1.5"], "--batch-size: got '1.5', expected"),
        (["train", "digits", "--learning-rate", "-1"], "--learning-rate: got '-1', expected a finite number"),
        (["train", "digits", "--learning-rate", "nan"], "--learning-rate: got 'nan', expected"),
        (["train", "digits", "--seed", "x"], "--seed: got 'x', expected"),
        (["train", "digits", "--speed", "1"], "unrecognized arguments: --speed 1"),
        (["train", "digits", "--colour", "1"], "unrecognized arguments: --colour 1 (see nnframe train --help)"),
        (["train", "digits", "--epoch-s", "1"], "unrecognized arguments: --epoch-s 1; did you mean --epochs?"),
    ],
)
def test_wrong_input_exits_with_2_and_one_clear_line(command, arguments, sentence):
    status, _, err = command(*arguments)
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1


def test_the_version_is_shown(command):
    assert command("--version")[1] == f"nnframe {__version__}\n"


@pytest.mark.parametrize(("option", "too_much"), [
    ("--help", {"numpy", "argparse", "pathlib", "email", "json"}),
    ("--version", {"numpy", "argparse", "pathlib", "dataclasses", "nnframe.registry"}),
])  # fmt: skip
def test_help_and_version_import_little(option, too_much):
    code = (
        f"import sys; from nnframe.cli import main; sys.modules['email.message'] = None; main(['{option}']); "
        f"print(sorted({too_much} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=with_site_packages())
    assert done.stderr == "[]\n"


def with_site_packages():
    """Return an environment without what a .pth file imports when Python starts."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_help_names_every_option(command):
    status, out, _ = command("train", "--help")
    assert status == 0
    for option in ("hidden", "activation", "loss", "epochs", "batch-size", "learning-rate", "seed"):
        assert f"--{option}" in out


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "nnframe", "train", "digits", "--epochs", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].startswith("test accuracy")


def test_a_reader_that_stops_early_is_not_an_error():
    line = f"'{sys.executable}' -m nnframe train digits --epochs 200 | head -n 1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("digits: ")
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
def test_an_interrupt_ends_with_130_and_one_line():
    process = subprocess.Popen(
        [sys.executable, "-m", "nnframe", "train", "digits", "--epochs", "100000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        # Before the first epoch, modules are still being imported, and Python reports an interrupt in its own way.
        while not process.stdout.readline().startswith("epoch"):
            pass
        process.send_signal(signal.SIGINT)
        # Reads the output meanwhile, because a full pipe would block the process.
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err == "nnframe train: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_a_closed_pipe_does_not_stop_training(tmp_path):
    arguments = ["train", "digits", "--epochs", "8", "--out", str(tmp_path / "m.nnf")]
    process = subprocess.Popen(
        [sys.executable, "-m", "nnframe", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("digits: ")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0
    assert (tmp_path / "m.nnf").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_an_unwritable_stdout_is_reported_in_one_line():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "nnframe", "plugins"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "nnframe plugins: error: [Errno 28] No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
@pytest.mark.parametrize("patience", ["100000", "0"])
def test_an_interrupt_saves_the_best_weights_if_early_stopping_watches_them(tmp_path, patience):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    # Nothing to learn: the validation loss is best near epoch 110, and half as much again at 400.
    np.savez(tmp_path / "a.npz", X=X, y=rng.normal(size=60))
    arguments = ["train", "a.npz", "--epochs", "100000", "--patience", patience, "--out", "m.nnf"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nnframe", *arguments, "--learning-rate", "0.01"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    lines = []
    while not (lines and lines[-1].startswith("epoch    400/")):
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "nnframe train: interrupted\n")
    losses = [float(loss) for loss in re.findall(r"validation (\S+)", "".join(lines) + rest)]
    # Printed with four digits, so that several epochs may look like the best.
    best = np.flatnonzero(np.array(losses) == min(losses)) + 1
    assert best[0] < 400
    held_out = rng_held_out(60)
    with np.load(tmp_path / "a.npz") as file:
        y = file["y"]
    outputs = load(tmp_path / "m.nnf").forwardPass(X[held_out].T, return_all_steps=False)[0]
    loss = np.mean(((outputs - y[held_out]) / y[~held_out].std()) ** 2)
    if patience == "0":
        assert "m.nnf written, with the weights so far, after " in rest
        assert loss > min(losses) * 1.05
    else:
        assert int(re.search(r"m\.nnf written, with the best weights, those after epoch (\d+)\n", rest)[1]) in best
        assert abs(loss - min(losses)) < 1e-3


def rng_held_out(count):
    """Return which samples of an array are held out with the seed 0."""
    chosen = np.zeros(count, bool)
    chosen[np.random.default_rng(0).permutation(count)[: round(0.2 * count)]] = True
    return chosen

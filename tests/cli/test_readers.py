"""Which reader reads what, and that a reader brings its own options."""

import argparse
from contextlib import nullcontext

import pytest

from nnframe import pairs, registry
from nnframe.cli.commands import train as train_command
from nnframe.cli.readers import reader_for
from nnframe.contracts.reader import Reader, TrainingData
from nnframe.errors import ArgumentError, ArgumentTypeError, MissingDependencyError, UnknownNameError
from nnframe.testing import run_checks
from nnframe.testing.command_checks import GENERIC_OPTIONS

XOR = pairs([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])


def made(name, **more):
    return Reader(name, lambda source, options: nullcontext(TrainingData(XOR, "mse", "sigmoid")), **more)


@pytest.mark.parametrize(
    ("source", "name"), [("digits", "digits"), ("a.npy", "npy"), ("folder.x/A.NPZ", "npz"), ("digits.npz", "npz")]
)
def test_built_in_readers_are_found_by_name_and_suffix(source, name):
    assert reader_for(source).name == name


def test_a_plugins_reader_is_found_by_the_suffix_that_it_lists():
    with registry.temporarily(made("points", suffixes=(".pts", ".point"))):
        assert reader_for("a.point").name == "points"
        assert reader_for("b.txt", "points").name == "points"


def test_a_suffix_of_two_parts_goes_before_its_last_part():
    with registry.temporarily(made("packed", suffixes=(".npy.gz", ".gz"))):
        assert reader_for("a.npy.GZ").name == "packed"
        assert reader_for("b.c.gz").name == "packed"
        assert reader_for("a.gz.npy").name == "npy"


def test_two_readers_of_a_suffix_are_told_apart_by_the_option(command, tmp_path):
    (tmp_path / "a.pts").touch()
    with registry.temporarily(made("one", suffixes=(".pts",))), registry.temporarily(made("two", suffixes=(".pts",))):
        status, _, err = command("train", str(tmp_path / "a.pts"))
        assert status == 2
        assert "several plugins read .pts files; choose one with --reader one or --reader two" in err
        assert command("train", str(tmp_path / "a.pts"), "--reader", "two", "--epochs", "1")[0] == 0


@pytest.mark.parametrize("source", ["a.csv", "a.CSV", "a.parquet", "a.tsv"])
def test_a_known_reader_that_is_not_installed_says_what_to_install(monkeypatch, source):
    monkeypatch.setattr("nnframe.cli.missing._is_installed", lambda distribution: False)
    monkeypatch.setattr(registry, "is_claimed", lambda kind, name: False)
    monkeypatch.setattr(registry, "names", lambda kind: pytest.fail("plugins were imported"))
    with pytest.raises(MissingDependencyError, match=r"comes with nnframe-table: pip install nnframe-table"):
        reader_for(source)


@pytest.mark.parametrize("name", ["predict", "Evaluate"])
def test_a_known_command_that_is_not_installed_says_what_to_install(command, monkeypatch, name):
    monkeypatch.setattr("nnframe.cli.missing._is_installed", lambda distribution: False)
    monkeypatch.setattr(registry, "is_claimed", lambda kind, name: False)
    expected = f"nnframe {name}: error: nnframe {name} comes with nnframe-table: pip install nnframe-table\n"
    assert command(name, "m.nnf", "x.csv") == (2, "", expected)


@pytest.mark.parametrize(
    ("source", "name", "error", "sentence"),
    [
        ("a.xyz", None, ArgumentError, "there is no file or data set 'a.xyz'; expected a .npy, .npz file, or"),
        ("no such thing", None, ArgumentError, "there is no file or data set 'no such thing'"),
        ("a.npy", "nowhere", UnknownNameError, "There is no reader 'nowhere'"),
        ("", None, ArgumentError, "there is no file or data set ''"),
    ],
)
def test_what_no_reader_reads_is_refused(source, name, error, sentence):
    with pytest.raises(error, match=sentence):
        reader_for(source, name)


def test_an_existing_file_with_an_unknown_suffix_is_refused(tmp_path):
    (tmp_path / "a.xyz").touch()
    with pytest.raises(ArgumentError, match=r"ends in '\.xyz', which no reader reads; .* or choose with --reader"):
        reader_for(str(tmp_path / "a.xyz"))


def with_options(group):
    group.add_argument("--word", help="any word")
    group.add_argument("--flag", action="store_true", help="a flag")


@pytest.mark.parametrize(
    "arguments",
    [
        ["words", "--word", "digits", "--flag"],
        ["--word", "digits", "words"],
        ["--flag", "words", "--epochs", "1", "--word=digits"],
        ["--epochs", "1", "--word", "a.npy", "words"],
    ],
)
def test_a_readers_options_are_understood_wherever_they_stand(command, arguments):
    seen = []

    def open_words(source, options):
        seen.append((source, options.word))
        return nullcontext(TrainingData(XOR, "mse", "sigmoid"))

    with registry.temporarily(Reader("words", open_words, add_arguments=with_options, doc="words: some.")):
        status, _, err = command("train", *arguments)
    assert (status, err) == (0, "")
    assert seen == [("words", "a.npy" if "a.npy" in arguments else "digits")]


def test_help_shows_the_options_of_the_reader_of_the_data(command):
    assert "--validation" in command("train", "a.npz", "--help")[1]
    assert "--validation" not in command("train", "--help")[1]
    assert "--validation" not in command("train", "digits", "--help")[1]


def test_for_a_misspelled_option_of_a_reader_the_right_one_is_suggested(command):
    status, _, err = command("train", "a.npz", "--validatoin", "0.5")
    assert status == 2
    assert "--validatoin 0.5; did you mean --validation? (see nnframe train DATA --help)" in err


def test_an_option_of_another_reader_is_refused(command):
    status, _, err = command("train", "digits", "--validation", "0.5")
    assert status == 2
    assert "unrecognized arguments: --validation 0.5" in err


@pytest.mark.parametrize(
    ("more", "error", "sentence"),
    [
        ({"suffixes": [".csv"]}, ArgumentTypeError, r"expected a tuple such as \('.csv',\)"),
        ({"suffixes": ("csv",)}, ArgumentError, "expected a dot and lower-case letters"),
        ({"suffixes": (".CSV",)}, ArgumentError, "expected a dot and lower-case letters"),
        ({"add_arguments": 3}, ArgumentTypeError, "add_arguments of reader 'x' is 3"),
    ],
)
def test_a_reader_is_checked_when_it_is_made(more, error, sentence):
    with pytest.raises(error, match=sentence):
        made("x", **more)


def opening(value):
    return Reader("odd", lambda source, options: value, doc="odd: returns anything.")


def test_a_reader_that_fails_is_blamed(command):
    def fail(source, options):
        raise ZeroDivisionError("no data")

    with registry.temporarily(Reader("odd", fail), name="some_module"):
        status, _, err = command("train", "odd")
    assert status == 2
    assert "reader 'odd' of some_module (registered in code), open: raised ZeroDivisionError: no data" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("value", [nullcontext(3), 3])
def test_a_reader_that_opens_something_else_is_blamed(command, value):
    with registry.temporarily(opening(value), name="some_module"):
        status, _, err = command("train", "odd")
    assert status == 2
    assert "reader 'odd' of some_module" in err
    assert err.count("\n") == 1


def test_an_option_that_train_has_itself_is_the_readers_fault(command):
    reader = Reader("odd", opening(3).open, add_arguments=lambda group: group.add_argument("--seed", help="mine"))
    with registry.temporarily(reader, name="some_module"):
        status, _, err = command("train", "odd")
    assert status == 2
    assert "reader 'odd' of some_module (registered in code), add_arguments: raised argument --seed: conflicting" in err


def test_the_kit_knows_the_options_of_train():
    parser = argparse.ArgumentParser(add_help=False)
    train_command._add_generic(parser)
    options = {option for action in parser._actions for option in action.option_strings}
    assert options == set(GENERIC_OPTIONS)


def test_the_kit_finds_an_option_that_train_has_itself():
    reader = Reader("odd", opening(3).open, add_arguments=lambda group: group.add_argument("--seed", help="mine"))
    outcomes = {result.name: result.outcome for result in run_checks(reader)}
    assert outcomes["its_options_leave_those_of_train_alone"] == "failed"


def test_data_that_no_reader_reads_is_named_before_options_that_its_reader_may_have(command):
    status, _, err = command("train", "x.xyz", "--target", "y")
    assert status == 2
    assert "there is no file or data set 'x.xyz'" in err


def test_digits_are_not_read_in_place_of_a_file(command):
    status, _, err = command("train", "x.csv", "--reader", "digits")
    assert status == 2
    assert "--reader digits reads the data set digits, not x.csv" in err


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [({"notes": object()}, "['notes'] is <object"), ({"notes": "x" * 2000}, "manifest as JSON has")],
    ids=["not JSON", "too long"],
)
def test_metadata_that_can_not_be_saved_are_refused_before_training(command, tmp_path, monkeypatch, metadata, sentence):
    monkeypatch.setattr("nnframe.saving.json_text.MOST_BYTES", 2000)
    data = TrainingData(XOR, "mse", "sigmoid", metadata=metadata)
    with registry.temporarily(Reader("mine", lambda source, options: nullcontext(data))):
        status, out, err = command("train", "mine", "--out", str(tmp_path / "m.nnf"))
    assert (status, "epoch" in out) == (2, False)
    assert sentence in err

"""What an author does, in a new environment and from an empty folder: the guide, word by word."""

import re
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.install

GUIDE = (Path(__file__).parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|diff)\n(.*?)^```$", GUIDE, flags=re.M | re.S)
FORMULA = Path("nnframe_arctan", "arctan.py")


@pytest.fixture(scope="module")
def guided(authors_environment, tmp_path_factory):
    """Follow the guide, and return the folder that it leads to and what each block of commands printed."""
    folder, outputs = tmp_path_factory.mktemp("empty"), []
    for language, body in BLOCKS:
        if language == "diff":
            removed, added = (line[1:] for line in body.splitlines())
            text = (folder / FORMULA).read_text()
            assert text.count(f"{removed}\n") == 1
            (folder / FORMULA).write_text(text.replace(f"{removed}\n", f"{added}\n"))
            continue
        # One shell after the other, each where the one before it went.
        done = authors_environment.run("sh", "-e", "-c", f"{body}\npwd", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        outputs.append(done.stdout)
        folder = Path(done.stdout.splitlines()[-1])
    return folder, outputs


def test_the_first_commands_lead_into_a_complete_distribution(guided):
    assert guided[0].name == "nnframe-arctan"
    assert "nnframe_arctan/arctan.py" in guided[1][0]


def test_the_distributions_own_tests_pass(guided):
    assert re.search(r"\b\d+ passed", guided[1][1])
    assert not re.search(r"failed|error", guided[1][1])


def test_the_plugin_is_shown_checked_and_trained_with_by_name(guided):
    shown = guided[1][2]
    assert "activation arctan, from nnframe-arctan 0.1.0" in shown
    assert "a = arctan(z)" in shown
    assert "f'(z) = 1 / (1 + z^2)" in shown
    # The warning is about the words of the template that are still there.
    assert re.search(r"^1 plugin, \d+ checks: \d+ passed, \d+ skipped, 1 warned, 0 failed$", shown, flags=re.M)
    assert "arctan" in shown.partition("samples to train on")[2]
    assert "test accuracy" in shown


def test_what_is_built_holds_the_formula(guided):
    assert {path.name for path in (guided[0] / "dist").iterdir()} == {
        "nnframe_arctan-0.1.0-py3-none-any.whl", "nnframe_arctan-0.1.0.tar.gz",
    }  # fmt: skip
    with zipfile.ZipFile(guided[0] / "dist" / "nnframe_arctan-0.1.0-py3-none-any.whl") as wheel:
        assert "np.arctan(z)" in wheel.read(FORMULA.as_posix()).decode()
        assert "nnframe_arctan/py.typed" in wheel.namelist()
        assert (
            "arctan = nnframe_arctan.arctan" in wheel.read("nnframe_arctan-0.1.0.dist-info/entry_points.txt").decode()
        )


def test_it_takes_four_commands_and_one_edited_line_to_a_proven_activation(guided):
    assert re.search(r"\b\d+ passed", guided[1][1])
    before = GUIDE[: GUIDE.index("Now everyone who installs")]
    blocks = re.findall(r"^```(sh|diff)\n(.*?)^```$", before, flags=re.M | re.S)
    commands = [line for language, body in blocks if language == "sh" for line in body.splitlines()]
    edited = [line for language, body in blocks if language == "diff" for line in body.splitlines() if line[0] == "+"]
    assert len(commands) == 4
    assert len(edited) == 1


def test_it_takes_four_commands_and_one_edited_line_to_a_proven_loss(guided, authors_environment, tmp_path):
    folder = tmp_path / "nnframe-fourth-power"
    formula = folder / "nnframe_fourth_power" / "fourth_power.py"
    scaffold, *proof = [
        "nnframe new-plugin nnframe-fourth-power --loss fourth_power",
        "cd nnframe-fourth-power",
        'python -m pip install -e ".[test]"',
        "python -m pytest",
    ]
    assert authors_environment.run("sh", "-e", "-c", scaffold, cwd=tmp_path).returncode == 0
    before = formula.read_text()
    after = before.replace("np.square(a - y).mean(axis=0)", "np.square(np.square(a - y)).mean(axis=0)")
    assert sum(one != other for one, other in zip(before.splitlines(), after.splitlines(), strict=True)) == 1
    formula.write_text(after)
    done = authors_environment.run("sh", "-e", "-c", "\n".join(proof), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d+ passed", done.stdout)
    assert not re.search(r"failed|error", done.stdout)
    trained = authors_environment.run("nnframe", "train", "digits", "--loss", "fourth_power", "--epochs", "1")
    assert trained.returncode == 0, trained.stderr


def test_many_with_odd_names_install_and_pass_their_own_tests_as_generated(guided, authors_environment, tmp_path):
    distribution, options = "My.Plugins", ["--activation", "Soft-Er", "--activation", "np", "--loss", "hookimpl.2"]
    nnframe = authors_environment.scripts / "nnframe"
    made = authors_environment.run(nnframe, "new-plugin", distribution, *options, "--into", tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    folder = tmp_path / distribution
    # The guide has installed what the tests need.
    authors_environment.pip_install("--no-deps", "-e", folder)
    tested = authors_environment.run(authors_environment.python, "-m", "pytest", "--verbose", cwd=folder)
    assert tested.returncode == 0, tested.stdout
    names = [name.lower() for name in options[1::2]]
    for name in names:
        assert f"[{name}-it_is_documented] PASSED" in tested.stdout
    trained = authors_environment.run(
        nnframe, "train", "digits", "--activation", names[0], "--loss", names[-1], "--epochs", "1"
    )
    assert trained.returncode == 0, trained.stderr

"""New distributions from templates; that they install and pass their tests is shown in tests/installs."""

import builtins
import configparser
import keyword
import re

import pytest

from nnframe import registry
from nnframe.cli.scaffold import NAMES_IN_USE, USES
from nnframe.contracts.hookspecs import API_RELEASES, API_VERSION
from nnframe.registry.kinds import KINDS
from nnframe.registry.overview_rows import Row
from nnframe.testing import run_checks


@pytest.fixture
def new_plugin(command, tmp_path):
    """Return a function that makes a distribution in a temporary folder."""
    return lambda *arguments: command("new-plugin", *arguments, "--into", str(tmp_path))


def load(folder, module):
    """Return the names that a generated module defines."""
    names = {}
    exec((folder / module).read_text(), names)
    return names


def problems(plugin):
    """Return what the kit finds in a generated plugin, but for the words that the author has not replaced yet."""
    found = [each for each in run_checks(plugin) if each.outcome in ("failed", "warned")]
    return [each for each in found if each.name not in ("it_is_documented", "its_documentation_has_a_first_line")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_kit_asks_for_the_words_that_the_author_has_to_replace(new_plugin, tmp_path, kind):
    new_plugin("nnframe-zigzag", f"--{kind}", "zigzag")
    [plugin] = load(tmp_path / "nnframe-zigzag", "nnframe_zigzag/zigzag.py")[KINDS[kind].hook]()
    [warned] = [each for each in run_checks(plugin) if each.outcome == "warned"]
    assert warned.name in ("it_is_documented", "its_documentation_has_a_first_line")
    assert "words that stood there for you to replace" in warned.message


def test_there_is_a_template_for_every_kind():
    assert set(USES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plugin_of_every_kind_passes_its_checks_as_generated(new_plugin, tmp_path, kind):
    assert new_plugin("nnframe-zigzag", f"--{kind}", "zigzag")[0] == 0
    [plugin] = load(tmp_path / "nnframe-zigzag", "nnframe_zigzag/zigzag.py")[KINDS[kind].hook]()
    assert (plugin.name, type(plugin)) == ("zigzag", KINDS[kind].type)
    assert problems(plugin) == []


@pytest.mark.parametrize("kind", ["activation", "loss"])
def test_the_formula_of_an_activation_or_a_loss_stands_in_one_line(new_plugin, tmp_path, kind):
    new_plugin("nnframe-zigzag", f"--{kind}", "zigzag")
    text = (tmp_path / "nnframe-zigzag" / "nnframe_zigzag" / "zigzag.py").read_text()
    assert len(re.findall("tanh|square", text)) == 1


def test_warnings_are_errors_in_the_generated_tests_but_for_what_the_kit_recommends(new_plugin, tmp_path):
    new_plugin("nnframe-zigzag", "--activation", "zigzag")
    config = configparser.ConfigParser()
    config.read(tmp_path / "nnframe-zigzag" / "setup.cfg")
    assert config["tool:pytest"]["filterwarnings"].split() == ["error", "default::nnframe.testing.CheckWarning"]


def test_an_activation_works_as_generated(new_plugin, tmp_path):
    assert new_plugin("nnframe-zigzag", "--activation", "zigzag")[0] == 0
    names = load(tmp_path / "nnframe-zigzag", "nnframe_zigzag/zigzag.py")
    with registry.temporarily(names["nnframe_activations"]()[0]):
        assert registry.get("activation", "zigzag").name == "zigzag"


def test_a_loss_works_as_generated(new_plugin, tmp_path):
    assert new_plugin("nnframe-lp", "--loss", "Lp")[0] == 0
    names = load(tmp_path / "nnframe-lp", "nnframe_lp/lp.py")
    [loss] = names["nnframe_losses"]()
    assert loss.name == "lp"


@pytest.mark.parametrize("name", ["np", "hookimpl", "forward", "value", "gradient", "nnframe_activations", "a.b-c"])
def test_a_name_that_the_module_uses_itself_works_too(new_plugin, tmp_path, name):
    module = f"{name.replace('.', '_').replace('-', '_')}.py"
    for kind in ("activation", "loss"):
        assert new_plugin(f"nnframe-odd-{kind}", f"--{kind}", name)[0] == 0
        [plugin] = load(tmp_path / f"nnframe-odd-{kind}", f"nnframe_odd_{kind}/{module}")[KINDS[kind].hook]()
        assert plugin.name == name
        assert problems(plugin) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_object_takes_a_name_that_its_module_uses_itself(new_plugin, tmp_path, kind):
    new_plugin("nnframe-zigzag", f"--{kind}", "zigzag")
    defined = load(tmp_path / "nnframe-zigzag", "nnframe_zigzag/zigzag.py")
    own = {name for name in defined if name == name.lower() and not name.startswith("_")} - {"zigzag"}
    assert own <= NAMES_IN_USE


@pytest.mark.parametrize("kind", ["activation", "loss"])
def test_the_name_of_no_builtin_is_shadowed(new_plugin, tmp_path, kind):
    # Those that begin with an underscore, or are keywords too, are refused.
    names = {name.lower() for name in dir(builtins) if name[0].isalpha() and not keyword.iskeyword(name.lower())}
    assert {"list", "len", "valueerror"} <= names
    options = [word for name in sorted(names) for word in (f"--{kind}", name)]
    assert new_plugin("nnframe-odd", *options)[0] == 0
    for name in names:
        made = load(tmp_path / "nnframe-odd", f"nnframe_odd/{name}.py")
        assert not set(made) & set(dir(builtins)) - {"__name__", "__doc__", "__builtins__"}, name
        [plugin] = made["nnframe_activations" if kind == "activation" else "nnframe_losses"]()
        assert plugin.name == name


@pytest.mark.parametrize("name", ["list", "len"])
def test_a_plugin_named_like_a_builtin_passes_its_checks(new_plugin, tmp_path, name):
    new_plugin("nnframe-odd", "--activation", name)
    new_plugin("nnframe-odder", "--loss", name)
    [activation] = load(tmp_path / "nnframe-odd", f"nnframe_odd/{name}.py")["nnframe_activations"]()
    [loss] = load(tmp_path / "nnframe-odder", f"nnframe_odder/{name}.py")["nnframe_losses"]()
    for plugin in (activation, loss):
        assert problems(plugin) == []


def test_the_distribution_is_complete(new_plugin, tmp_path):
    new_plugin("nnframe-both", "--activation", "one", "--loss", "two")
    folder = tmp_path / "nnframe-both"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "setup.cfg", "setup.py", "README.md", ".gitignore", "tests/test_plugin.py", "nnframe_both/__init__.py",
        "nnframe_both/py.typed", "nnframe_both/one.py", "nnframe_both/two.py",
    }  # fmt: skip


def test_entry_points_are_named_after_what_they_provide(new_plugin, tmp_path):
    new_plugin("My.Plugins", "--activation", "soft-sign", "--loss", "two")
    config = configparser.ConfigParser()
    config.read(tmp_path / "My.Plugins" / "setup.cfg")
    entry_points = config["options.entry_points"]["nnframe"].split("\n")
    assert entry_points[1:] == ["soft-sign = my_plugins.soft_sign", "two = my_plugins.two"]


def test_an_entry_point_has_its_kind_where_nnframe_looks_for_that(new_plugin, tmp_path):
    new_plugin("nnframe-more", "--command", "hello-you", "--reader", "xor", "--format", "npzip")
    config = configparser.ConfigParser()
    config.read(tmp_path / "nnframe-more" / "setup.cfg")
    assert config["options.entry_points"]["nnframe"].split("\n")[1:] == [
        "command.hello-you = nnframe_more.hello_you", "reader.xor = nnframe_more.xor",
        "format.npzip = nnframe_more.npzip",
    ]  # fmt: skip


def test_the_requirement_is_the_release_of_the_plugin_api(new_plugin, tmp_path):
    new_plugin("nnframe-zigzag", "--activation", "zigzag")
    config = configparser.ConfigParser()
    config.read(tmp_path / "nnframe-zigzag" / "setup.cfg")
    assert config["options"]["install_requires"].split() == [f"nnframe>={API_RELEASES[API_VERSION]}", "numpy>=2"]


def test_the_three_commands_to_run_next_are_printed(new_plugin, tmp_path):
    out = new_plugin("nnframe-zigzag", "--activation", "zigzag")[1]
    assert "zigzag.py" in out
    assert out.splitlines()[-3:] == [
        f"  cd {tmp_path / 'nnframe-zigzag'}",
        '  python -m pip install -e ".[test]"',
        "  python -m pytest",
    ]


def test_nothing_is_overwritten(new_plugin, tmp_path):
    new_plugin("nnframe-zigzag", "--activation", "zigzag")
    file = tmp_path / "nnframe-zigzag" / "nnframe_zigzag" / "zigzag.py"
    file.write_text("mine")
    status, _, err = new_plugin("nnframe-zigzag", "--activation", "zigzag")
    assert status == 2
    assert "exists and is not overwritten" in err
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nnframe-x"], "add --activation NAME, --loss NAME or another kind"),
        (["nnframe x", "--loss", "a"], "'nnframe x' is not a distribution name"),
        (["-x", "--loss", "a"], "required: distribution"),
        (["2nn", "--loss", "a"], "'2nn' is not a distribution name"),
        (["../up", "--loss", "a"], "'../up' is not a distribution name"),
        (
            ["NNFrame", "--loss", "a"],
            "the package name 'nnframe' is reserved; choose another, such as 'nnframe-NNFrame'",
        ),
        (["json", "--loss", "a"], "the package name 'json' is reserved"),
        (["tests", "--loss", "a"], "the package name 'tests' is reserved"),
        (["NumPy", "--loss", "a"], "a package 'numpy' is already installed; choose another name"),
        (["pytest", "--loss", "a"], "a package 'pytest' is already installed; choose another name"),
        (["_pytest", "--loss", "a"], "'_pytest' is not a distribution name"),
        (["nnframe-x", "--loss", "__init__"], "'__init__' is not a name"),
        (["nnframe-x", "--loss", "a b"], "'a b' is not a name for a new loss"),
        (["nnframe-x", "--loss", "2a"], "'2a' is not a name"),
        (["nnframe-x", "--activation", "class"], "'class' is not a name"),
        (["nnframe-x", "--activation", "ReLU"], "the activation 'ReLU' is taken by nnframe"),
        (["nnframe-x", "--loss", "mse"], "the loss 'mse' is taken by nnframe"),
        (["nnframe-x", "--loss", "a", "--activation", "A"], "is given twice"),
        (["nnframe-x", "--loss", "a", "--into", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_a_name_that_can_not_be_used_is_refused_and_nothing_is_written(
    command, tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    status, _, err = command("new-plugin", *arguments)
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_installed_plugins_name_is_taken(command, new_plugin, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "nnframe_hinge.py").touch()
    monkeypatch.setattr(registry, "overview", lambda: [Row("loss", "hinge", "nnframe-hinge", "3.1", "ok", "")])
    status, _, err = new_plugin("nnframe-mine", "--loss", "hinge")
    assert status == 2
    assert "the loss 'hinge' is taken by nnframe-hinge 3.1" in err
    # The author's own distribution and package, installed from an earlier attempt, is no obstacle.
    assert new_plugin("nnframe-hinge", "--loss", "hinge")[0] == 0


def test_a_broken_template_leaves_nothing_behind(new_plugin, tmp_path, monkeypatch):
    monkeypatch.setattr("nnframe.cli.scaffold.TEMPLATES", "missing")
    status, _, err = new_plugin("nnframe-zigzag", "--activation", "zigzag")
    assert (status, "No such file" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []

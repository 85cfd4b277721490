"""Commands as plugins."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from nnframe import ArgumentTypeError, RegistrationError, registry
from nnframe.cli import main
from nnframe.contracts.command import Command
from nnframe.registry.installed import InstalledPlugin
from nnframe.registry.known import COMMANDS, distributions_with


def hello(options):
    """Print a greeting."""
    print(f"hello {options.name}")
    return 7


def add_name(parser):
    parser.add_argument("name", help="whom to greet")


HELLO = Command("hello", add_name, hello, help="greet somebody", doc="Print a greeting.")


def test_a_registered_command_runs_and_gives_its_status(command):
    with registry.temporarily(HELLO):
        assert command("hello", "you") == (7, "hello you\n", "")
        assert command("Hello", "you")[0] == 7


def test_help_lists_a_registered_command_after_the_built_in_ones(command):
    with registry.temporarily(HELLO):
        out = command("--help")[1]
        assert "Print a greeting." in command("hello", "--help")[1]
    names = [line.split()[0] for line in out.partition("commands:\n")[2].splitlines()]
    assert names[:5] == ["info", "new-plugin", "plugins", "train", "hello"]
    assert "  hello       greet somebody\n" in out


def test_a_built_in_command_can_not_be_taken_over():
    with pytest.raises(RegistrationError, match="'train' is a built-in command"):
        registry.register(Command("train", add_name, hello, help="not this"))


@pytest.mark.parametrize("text", ["", "two\nlines", None])
def test_help_is_one_line(text):
    with pytest.raises(ArgumentTypeError, match="expected one line of text for nnframe --help"):
        Command("x", add_name, hello, help=text)


class EntryPoint:
    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize(
    ("name", "claim", "kinds"),
    [
        ("command.predict", "predict", {"command"}),
        ("Reader.CSV", "csv", {"reader"}),
        ("swish", "swish", {"command", "reader", "activation"}),
        ("version.2", "version.2", {"command", "reader", "activation"}),
        ("command.", "command.", {"command", "reader", "activation"}),
    ],
)
def test_an_entry_point_may_name_its_kind(name, claim, kinds):
    plugin = InstalledPlugin(EntryPoint(name), None)
    assert plugin.claim == claim
    assert {kind for kind in ("command", "reader", "activation") if plugin.may_provide(kind)} == kinds


def test_without_arguments_one_line_says_what_is_missing(command):
    assert command() == (2, "", "nnframe: error: the following arguments are required: COMMAND (see nnframe --help)\n")


def test_help_imports_no_numpy_and_no_plugin_of_this_project():
    script = (
        "import sys; from nnframe.cli import main; main(['--help']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'nnframe_table', 'nnframe_plot'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_help_says_of_commands_of_this_project_is_what_they_say(name):
    [distribution] = distributions_with("command", name)
    folder = Path(__file__).parents[2] / "plugins" / distribution / distribution.replace("-", "_")
    commands = [node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    helps = {
        node.args[0].value: next(keyword.value.value for keyword in node.keywords if keyword.arg == "help")
        for node in commands
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Command"
    }
    assert helps[name] == COMMANDS[name]


def test_commands_that_are_not_installed_are_listed_with_what_to_install(command, monkeypatch):
    monkeypatch.setattr(registry, "declared", lambda kind: ["train"])
    out = command("--help")[1]
    assert "  predict   predict new rows with a model of nnframe train (pip install nnframe-table)\n" in out


def test_a_plugins_command_that_fails_is_blamed_after_its_traceback(command):
    def fail(options):
        raise ZeroDivisionError("by zero\x1b[2J")

    with registry.temporarily(Command("fail", add_name, fail, help="fail"), name="some_module"):
        status, out, err = command("fail", "you")
    assert (status, out) == (2, "")
    assert err.startswith("Traceback (most recent call last):\n")
    last = err.splitlines()[-1]
    assert last.startswith(
        "nnframe fail: error: command 'fail' of some_module (registered in code), run: raised ZeroDi"
    )
    assert "\x1b" not in err


def test_an_interrupt_of_any_command_is_one_line_and_130(command):
    def interrupt(options):
        raise KeyboardInterrupt

    with registry.temporarily(Command("wait", add_name, interrupt, help="wait")):
        assert command("wait", "you") == (130, "", "nnframe wait: interrupted\n")


def test_a_process_without_stdout_runs_commands(monkeypatch, command):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["plugins", "list"]) == 0


def test_an_unknown_command_lists_the_known_ones(command):
    assert command("walk") == (
        2,
        "",
        "nnframe walk: error: There is no command 'walk'. Known are info, new-plugin, plugins, train. Install the "
        "distribution that provides it.\n",
    )

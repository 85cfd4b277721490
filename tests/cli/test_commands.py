"""Commands as plugins."""

import pytest

from nnframe import ArgumentTypeError, RegistrationError, registry
from nnframe.contracts.command import Command
from nnframe.registry.installed import InstalledPlugin


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

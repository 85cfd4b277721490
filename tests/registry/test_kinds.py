"""A new kind needs a contract, a hook and a row: here is one that is made for these tests."""

import pickle
import types
from dataclasses import dataclass

import pytest

import nnframe
from nnframe import ArgumentTypeError, NameConflictError, PluginError, UnknownNameError, registry
from nnframe.contracts import hookspecs
from nnframe.contracts.plugin import Plugin
from nnframe.registry.kinds import KINDS, Kind
from nnframe.testing.kit import checks_of, run_checks


@dataclass(frozen=True, repr=False)
class Dream(Plugin):
    """A kind that nnframe doesn't have; its only parameter is a function."""

    tell: object

    def __post_init__(self):
        super().__post_init__()
        self._require_callable("tell")


def falling():
    """falling: what = a fall. Source: this test."""
    return "aaah"


def flying(height):
    return "wheee" * height


@pytest.fixture
def found(monkeypatch):
    """A registry that knows dreams."""
    monkeypatch.setitem(KINDS, "dream", Kind("dream", f"{__name__}:Dream", "nnframe_dreams"))

    @hookspecs.hookspec(historic=True)
    def nnframe_dreams():
        """Return the dreams that the plugin provides."""

    monkeypatch.setattr(hookspecs, "nnframe_dreams", nnframe_dreams, raising=False)
    return registry.Registry(registry.BUILTIN_MODULES, registry.BUILTIN_PROVIDER)


def plugin_with(*dreams, name="nightly"):
    plugin = types.ModuleType(name)
    plugin.nnframe_dreams = nnframe.hookimpl(lambda: list(dreams), specname="nnframe_dreams")
    return plugin


def test_it_is_found_by_name_with_parameters(found):
    found.register(plugin_with(Dream("flying", flying, params={"height": 3})))
    assert found.get("dream", "nightly/Flying(height=2)").settings == {"height": 2}
    assert found.names("dream") == ["flying"]


def test_a_bare_object_can_be_registered_under_its_functions_module(found):
    found.register(Dream("falling", falling))
    assert found.get("dream", f"{__name__}/falling").tell is falling


def test_it_is_listed_and_conflicts_are_told(found):
    found.register(plugin_with(Dream("same", falling), name="one"))
    found.register(plugin_with(Dream("same", flying), name="two"))
    assert [row[:5] for row in found.overview() if row.kind == "dream"] == [
        ("dream", "same", "one", None, "conflict"),
        ("dream", "same", "two", None, "conflict"),
    ]
    with pytest.raises(NameConflictError, match="several plugins provide the dream 'same'"):
        found.get("dream", "same")


def test_errors_name_the_kind(found):
    with pytest.raises(UnknownNameError, match=r"There is no dream 'falling'\. No dream is installed"):
        found.get("dream", "falling")
    with pytest.raises(ArgumentTypeError, match=r"dream is 3, of type int; expected a name, or an object of .*\.Dream"):
        found.get("dream", 3)
    with pytest.raises(PluginError, match=r"\(hook nnframe_dreams\): returned \[3\]; expected a list of Dream objects"):
        found.register(plugin_with(3))


def test_the_kit_checks_it_as_it_checks_every_plugin(found):
    names = set(checks_of(Dream("falling", falling)))
    assert names == {"its_entry_point_has_its_name", "parameters_survive_their_spelling", "it_pickles_and_copies"}
    assert {result.outcome for result in run_checks(Dream("falling", falling))} == {"passed", "skipped"}


def test_every_kind_pickles_by_name():
    for kind in KINDS:
        plugin = registry.get(kind, registry.names(kind)[0])
        assert pickle.loads(pickle.dumps(plugin)) is plugin


def test_one_that_is_registered_again_takes_the_place_of_the_first(found):
    found.register(Dream("falling", falling))
    found.register(again := Dream("falling", falling, params={"depth": 1}))
    assert found.get("dream", "falling") is again


def test_every_hook_is_called_on_each_plugin_as_it_is_registered():
    specs = [spec for name, spec in vars(hookspecs).items() if name.startswith("nnframe_")]
    assert all(spec.nnframe_spec["historic"] for spec in specs)


def test_every_kind_has_a_hook():
    assert {kind.hook for kind in KINDS.values()} == {name for name in vars(hookspecs) if name.startswith("nnframe_")}

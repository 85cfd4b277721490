"""Installed plugins in trouble: damaged metadata, imports that fail or interfere, installations while Python runs."""

import locale
import random
import shutil
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from nnframe import MissingDependencyError, NNFrameError, PluginError, UnknownNameError, __version__
from nnframe.contracts.hookspecs import API_RELEASES, API_VERSION
from nnframe.registry.faults import NOT_THE_PLUGINS
from nnframe.testing import CheckWarning
from nnframe.testing.common_checks import its_entry_point_has_its_name

from .conftest import MODULE


def good(name):
    return MODULE.format(names=[name])


def rows_of(found, provider):
    return [row for row in found.overview() if row.provider == provider]


# Damaged metadata


def no_metadata(folder):
    (folder / "METADATA").unlink()


def no_name(folder):
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nVersion: 1.2\n")


def empty_metadata(folder):
    (folder / "METADATA").write_text("")


def latin_1_metadata(folder):
    (folder / "METADATA").write_bytes("Metadata-Version: 2.1\nName: dist-a\nAuthor: J\xf6rg\n".encode("latin-1"))


def latin_1_entry_points(folder):
    with (folder / "entry_points.txt").open("ab") as file:
        file.write("[other.group]\nna\xefve = some_module\n".encode("latin-1"))


def cut_entry_points(folder):
    path = folder / "entry_points.txt"
    path.write_bytes(path.read_bytes() + b"other = dist_a\nsecond")


def unreadable_entry_points(folder):
    (folder / "entry_points.txt").unlink()
    (folder / "entry_points.txt").symlink_to(folder / "entry_points.txt")


def binary_entry_points(folder):
    (folder / "entry_points.txt").write_bytes(b"[nnframe]\nfirst = \x00\xff\xfe\n=\n[\n]\n[[nnframe]]\nx=y\n" * 3)


DAMAGES = [
    no_metadata, no_name, empty_metadata, latin_1_metadata, latin_1_entry_points, cut_entry_points,
    unreadable_entry_points, binary_entry_points, shutil.rmtree,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_distribution_hurts_no_other(install, fresh, damage):
    damage(install("dist-a", ["first"], good("first")))
    install("dist-b", ["fine"], good("fine"))
    found = fresh()
    assert found.get("activation", "fine").name == "fine"
    assert "fine" in found.names("activation")
    assert [row.state for row in rows_of(found, "dist-b")] == ["ok"]
    with pytest.raises(UnknownNameError):
        found.get("activation", "unheard_of")


@pytest.mark.parametrize("damage", [no_metadata, no_name, empty_metadata, latin_1_metadata, latin_1_entry_points])
def test_what_can_be_used_of_a_damaged_distribution_is_used(install, fresh, damage):
    damage(install("dist-a", ["first"], good("first")))
    found = fresh()
    provider = found.provider_of(found.get("activation", "first"))
    assert (provider.matches("dist-a"), provider.version) == (True, "1.2")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (no_metadata, "its metadata"),
        (no_name, "its metadata have no Name"),
        (latin_1_metadata, "its metadata can't be read (UnicodeDecodeError"),
        (cut_entry_points, "entry_points.txt has the line 'second'; expected name = module"),
        (unreadable_entry_points, "entry_points.txt can't be read: OSError"),
    ],
)
def test_the_overview_tells_of_the_damage(install, fresh, damage, told):
    damage(install("dist-a", ["first"], good("first")))
    rows = [row for row in fresh().overview() if row.is_from("dist-a")]
    assert any(told in row.detail for row in rows), rows


def test_what_pip_left_half_removed_never_wins(install, fresh):
    install("dist-a", ["first"], "raise ImportError('stale')", folder="~ist_a-1.1.dist-info")
    with pytest.raises(UnknownNameError):
        fresh().get("activation", "first")


def test_of_two_versions_the_first_on_the_path_counts(install, fresh, tmp_path, monkeypatch):
    install("dist-a", ["first"], good("first"))
    later = tmp_path / "later" / "dist_a-0.9.dist-info"
    shutil.copytree(tmp_path / "dist_a-1.2.dist-info", later)
    monkeypatch.setattr(sys, "path", [*sys.path, str(later.parent)])
    assert [row.version for row in rows_of(fresh(), "dist-a")] == ["1.2"]


# Imports that fail


def test_an_import_may_fail_in_any_way_and_is_blamed(install, fresh):
    install("dist-a", ["panics"], "class PanicException(BaseException): pass\nraise PanicException('rust')")
    found = fresh()
    with pytest.raises(PluginError, match=r"dist-a 1.2: importing dist_a raised PanicException: rust; upgrade or"):
        found.get("activation", "panics")
    assert "relu" in found.names("activation")
    assert [row.state for row in rows_of(found, "dist-a")] == ["broken"]
    with pytest.raises(UnknownNameError):
        found.get("activation", "unheard_of")


def failing_until(flag, raising):
    """Return the start of a module that fails until a file exists."""
    return f"import os\nif not os.path.exists({str(flag)!r}): raise {raising}\n"


@pytest.mark.parametrize("error", NOT_THE_PLUGINS)
def test_an_interrupt_or_a_shortage_of_memory_is_nobodys_fault(install, fresh, error, tmp_path):
    flag = tmp_path / "flag"
    install("dist-a", ["first"], failing_until(flag, error.__name__) + good("first"))
    found = fresh()
    with pytest.raises(error):
        found.get("activation", "first")
    flag.touch()
    assert found.get("activation", "first").name == "first"


def test_an_import_that_failed_is_tried_again(install, fresh, tmp_path):
    flag = tmp_path / "flag"
    install("dist-a", ["first"], failing_until(flag, "OSError('too many open files')") + good("first"))
    found = fresh()
    for _ in range(2):
        with pytest.raises(PluginError, match="too many open files"):
            found.get("activation", "first")
    flag.touch()
    assert found.get("activation", "first").name == "first"
    assert [row.state for row in rows_of(found, "dist-a")] == ["ok"]


def test_a_search_imports_a_broken_plugin_once(install, fresh, tmp_path):
    log = tmp_path / "log"
    install("dist-a", ["first"], f"with open({str(log)!r}, 'a') as file: file.write('x')\nraise ImportError('no')")
    with pytest.raises(PluginError):
        fresh().get("activation", "first")
    assert log.read_text() == "x"


def test_a_missing_module_is_to_be_installed_and_not_the_plugin_uninstalled(install, fresh):
    install("dist-a", ["first"], "import not_there.at_all")
    with pytest.raises(PluginError) as caught:
        fresh().get("activation", "first")
    assert str(caught.value) == (
        "dist-a 1.2: importing dist_a raised ModuleNotFoundError: No module named 'not_there'; install not_there, or "
        "all that dist-a requires: pip install --force-reinstall dist-a"
    )


def test_a_plugin_that_says_what_it_misses_is_quoted(install, fresh):
    source = "import nnframe\nraise nnframe.MissingDependencyError('swish needs scipy: pip install scipy')"
    install("dist-a", ["first"], source)
    with pytest.raises(MissingDependencyError, match=r"^dist-a 1\.2: swish needs scipy: pip install scipy$"):
        fresh().get("activation", "first")


def test_an_unknown_name_does_not_recite_why_others_are_broken(install, fresh):
    install("dist-a", ["first"], "raise ImportError('a very long reason')")
    with pytest.raises(UnknownNameError) as caught:
        fresh().get("activation", "unheard_of")
    assert "Plugins that can't be loaded may have it: dist-a; nnframe plugins says why" in str(caught.value)
    assert "a very long reason" not in str(caught.value)


def test_a_disabled_plugin_is_to_be_enabled_and_not_installed(install, fresh, monkeypatch):
    install("dist-a", ["first"], good("first"))
    monkeypatch.setenv("NNFRAME_DISABLE_PLUGINS", "dist-a")
    with pytest.raises(UnknownNameError) as caught:
        fresh().get("activation", "first")
    assert str(caught.value) == (
        "There is no activation 'first'; dist-a 1.2 has it, but NNFRAME_DISABLE_PLUGINS leaves that out: change the "
        "variable"
    )


# Imports that ask the registry


ASKING = """\
from nnframe import registry
from nnframe.errors import NNFrameError
for ask in (
    lambda: registry.FRESH.names("activation"), lambda: registry.FRESH.overview(),
    lambda: registry.FRESH.get("activation", "unheard_of"), lambda: registry.FRESH.get("activation", "first"),
    lambda: registry.FRESH.get("activation", "other"),
):
    try:
        ask()
    except NNFrameError as error:
        print(error)
"""


@pytest.mark.parametrize("begin", ["names", "get", "overview", "import"])
def test_a_plugin_may_ask_the_registry_while_it_is_imported(install, fresh, monkeypatch, begin):
    install("dist-a", ["first"], ASKING + good("first"))
    install("dist-b", ["other"], good("other"))
    found = fresh()
    monkeypatch.setattr("nnframe.registry.FRESH", found, raising=False)
    {
        "names": lambda: found.names("activation"),
        "get": lambda: found.get("activation", "first"),
        "overview": found.overview,
        "import": lambda: __import__("dist_a"),
    }[begin]()
    assert found.get("activation", "first").name == "first"
    assert {row.state for row in found.overview() if row.provider in ("dist-a", "dist-b")} == {"ok"}


def test_two_plugins_that_ask_for_each_other_from_two_threads_are_both_found(install, fresh, monkeypatch):
    for mine, other in (("dist-a", "second"), ("dist-b", "first")):
        asking = f"import time\ntime.sleep(0.05)\nfrom nnframe import registry\nregistry.FRESH.find(T, {other!r})\n"
        install(mine, [{"dist-a": "first", "dist-b": "second"}[mine]], "from nnframe import Activation as T\n" + asking
                + good({"dist-a": "first", "dist-b": "second"}[mine]))  # fmt: skip
    found = fresh()
    monkeypatch.setattr("nnframe.registry.FRESH", found, raising=False)
    threads = [threading.Thread(target=found.names, args=("activation",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert {"first", "second"} <= set(found.names("activation"))


# Imports that change the process


INTERFERING = """\
import locale, random, warnings
import numpy as np
np.seterr(all="raise")
warnings.simplefilter("ignore")
random.seed(0)
np.random.seed(0)
locale.setlocale(locale.LC_ALL, "C.UTF-8")
"""


def test_an_import_leaves_the_process_as_it_was(install, fresh, monkeypatch):
    # A progress bar of another test may have left a thread.
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    install("dist-a", ["first"], INTERFERING + good("first"))
    place = locale.setlocale(locale.LC_ALL)
    state, numpy_state = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    filters, errors = warnings.filters[:], np.geterr()
    assert fresh().get("activation", "first").name == "first"
    assert locale.setlocale(locale.LC_ALL) == place
    assert random.getstate() == state
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002
    assert (warnings.filters, np.geterr()) == (filters, errors)


def test_random_numbers_that_another_thread_draws_meanwhile_do_not_come_again(install, fresh):
    install("dist-a", ["first"], "import time\ntime.sleep(0.2)\n" + good("first"))
    drawn, stop = [], threading.Event()

    def draw():
        while not stop.is_set():
            drawn.append(random.random())
            time.sleep(0.01)

    thread = threading.Thread(target=draw)
    thread.start()
    fresh().get("activation", "first")
    stop.wait(0.1)
    stop.set()
    thread.join()
    assert len(set(drawn)) == len(drawn) > 10


# Installations while Python runs


def test_what_is_installed_meanwhile_is_found(install, fresh):
    found = fresh()
    with pytest.raises(UnknownNameError):
        found.get("activation", "first")
    install("dist-a", ["first"], good("first"))
    assert found.get("activation", "first").name == "first"
    install("dist-b", ["second"], good("third"))
    assert "third" in found.names("activation")


def test_what_is_removed_meanwhile_is_unknown(install, fresh):
    folder = install("dist-a", ["first"], good("first"))
    found = fresh()
    assert found.get("activation", "first").name == "first"
    shutil.rmtree(folder)
    assert "first" not in found.names("activation")


# The version of the plugin API


@pytest.mark.parametrize(
    "requirement",
    ["nnframe>=99.1", "NNFrame (>=99.1)", "nnframe[plot]>=99.1,<100", "nnframe ~= 99.1 ; python_version >= '3'",
     "nnframe==99.1"],
)  # fmt: skip
def test_a_distribution_that_needs_a_newer_nnframe_is_refused_before_it_is_imported(install, fresh, requirement):
    install("dist-a", ["first"], "raise SystemExit('imported')", requires=["numpy", requirement])
    found = fresh()
    with pytest.raises(PluginError) as caught:
        found.get("activation", "first")
    assert str(caught.value) == (
        f"dist-a 1.2 needs nnframe 99.1 or newer, and this is nnframe {__version__} (plugin API {API_VERSION}): "
        f"pip install --upgrade nnframe, or install an older dist-a"
    )
    assert "needs nnframe 99.1" in rows_of(found, "dist-a")[0].detail


@pytest.mark.parametrize(
    "requirement",
    ["nnframe", "nnframe>=0.0.1", "nnframe>=" + __version__, "nnframe<99", "nnframe!=99.1", "nnframe-zoo>=99.1",
     "nnframe>=99.1; extra == 'test'", "numpy>=2"],
)  # fmt: skip
def test_any_other_requirement_admits_the_plugin(install, fresh, requirement):
    install("dist-a", ["first"], good("first"), requires=[requirement])
    assert fresh().get("activation", "first").name == "first"


def test_this_release_has_the_api_that_it_says():
    release, this = ([int(part) for part in version.split(".")] for version in (API_RELEASES[API_VERSION], __version__))
    assert release <= this


def test_every_error_of_an_installed_plugin_is_one_of_nnframes(install, fresh):
    install("dist-a", ["first"], "from nnframe import hookimpl\n@hookimpl\ndef nnframe_activations(x): return []")
    with pytest.raises(NNFrameError, match=r"can't be registered: PluginValidationError.*Argument\(s\) \{'x'\}"):
        fresh().get("activation", "first")


def test_a_warning_that_the_filter_makes_an_error_is_not_the_plugins_fault(install, fresh):
    install("dist-a", ["first"], "import warnings\nwarnings.warn('old', DeprecationWarning)\n" + good("first"))
    found = fresh()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PluginError, match=r"raised DeprecationWarning: old, which the warnings filter") as caught:
            found.get("activation", "first")
        assert "uninstall" not in str(caught.value)
    with pytest.warns(DeprecationWarning, match="old"):
        assert found.get("activation", "first").name == "first"


def test_the_kit_warns_of_an_entry_point_named_after_nothing_that_it_provides(install, fresh, monkeypatch):
    install("dist-a", ["frist"], good("first"))
    install("dist-b", ["second"], good("second"))
    found = fresh()
    first, second = found.get("activation", "first"), found.get("activation", "second")
    monkeypatch.setattr("nnframe.registry.claims_of", found.claims_of)
    assert (found.claims_of(first), found.claims_of(second)) == (["frist"], ["second"])
    its_entry_point_has_its_name(second)
    with pytest.raises(CheckWarning, match=r"are named 'frist', after nothing that they provide; expected one named"):
        its_entry_point_has_its_name(first)

"""The list of installed distributions is that of importlib.metadata, without its import."""

import importlib.metadata
import sys
import zipfile
from pathlib import Path

import pytest

from nnframe.registry import scan
from nnframe.registry.entry_point import EntryPoint

ENTRY_POINTS = """\
[console_scripts]
tool = somewhere:main

[nnframe]
one = pack.module
two = pack.module:Class.method [extra]
"""


def as_importlib_has_it():
    found = {}
    for distribution in importlib.metadata.distributions():
        name = scan.normalized(distribution.metadata["Name"] or "")
        if name not in found:
            points = distribution.entry_points.select(group="nnframe")
            found[name] = sorted((point.name, point.value) for point in points)
    return {name: points for name, points in found.items() if points}


def as_scanned():
    found = {}
    for plugin in scan.scan_entry_points():
        found.setdefault(scan.normalized(plugin.provider.name), []).append(tuple(plugin.entry_point))
    return {name: sorted(points) for name, points in found.items()}


def install(folder, name, version="1.0", suffix=".dist-info", text=ENTRY_POINTS):
    metadata = Path(folder) / f"{name}-{version}{suffix}"
    metadata.mkdir(parents=True)
    file = "METADATA" if suffix == ".dist-info" else "PKG-INFO"
    (metadata / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if text is not None:
        (metadata / "entry_points.txt").write_text(text)


def test_everything_in_this_environment_is_found():
    assert as_scanned() == as_importlib_has_it()


def test_folders_of_all_kinds_are_read_in_the_order_of_the_path(tmp_path, monkeypatch):
    install(tmp_path / "first", "Some_Name", "1.0")
    install(tmp_path / "first", "egg_info", suffix=".egg-info", text="[nnframe]\negg = pack.egg\n")
    install(tmp_path / "first", "without", text=None)
    install(tmp_path / "second", "some.name", "2.0", text="[nnframe]\nolder = pack.older\n")
    install(tmp_path / "second", "another", text="[nnframe]\nmore = pack.more\n")
    (tmp_path / "second" / "file-1.0.egg-info").write_text("Metadata-Version: 1.0\nName: file\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / each) for each in ("first", "missing", "second")])
    expected = as_importlib_has_it()
    assert {"some-name", "egg-info", "another"} == set(expected)
    assert as_scanned() == expected


@pytest.mark.parametrize("kind", ["zip", "egg", "importer"])
def test_distributions_that_are_not_in_folders_are_found_too(kind, tmp_path, monkeypatch):
    install(tmp_path / "inside", "inside")
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as file:
            for each in (tmp_path / "inside").rglob("*.*"):
                file.write(each, each.relative_to(tmp_path / "inside"))
        monkeypatch.setattr(sys, "path", [str(tmp_path / "all.zip"), *sys.path])
    elif kind == "egg":
        egg = tmp_path / "inside-1.0-py3.11.egg"
        (tmp_path / "inside" / "inside-1.0.dist-info").rename(tmp_path / "inside" / "EGG-INFO")
        (tmp_path / "inside").rename(egg)
        (egg / "EGG-INFO" / "METADATA").rename(egg / "EGG-INFO" / "PKG-INFO")
        monkeypatch.setattr(sys, "path", [str(egg), *sys.path])
    else:

        class Importer(importlib.metadata.DistributionFinder):
            def find_spec(self, *arguments):
                return None

            def find_distributions(self, context=None):
                yield importlib.metadata.Distribution.at(tmp_path / "inside" / "inside-1.0.dist-info")

        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Importer()])
    assert as_scanned()["inside"] == [("one", "pack.module"), ("two", "pack.module:Class.method [extra]")]


@pytest.mark.parametrize("value", ["json", "json:dumps", "json.decoder : JSONDecoder.decode", "json:dumps [extra, b]"])
def test_an_entry_point_loads_what_importlib_loads(value):
    theirs = importlib.metadata.EntryPoint("name", value, "nnframe")
    mine = EntryPoint("name", value)
    assert mine.module == theirs.module
    assert mine.load() == theirs.load()

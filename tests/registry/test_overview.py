"""The table of all that the registry knows of."""

import numpy as np
import pytest

from nnframe import Activation, UnknownNameError

from .conftest import MODULE


def rows_of(found, *distributions):
    return [tuple(row) for row in found.overview() if row.provider in distributions]


def test_built_ins_are_ok(fresh):
    rows = fresh().overview()
    assert {(row.kind, row.name) for row in rows if row.provider == "nnframe" and row.state == "ok"} == {
        ("activation", "relu"), ("activation", "sigmoid"), ("activation", "softmax"), ("activation", "tanh"),
        ("loss", "cel"), ("loss", "mse"), ("loss", "bce"), ("engine", "numpy"), ("engine", "reference"),
        *(("optimizer", name) for name in ("sgd", "rmsprop", "adagrad", "adam", "adamw", "nadam", "lbfgs")),
        *(("schedule", name) for name in ("constant", "step", "exponential", "cosine", "warm_up", "one_cycle")),
        *(("metric", name) for name in ("accuracy", "top_k", "f1", "mae", "r2")),
        ("callback", "progress"), ("callback", "early_stopping"), ("callback", "reduce_on_plateau"),
        *(("command", name) for name in ("train", "info", "plugins", "new-plugin")),
        *(("reader", name) for name in ("digits", "npy", "npz")),
        ("format", "nnf"), ("format", "safetensors"),
    }  # fmt: skip


def test_an_object_behind_several_entry_points_has_one_row(install, fresh):
    install("dist-a", ["one", "two"], MODULE.format(names=["one", "two"]))
    assert rows_of(fresh(), "dist-a") == [
        ("activation", "one", "dist-a", "1.2", "ok", ""),
        ("activation", "two", "dist-a", "1.2", "ok", ""),
    ]


def test_a_conflict_names_the_other_side(install, fresh):
    install("dist-b", ["same"], MODULE.format(names=["same"]))
    install("dist-c", ["same"], MODULE.format(names=["same"]))
    assert rows_of(fresh(), "dist-b", "dist-c") == [
        ("activation", "same", "dist-b", "1.2", "conflict", "with dist-c 1.2"),
        ("activation", "same", "dist-c", "1.2", "conflict", "with dist-b 1.2"),
    ]


def test_a_claim_shadows_a_name_that_is_only_listed(install, fresh):
    install("dist-d", ["claimed"], MODULE.format(names=["claimed"]))
    install("dist-e", ["other"], MODULE.format(names=["claimed"]))
    assert rows_of(fresh(), "dist-d", "dist-e") == [
        ("activation", "claimed", "dist-d", "1.2", "ok", ""),
        ("activation", "claimed", "dist-e", "1.2", "shadowed", "by dist-d 1.2"),
    ]


def test_what_is_registered_in_code_shadows_what_is_installed(install, fresh):
    install("dist-f", ["mine"], MODULE.format(names=["mine"]))
    found = fresh()
    with found.temporarily(Activation("mine", np.tanh), name="notebook"):
        assert rows_of(found, "dist-f", "notebook") == [
            ("activation", "mine", "notebook", None, "ok", ""),
            ("activation", "mine", "dist-f", "1.2", "shadowed", "by notebook (registered in code)"),
        ]


def test_a_built_in_shadows_its_namesake(install, fresh):
    install("dist-g", ["relu"], MODULE.format(names=["relu"]))
    found = fresh()
    [row] = rows_of(found, "dist-g")
    assert row[:2] + row[4:5] == ("activation", "relu", "shadowed")
    assert found.get("activation", "dist-g/relu").forward is np.tanh


def test_broken_plugins_come_last_with_the_reason(install, fresh):
    install("dist-h", ["broken"], "import nowhere_to_be_found")
    rows = fresh().overview()
    assert [row.state for row in rows].index("broken") == len(rows) - sum(row.state == "broken" for row in rows)
    [row] = [row for row in rows if row.provider == "dist-h"]
    assert row[:5] == (None, "broken", "dist-h", "1.2", "broken")
    assert "No module named 'nowhere_to_be_found'" in row.detail


def test_a_distributions_name_where_a_plugins_is_wanted_is_told_apart(install, fresh):
    install("dist-j", ["inside"], MODULE.format(names=["inside"]))
    with pytest.raises(UnknownNameError, match=r"There is no plugin 'dist_j'\. It is a distribution"):
        fresh().get_all_kinds("Dist_J")


def test_disabled_plugins_are_listed_and_not_imported(install, fresh, monkeypatch):
    install("dist-i", ["off"], "raise SystemExit('imported')")
    monkeypatch.setenv("NNFRAME_DISABLE_PLUGINS", "other, Dist_I")
    assert rows_of(fresh(), "dist-i") == [
        (None, "off", "dist-i", "1.2", "disabled", "by NNFRAME_DISABLE_PLUGINS"),
    ]

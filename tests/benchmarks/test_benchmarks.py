"""The benchmarks compare what they say and write where they should. Speed itself is not tested."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


def test_a_quick_comparison_prints_a_ratio_for_every_contender_that_is_installed():
    readme = (BENCHMARKS.parents[1] / "README.md").read_bytes()
    command = [sys.executable, BENCHMARKS / "compare.py", "--rounds", "1", "--seconds", "0.001"]
    command += ["--rows", "2-16-1, batch 1", "2-16-1, online, adam", "64-32-10, 1 at a time"]
    command += ["--against", "beginner"]
    command += ["--only", "numpy", "reference", "beginner", "scikit-learn", "products"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {row: ratios_of(row, done.stdout) for row in command[7:10]} == {
        "2-16-1, batch 1": 4,
        "2-16-1, online, adam": 2,
        "64-32-10, 1 at a time": 3,
    }
    assert "excluded" not in done.stdout
    assert "matrix products can't be checked against the others: it learns nothing" in done.stdout
    assert (BENCHMARKS.parents[1] / "README.md").read_bytes() == readme


def ratios_of(row, text):
    """Return how many contenders have a ratio in a row's line."""
    (line,) = re.findall(rf"^\| {row} \|.*\|$", text, flags=re.M)
    return len(re.findall(r"\*\*[\d.]+\*\* \([\d.]+ to [\d.]+\)", line))


def test_rows_share_the_time_that_is_left(monkeypatch):
    from comparison import rounds
    from comparison.rows import ROWS

    clock = [0.0]
    shares = []

    def row(row, workers, count, seconds, most_seconds, share, say):
        shares.append(share)
        # The first takes longer than its share, the second no time.
        clock[0] += [20.0, 0.0, 5.0][len(shares) - 1]

    monkeypatch.setattr(rounds, "_measure_row", row)
    monkeypatch.setattr(rounds.time, "perf_counter", lambda: clock[0])
    rounds.measure(ROWS[:3], [], 5, 0.1, 30.0, print, all_seconds=30.0)
    assert shares == [10.0, 5.0, 10.0]


def test_the_quick_rows_exist_and_are_of_every_kind():
    from compare import QUICK_ROWS
    from comparison.rows import ROWS
    from comparison.table import HEADINGS

    assert {row.kind for row in ROWS if row.name in QUICK_ROWS} == set(HEADINGS)


def test_every_row_has_a_name_of_its_own():
    from comparison.rows import ROWS

    assert len({row.name for row in ROWS}) == len(ROWS)


def test_the_machine_is_described_with_the_kernel_of_its_blas(monkeypatch):
    from comparison.machine import machine

    threadpoolctl = pytest.importorskip("threadpoolctl")
    found = [
        {"user_api": "openmp", "internal_api": "gomp", "version": None},
        {"user_api": "blas", "internal_api": "openblas", "version": "0.3", "architecture": "Zen"},
        {"user_api": "blas", "internal_api": "mkl", "version": "2025"},
    ]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: found)
    assert machine().endswith(f", numpy {np.__version__}, openblas 0.3 with the kernel for Zen, mkl 2025")


def test_a_contender_with_different_results_is_excluded_and_reported():
    from comparison.problem import Problem
    from comparison.rounds import those_that_agree
    from comparison.rows import ROWS

    class Fake:
        def __init__(self, factor):
            self.factor = factor

        def why_not(self, row):
            return None

        def incomparable(self):
            return None

        def first_pass(self, row):
            return [(W + self.factor, b - self.factor) for W, b in Problem.of_row(row, 1).weights]

    remarks, disagreements = [], []
    workers = {"first": Fake(1e-3), "same": Fake(1.001e-3), "other": Fake(1.05e-3)}
    ready = those_that_agree(ROWS[0], workers, remarks, disagreements)
    assert list(ready) == ["first", "same"]
    assert remarks == []
    (sentence,) = disagreements
    assert "other is excluded" in sentence
    assert "its weights end 0.05 away from those of first" in sentence


class WithAdam:
    """A contender whose weights move by 0.001, in opposite directions for the first few."""

    def __init__(self, opposite, dtype):
        self.opposite, self.dtype = opposite, dtype
        self.rows = []

    def why_not(self, row):
        return None

    def incomparable(self):
        return None

    def first_pass(self, row):
        from comparison.problem import Problem

        self.rows.append(row)
        weights = [(W + 1e-3, b + 1e-3) for W, b in Problem.of_row(row, 1).weights]
        if row.dtype == self.dtype:
            weights[0][0].ravel()[: self.opposite] -= 2e-3
        return weights


@pytest.mark.parametrize(
    ("opposite", "dtype", "agrees"), [(9, "float32", True), (20_000, "float32", False), (1, "float64", False)]
)
def test_with_adam_float32_weights_may_step_in_opposite_directions_if_outputs_agree(opposite, dtype, agrees):
    from comparison.rounds import those_that_agree
    from comparison.rows import ROWS

    (row,) = (row for row in ROWS if row.name == "784-256-128-10, batch 128, adam")
    disagreements = []
    other = WithAdam(opposite, dtype)
    ready = those_that_agree(row, {"first": WithAdam(0, dtype), "other": other}, [], disagreements)
    assert ("other" in ready) == agrees
    assert len(disagreements) == (not agrees)
    # The last is what is measured.
    assert other.rows[-1] == row


def test_a_contender_that_fails_is_excluded_with_the_reason():
    from comparison.rounds import those_that_agree
    from comparison.rows import ROWS
    from comparison.worker import ContenderError

    class Broken:
        def why_not(self, row):
            raise ContenderError("Traceback:\n  somewhere\nImportError: no such thing")

    remarks = []
    assert those_that_agree(ROWS[0], {"broken": Broken()}, remarks, []) == {}
    assert remarks == ["broken is excluded: ImportError: no such thing"]


def test_the_goals_are_for_rows_and_contenders_that_exist():
    from comparison.contenders import CONTENDERS
    from comparison.goals import GOALS
    from comparison.rows import ROWS

    names = {contender.name for contender in CONTENDERS}
    assert {name for goal in GOALS for name in (goal.row, goal.other_row) if name} <= {row.name for row in ROWS}
    assert {goal.contender for goal in GOALS} | {goal.other for goal in GOALS} <= names


def test_ratios_are_taken_round_by_round():
    from comparison.rounds import Result
    from comparison.rows import ROWS

    # The machine is half as fast in every second round, and a stays twice as fast as b.
    result = Result(ROWS[0], {"a": [20.0, 10.0, 20.0, 10.0], "b": [10.0, 5.0, 10.0, 5.0]}, [], [])
    assert result.ratio("a", "b") == (2, 2, 2)
    assert result.ratio("a", "c") is None


def test_a_goal_may_compare_two_rows():
    from comparison.goals import Goal
    from comparison.rounds import Result
    from comparison.rows import ROWS

    first, second = Result(ROWS[0], {"a": [10.0]}, [], []), Result(ROWS[1], {"a": [20.0]}, [], [])
    goal = Goal(ROWS[0].name, "a", "a", 0.4, other_row=ROWS[1].name)
    assert goal.line([first, second]).startswith(f"reached  {ROWS[0].name}: a 0.50")
    assert goal.line([first]) is None


def test_each_kind_of_row_has_a_table_with_the_contenders_that_took_part():
    from comparison.rounds import Result
    from comparison.rows import ROWS
    from comparison.table import results_tables

    training = Result(ROWS[0], {"a": [1.0], "b": [2.0]}, [], [])
    answers = Result(ROWS[-1], {"a": [1.0], "c": [3.0]}, [], [])
    first, second = results_tables([training, answers], ["a", "b", "c"], "a").split("**Answers")
    assert "| net, a = 1 | a, samples/s | b |" in first
    assert "| net, a = 1 | a, samples/s | c |" in second


def test_the_tables_go_between_the_markers_and_nothing_else_changes(tmp_path):
    from comparison.table import BEGIN, END, write_between_markers

    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between_markers(path, "new")
    assert path.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    path.write_text("nothing")
    with pytest.raises(ValueError, match="has no line <!-- begin"):
        write_between_markers(path, "new")
    assert path.read_text() == "nothing"


def test_the_readme_has_the_markers():
    from comparison.table import BEGIN, END

    readme = (BENCHMARKS.parents[1] / "README.md").read_text(encoding="utf-8")
    assert readme.index(BEGIN) < readme.index(END)


def test_the_picture_shows_the_contenders_that_took_part(tmp_path):
    from comparison.picture import STYLES, draw
    from comparison.rounds import Result
    from comparison.rows import ROWS

    rates = {name: list(np.geomspace(10, 20, 5)) for name in STYLES}
    draw([Result(ROWS[0], rates, [], []), Result(ROWS[1], {"torch": [1.0]}, [], [])], tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_every_contender_has_a_style_in_the_picture():
    from comparison.contenders import CONTENDERS
    from comparison.picture import STYLES

    assert [contender.name for contender in CONTENDERS] == list(STYLES)

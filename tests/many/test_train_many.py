"""Many nets on executors of all kinds: the same nets, failures by name, the best first."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from nnframe import ArgumentError, ArgumentTypeError, Job, NNFrameError, denseLayer, nNet, pairs, train_many
from nnframe.blas.threads import blas_library, is_set_by_user
from nnframe.callbacks import EarlyStopping
from nnframe.many.references import FEW_BYTES, MappedArray, References, mapped_array

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _jobs_can_be_imported(monkeypatch, tmp_path):
    # Workers get both through the environment.
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    monkeypatch.setenv("JOBS_FOLDER", str(tmp_path))
    monkeypatch.delitem(sys.modules, "jobs_of_tests", raising=False)


def line_job(seed, n=2, **settings):
    x = np.linspace(-1, 1, 12).reshape(-1, 1)
    settings = {"learning_rate": 0.1, "seed": seed, **settings}
    return Job(lambda: nNet.from_sizes([1, 3, 1], seed=seed), n, pairs(x, x**2), "mse", **settings)


EXECUTORS = {
    "threads": "from concurrent.futures import ThreadPoolExecutor\nexecutor = ThreadPoolExecutor(2)",
    "spawned": """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        executor = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    """,
    "forked": """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        executor = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"))
    """,
    "loky": "from joblib.externals.loky import get_reusable_executor\nexecutor = get_reusable_executor(2)",
    "dask": """
        from distributed import Client, LocalCluster
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        client = Client(cluster)
        executor = client.get_executor()
        CLOSE = lambda: (client.close(), cluster.close())
    """,
    "mpi": "from mpi4py.futures import MPIPoolExecutor\nexecutor = MPIPoolExecutor()",
}
NEEDS = {"loky": "joblib", "dask": "distributed", "mpi": "mpi4py"}
SCRIPT = """
import json
from jobs_of_tests import jobs, weights
from nnframe import train_many

if __name__ == "__main__":
    CLOSE = lambda: executor.shutdown()
    EXECUTOR
    results = train_many(jobs(), executor)
    CLOSE()
    print(json.dumps([*weights(results), str(results[-1].error), results[-1].traceback[-40:]]))
"""


@pytest.mark.parametrize("kind", EXECUTORS)
def test_nets_have_the_same_bits_on_every_executor(kind, tmp_path):
    if kind in NEEDS and find_spec(NEEDS[kind]) is None:
        pytest.skip(f"{NEEDS[kind]} is not installed")
    command = [sys.executable]
    if kind == "mpi":
        launcher = which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        works = subprocess.run([sys.executable, "-c", "from mpi4py import MPI"], capture_output=True, check=False)
        if launcher is None or works.returncode:
            pytest.skip("there is no MPI")
        command = [launcher, "-n", "3", sys.executable, "-m", "mpi4py.futures"]
    script = tmp_path / "script.py"
    lines = textwrap.dedent(EXECUTORS[kind]).strip().replace("\n", "\n    ")
    script.write_text(SCRIPT.replace("EXECUTOR", lines))
    done = subprocess.run([*command, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    names, nets, error, traceback = json.loads(done.stdout)
    from jobs_of_tests import jobs, weights

    here = train_many(jobs())
    assert [names, nets] == [*weights(here)]
    assert (names[-1], error) == ("the broken one", "no net today")
    assert "ValueError: no net today" in traceback
    # Loaded once by each worker, once here for all four, and not at all for the net that could not be made.
    loaded = (tmp_path / "loaded").read_text().split()
    assert len(loaded) == len(set(loaded)) <= 4


def test_the_best_come_first_and_failures_last():
    results = train_many([line_job(0, n=0), Job(lambda: 1 / 0, 1, [], "mse", 0.1), line_job(0, n=50), line_job(0, n=5)])
    assert [result.name for result in results] == ["job 3", "job 4", "job 1", "job 2"]
    losses = [result.scores["loss"] for result in results[:3]]
    assert losses == sorted(losses)
    assert results[0].scores == results[0].net.evaluate(results[0].job.data, "mse")
    with pytest.raises(NNFrameError, match="job 2 failed: ZeroDivisionError: division by zero") as caught:
        _ = results[-1].net
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_metric_can_say_which_is_best():
    jobs = [line_job(seed, n=n, metrics=["r2", "mae"]) for seed, n in ((0, 0), (0, 50), (1, 5))]
    best = train_many(jobs, score="r2")
    assert [each.scores["r2"] for each in best] == sorted((each.scores["r2"] for each in best), reverse=True)
    best = train_many(jobs, score="mae")
    assert [each.scores["mae"] for each in best] == sorted(each.scores["mae"] for each in best)


def test_scores_are_those_of_the_finished_net_on_what_was_held_out():
    x = np.linspace(-1, 1, 40).reshape(-1, 1)
    job = Job(lambda: nNet.from_sizes([1, 3, 1]), 5, pairs(x, x**2), "mse", 0.1, validation=0.25, seed=7)
    (result,) = train_many([job])
    assert result.scores["loss"] == pytest.approx(result.history.validation_loss[-1], rel=1e-12)
    other = pairs(x + 2, x)
    job = Job(lambda: nNet.from_sizes([1, 3, 1]), 5, pairs(x, x**2), "mse", 0.1, validation=lambda: other)
    (result,) = train_many([job])
    assert result.scores["loss"] == pytest.approx(result.net.evaluate(other, "mse")["loss"], rel=1e-12)


def test_a_net_that_is_given_is_copied():
    net = nNet([denseLayer([[1.0]])])
    x = np.ones((4, 1))
    (result,) = train_many([Job(net, 1, pairs(x, 0 * x), "mse", 0.1)])
    assert net.layersList[0].linear.item() == 1.0
    assert result.net.layersList[0].linear.item() < 1.0


def test_a_killed_worker_fails_by_name_and_nothing_is_lost():
    from jobs_of_tests import data, killed, make

    jobs = [Job(make(0), 1, data, "mse", 0.1, name="good"), Job(killed, 1, data, "mse", 0.1, name="bad")]
    with ProcessPoolExecutor(1) as executor:
        results = train_many(jobs, executor)
    by_name = {result.name: result for result in results}
    assert by_name.keys() == {"good", "bad"}
    assert "BrokenProcessPool" in type(by_name["bad"].error).__name__
    # An executor that is broken takes no more jobs, and that is said for each.
    with ProcessPoolExecutor(1) as executor:
        train_many(jobs[1:], executor)
        assert [type(each.error).__name__ for each in train_many(jobs, executor)] == ["BrokenProcessPool"] * 2


def test_a_job_that_can_not_be_sent_fails_by_name():
    with ProcessPoolExecutor(1) as executor:
        (result,) = train_many([line_job(0)], executor)
    assert result.name == "job 1"
    assert "pickle" in str(result.error)


def test_progress_is_told_of_each_job_and_may_fail(capsys):
    seen = []
    train_many([line_job(0), line_job(1)], progress=lambda *arguments: seen.append(arguments))
    assert [(result.name, done, total) for result, done, total in seen] == [("job 1", 1, 2), ("job 2", 2, 2)]
    with pytest.warns(UserWarning, match="progress raised ZeroDivisionError.*the jobs go on"):
        assert len(train_many([line_job(0)], progress=lambda *_: 1 / 0)) == 1
    train_many([line_job(0), Job(lambda: 1 / 0, 1, [], "mse", 0.1)], progress=True)
    one, two = capsys.readouterr().err.splitlines()
    assert one.startswith("1/2 job 1: loss 0.")
    assert two.startswith("2/2 job 2: failed: ZeroDivisionError: division by zero")


def test_an_interrupt_starts_no_further_job():
    started = []

    def slow(seed):
        started.append(seed)
        time.sleep(0.2)
        return nNet.from_sizes([1, 1])

    def interrupt(*_):
        raise KeyboardInterrupt

    jobs = [Job(lambda seed=seed: slow(seed), 1, [([[0]], [[0]])], "mse", 0.1) for seed in range(20)]
    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        train_many(jobs, executor, progress=interrupt)
    assert len(started) < 4


INTERRUPTED = """
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from nnframe import Job, nNet, train_many

if __name__ == "__main__":
    make = partial(nNet.from_sizes, [1, 1])
    jobs = [Job(make, 10**9, [([[1]], [[1]])] * 100, "mse", 0.01) for _ in range(6)]
    with ProcessPoolExecutor(2) as executor:
        for future in [executor.submit(int) for _ in range(2)]:
            future.result()
        print("go", flush=True)
        try:
            train_many(jobs, executor)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C to a group of processes")
def test_ctrl_c_ends_a_pool_at_once_with_the_jobs_that_it_has_prefetched(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    # A shell's background job ignores interrupts, and so would these.
    listening = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=listening,
    )
    try:
        assert process.stdout.readline() == "go\n"
        time.sleep(2)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert out == "interrupted\n"


def test_callbacks_are_copied_for_each_job():
    stopping = EarlyStopping(patience=3)
    jobs = [line_job(seed, n=5, callbacks=[stopping]) for seed in range(2)]
    with ThreadPoolExecutor(2) as executor:
        train_many(jobs, executor)
    assert stopping.best is None


@pytest.mark.skipif(is_set_by_user() or blas_library() is None, reason="the number of threads can't be set here")
@pytest.mark.parametrize("threads", [1, 2, None])
def test_blas_has_so_many_threads_in_a_job_and_as_many_as_before_after_it(threads):
    library, seen = blas_library(), []

    def make():
        seen.append(library.get())
        return nNet.from_sizes([1, 1])

    before = library.get()
    with ThreadPoolExecutor(2) as executor:
        train_many([Job(make, 1, [([[0]], [[0]])], "mse", 0.1) for _ in range(4)], executor, threads=threads)
    assert seen == [threads or before] * 4
    assert library.get() == before


# Data by reference


def test_a_memory_mapped_array_is_a_place_in_a_file(tmp_path):
    file = tmp_path / "x.npy"
    array = np.arange(60.0).reshape(20, 3)
    np.save(file, array)
    mapped = np.load(file, mmap_mode="r")
    for part in (slice(None), slice(5, 9)):
        found = mapped_array(pairs(mapped[part], mapped[part]).X)
        assert found.file == str(file.resolve())
        np.testing.assert_array_equal(found.load(), array[part])
    # Not in one piece, not only in the file, not in a file.
    assert mapped_array(mapped[:, :2]) is None
    assert mapped_array(np.load(file, mmap_mode="c")) is None
    assert mapped_array(array) is None


def test_what_was_written_to_a_map_is_what_workers_read(tmp_path):
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (4, 2))
    mapped[...] = 3
    np.testing.assert_array_equal(mapped_array(mapped).load(), np.full((4, 2), 3.0))


def test_large_arrays_are_written_once_for_all_jobs_of_local_workers(tmp_path):
    rows = FEW_BYTES // 8 + 1
    X, small = np.arange(2.0 * rows).reshape(2 * rows, 1), np.ones((3, 1))
    references = References(tmp_path)
    first, second = references.to(pairs(X[:rows], X[rows:])), references.to(pairs(X[rows:], X[:rows]))
    assert (first.X, first.Y) == (second.Y, second.X)
    assert len(list(tmp_path.iterdir())) == 2
    np.testing.assert_array_equal(first.load().Y, X[rows:])
    assert isinstance(first.X, MappedArray)
    assert references.to(pairs(small, small)).X.base is not None
    np.testing.assert_array_equal(References(None).to(pairs(X, X)).X, X)


class Counting:
    """An executor that runs nothing, and keeps what it was given."""

    def __init__(self):
        self.given = []

    def submit(self, function, task):
        import pickle

        self.given.append(len(pickle.dumps(task)))
        future = Future()
        future.set_result(function(task))
        return future


def test_arrays_in_files_are_not_sent_with_each_job(tmp_path):
    for name in "XY":
        np.save(tmp_path / f"{name}.npy", np.ones((100_000, 1)))
    X, Y = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "XY")
    executor = Counting()
    job = Job(nNet([denseLayer([[1.0]])]), 1, pairs(X, Y), "mse", 0.1, batch_size=1000, validation=pairs(X, Y))
    (result,) = train_many([job], executor)
    assert result.error is None
    assert executor.given[0] < 10_000


# What is refused


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"jobs": 3}, ArgumentTypeError, "jobs is 3.*; expected a list of nnframe.Job"),
        ({"jobs": [3]}, ArgumentTypeError, r"jobs\[0\] is 3.*; expected an nnframe.Job"),
        ({"executor": 3}, ArgumentTypeError, "executor is 3.*; expected one such as concurrent.futures.ProcessPool"),
        ({"executor": ProcessPoolExecutor}, ArgumentTypeError, "executor is <class"),
        ({"threads": 0}, ArgumentError, "threads is 0"),
        ({"progress": 1}, ArgumentTypeError, "progress is 1.*; expected True, False or a function"),
        ({"score": "accuracy"}, ArgumentError, r"score is 'accuracy', and jobs\[0\] has the metrics \[\]"),
    ],
)
def test_what_can_not_be_used_is_named(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        train_many(**{"jobs": [line_job(0)], **arguments})


def test_different_losses_are_not_compared():
    x = np.ones((2, 1))
    other = Job(lambda: nNet.from_sizes([1, 1], ["sigmoid"]), 1, pairs(x, x), "bce", 0.1)
    with pytest.raises(ArgumentError, match=r"the jobs have different losses \(bce, mse\), which can't be compared"):
        train_many([line_job(0), other])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"net": 3}, ArgumentTypeError, "net is 3.*; expected an nNet, or a function"),
        ({"loss": "nope"}, LookupError, "no loss 'nope'"),
        ({"learning_rate": None}, ArgumentError, "learning_rate is missing"),
        ({"momentum": 0.9}, ArgumentTypeError, "no argument 'momentum'"),
        ({"name": 3}, ArgumentTypeError, "name is 3"),
    ],
)
def test_a_job_says_at_once_what_it_can_not_use(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        Job(**{"net": nNet.from_sizes([1, 1]), "n": 1, "data": [], "loss": "mse", "learning_rate": 0.1, **arguments})


def test_a_function_that_makes_no_net_is_named():
    (result,) = train_many([Job(lambda: 3, 1, [([[0]], [[0]])], "mse", 0.1)])
    assert str(result.error) == "net() returned 3, of type int; expected an nNet"

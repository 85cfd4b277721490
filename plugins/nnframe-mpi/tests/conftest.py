"""Runs scripts on several processes, with a time-out that fails the test."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# What mpiexec runs; not to be imported by pytest when it looks for doctests.
collect_ignore = ["scripts"]
SCRIPTS = Path(__file__).parent / "scripts"
SECONDS = 90
# The tests train in one process what the scripts train in several.
sys.path.insert(0, str(SCRIPTS))


class Job:
    """A script that mpiexec runs.

    Parameters
    ----------
    script : str
        The name of a file in the folder of scripts.
    n : int
        The number of processes.
    folder : pathlib.Path
        Where each process leaves its results; the first argument of the script.
    *arguments : str
    module : sequence of str, optional
        Options of Python before the script.
    """

    def __init__(self, script, n, folder, *arguments, module=("-m", "mpi4py")):
        self.folder, self.n = folder, n
        # Two processes on two cores, with BLAS on one thread each; caches are shared.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPTS)}
        command = ["mpiexec", "-n", str(n), sys.executable, *module, SCRIPTS / script, folder, *arguments]
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
            start_new_session=True,
        )  # fmt: skip

    def output(self, seconds=SECONDS):
        """Return what was printed; a job that doesn't end in time is killed, and fails the test."""
        try:
            return self.process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            pytest.fail(f"the job did not end within {seconds} s:\n{self.process.communicate()[0]}")

    def results(self, seconds=SECONDS):
        """Return what each process left."""
        printed = self.output(seconds)
        paths = [self.folder / f"{rank}.pickle" for rank in range(self.n)]
        assert all(path.exists() for path in paths), printed
        return [pickle.loads(path.read_bytes()) for path in paths]


@pytest.fixture
def job(tmp_path):
    """Return a function that starts a job, which is killed at the end of the test."""
    jobs = []

    def start(script, n, *arguments, **settings):
        jobs.append(Job(script, n, tmp_path, *arguments, **settings))
        return jobs[-1]

    yield start
    for each in jobs:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


@pytest.fixture(scope="session")
def run_job(tmp_path_factory):
    """Return a function that runs a job and returns what each process left."""

    def run(script, n, *arguments):
        return Job(script, n, tmp_path_factory.mktemp("job"), *arguments).results()

    return run


@pytest.fixture(scope="session", params=[2, 3], ids=["2 processes", "3 processes"])
def trained(request, run_job):
    """Return what each process ended with, for each case."""
    return run_job("train_cases.py", request.param)


@pytest.fixture(scope="session")
def fault_endings(run_job):
    """Return what each of two processes ended with, for each fault."""
    return run_job("fault_cases.py", 2)

"""Many nets, trained by any executor."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from nnframe.errors import ArgumentError, ArgumentTypeError, one_line, with_type
from nnframe.inputs.checks import whole_number
from nnframe.many.job import Job, JobResult
from nnframe.many.references import References, forget_loaded
from nnframe.many.worker import Outcome, Task, interrupt, run

# Executors whose workers are on this machine, and can read files that are written here, by module and class.
LOCAL = (("concurrent.futures.process", "ProcessPoolExecutor"), ("loky", ""), ("joblib.externals.loky", ""))

Progress: TypeAlias = Callable[[JobResult, int, int], object]


class Executor(Protocol):
    """What `train_many` needs of an executor; those of concurrent.futures have it."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call a function in a worker."""


def train_many(
    jobs: Iterable[Job],
    executor: Executor | None = None,
    *,
    score: str | None = None,
    progress: bool | Progress = False,
    threads: int | None = 1,
) -> list[JobResult]:
    """Train a net for each job, and return the results, the best first.

    The nets have the same bits whatever the executor, if each job has a seed and the machines are alike. A job that
    fails doesn't stop the others.

    Parameters
    ----------
    jobs : iterable of Job
    executor : concurrent.futures.Executor or None
        What runs the jobs: a ``ProcessPoolExecutor()``, loky's ``get_reusable_executor()``, an ``MPIPoolExecutor()`` of
        mpi4py.futures, Dask's ``client.get_executor()``, or any other with a method ``submit`` that returns futures of
        concurrent.futures. It is not shut down. None runs one job after another in this process.
    score : str, optional
        What makes a net the best: ``"loss"``, or the name of a metric that all jobs have. The loss by default.
    progress : bool or callable, optional
        True prints a line to stderr when a job ends. A function is called instead, as
        ``progress(result, number of jobs that have ended, number of jobs)``.
    threads : int or None, optional
        The number of threads that BLAS uses for a job. None leaves it alone, and so does whoever has set it in the
        environment.

    Returns
    -------
    list of JobResult
        By score, and those that failed last, in the order of the jobs.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used. No job has started then.
    KeyboardInterrupt
        After Ctrl-C. Jobs that have not started don't start any more.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from nnframe import Job, nNet, pairs, train_many
    >>> x = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> jobs = [
    ...     Job(partial(nNet.from_sizes, [1, 5, 1], seed=seed), 10, pairs(x, x**2), "mse", 0.1, seed=seed)
    ...     for seed in range(3)
    ... ]
    >>> results = train_many(jobs)
    >>> results[0].scores["loss"] <= results[-1].scores["loss"]
    True
    """
    listed = _checked_jobs(jobs)
    sign = _sign(listed, score)
    if executor is not None and (isinstance(executor, type) or not callable(getattr(executor, "submit", None))):
        raise ArgumentTypeError(
            f"executor is {with_type(executor)}; expected one such as concurrent.futures.ProcessPoolExecutor(), or None"
        )
    if threads is not None:
        threads = whole_number(threads, "threads")
    report = _Report(progress, len(listed))
    names = [job.name or f"job {number}" for number, job in enumerate(listed, start=1)]
    with ExitStack() as stack:
        folder = None
        if executor is not None and _is_local(executor):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        references = References(folder)
        call = secrets.token_hex(8)
        tasks = [_task(job, references, threads, call) for job in listed]
        if executor is None:
            stack.callback(forget_loaded)
            results = [
                report.add(_result(name, job, run(task))) for name, job, task in zip(names, listed, tasks, strict=True)
            ]
        else:
            results = _run_all(executor, names, listed, tasks, report)
    # Sorting keeps the order of the jobs among equals.
    return sorted(results, key=lambda each: _rank(each, score or "loss", sign))


def _run_all(
    executor: Executor, names: list[str], jobs: list[Job], tasks: list[Task], report: _Report
) -> list[JobResult]:
    results: dict[int, JobResult] = {}
    numbers: dict[Future[Any], int] = {}
    try:
        for number, task in enumerate(tasks):
            try:
                numbers[executor.submit(run, task)] = number
            except Exception as error:
                # An executor that has lost a worker takes no more jobs.
                results[number] = report.add(JobResult(names[number], jobs[number], error=error))
        for future in as_completed(numbers):
            number = numbers[future]
            try:
                result = _result(names[number], jobs[number], future.result())
            except (Exception, CancelledError) as error:
                # The job could not be sent, its result could not be sent back, or its worker was killed.
                result = JobResult(names[number], jobs[number], error=error)
            results[number] = report.add(result)
    except BaseException:
        interrupt(tasks[0].call)
        for future in numbers:
            future.cancel()
        raise
    return [results[number] for number in range(len(jobs))]


def _task(job: Job, references: References, threads: int | None, call: str) -> Task:
    settings = dict(job.settings)
    validation = references.to(settings.pop("validation", None))
    return Task(job.net, references.to(job.data), validation, settings, threads, os.getpid(), call)


def _result(name: str, job: Job, outcome: Outcome) -> JobResult:
    net, history, scores, seconds, error, traceback = outcome
    return JobResult(name, job, history, scores, seconds, error, traceback, net)


def _checked_jobs(jobs: Iterable[Job]) -> list[Job]:
    try:
        listed = list(jobs)
    except TypeError:
        raise ArgumentTypeError(f"jobs is {with_type(jobs)}; expected a list of nnframe.Job") from None
    for number, job in enumerate(listed):
        if not isinstance(job, Job):
            raise ArgumentTypeError(f"jobs[{number}] is {with_type(job)}; expected an nnframe.Job")
    return listed


def _sign(jobs: list[Job], score: str | None) -> int:
    """Return 1 if the smallest score is the best, and -1 if the largest is."""
    if score is None or score == "loss":
        losses = sorted({job.checked.loss.spec for job in jobs})
        if len(losses) > 1:
            raise ArgumentError(
                f"the jobs have different losses ({', '.join(losses)}), which can't be compared; give them a metric, "
                f"such as metrics=['accuracy'], and train_many its name, score='accuracy'"
            )
        return 1
    signs = set()
    for number, job in enumerate(jobs):
        metric = job.checked.metrics.get(score)
        if metric is None:
            raise ArgumentError(
                f"score is {score!r}, and jobs[{number}] has the metrics {list(job.checked.metrics)}; expected one "
                f"that all jobs have, or 'loss'"
            )
        signs.add(-1 if metric.better == "higher" else 1)
    return signs.pop() if signs else 1


def _rank(result: JobResult, score: str, sign: int) -> tuple[bool, bool, float]:
    value = sign * result.scores.get(score, 0.0)
    is_nan = value != value
    return result.error is not None, is_nan, 0.0 if is_nan else value


def _is_local(executor: Executor) -> bool:
    return any(
        cls.__module__.startswith(module) and (not name or cls.__name__ == name)
        for cls in type(executor).__mro__
        for module, name in LOCAL
    )


class _Report:
    """Tells the caller of each job that ends; what fails in there is only a warning."""

    def __init__(self, progress: bool | Progress, total: int) -> None:
        if not (isinstance(progress, bool) or callable(progress)):
            raise ArgumentTypeError(f"progress is {with_type(progress)}; expected True, False or a function")
        self._call = print_result if progress is True else progress
        self._total, self._done, self._began = total, 0, time.perf_counter()

    def add(self, result: JobResult) -> JobResult:
        self._done += 1
        if self._call:
            try:
                self._call(result, self._done, self._total)
            except Exception as error:
                warnings.warn(f"progress raised {one_line(error)}; the jobs go on", stacklevel=4)
        return result


def print_result(result: JobResult, done: int, total: int) -> None:
    """Print a line about a job that has ended to stderr."""
    if result.error is not None:
        what = f"failed: {one_line(result.error)}"
    else:
        what = ", ".join(f"{name} {value:.4g}" for name, value in result.scores.items())
    print(f"{done}/{total} {result.name}: {what} ({result.seconds:.1f} s)", file=sys.stderr, flush=True)

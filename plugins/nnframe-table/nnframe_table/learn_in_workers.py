"""The first pass over a folder of parquet files in the workers of an executor, each file in one of them.

What a worker has collected about its file is all that it sends back, and these summaries are merged in the order of the
files: the result doesn't depend on how many workers there are.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnframe.errors import ArgumentTypeError, DataError, NNFrameError, one_line, with_type
from nnframe_table.choices import Choices
from nnframe_table.learn import Learned, Summaries, learned_from, merged, summarized
from nnframe_table.numerals import TextRules
from nnframe_table.sources.folder import FolderSource
from nnframe_table.sources.source import Source

if TYPE_CHECKING:
    from nnframe.many.training import Executor


def learn_in_workers(source: Source, choices: Choices, executor: Executor) -> Learned:
    """Learn what `learn` does.

    Parameters
    ----------
    source : Source
        A folder, which the workers see under the same path.
    choices : Choices
    executor : concurrent.futures.Executor

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError
        As `learn`, or if a worker fails.
    """
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        raise ArgumentTypeError(
            f"executor is {with_type(executor)}; expected one such as concurrent.futures.ProcessPoolExecutor(), or None"
        )
    if not isinstance(source, FolderSource):
        raise ArgumentTypeError(
            f"table is {source.name}, and executor is given; expected a folder of parquet files, of which each worker "
            f"reads some, or no executor"
        )
    folder, files = Path(source.name).absolute(), source.files
    starts = accumulate((each.n_rows for each in files), initial=0)
    waiting: deque[tuple[str, Future[Any]]] = deque()
    try:
        for each, first in zip(files, starts, strict=False):
            path = Path(each.name).absolute()
            try:
                future = executor.submit(_summarized_file, folder, path, choices, first)
            except Exception as error:
                raise DataError(
                    f"executor takes no task to read {each.name}: {one_line(error)}; expected one that is open, and "
                    f"whose workers are alive"
                ) from error
            waiting.append((each.name, future))
        name, future = waiting.popleft()
        found = _result(name, future)
        while waiting:
            # One at a time, so that merged ones need no memory any more.
            name, future = waiting.popleft()
            found = merged([found, _result(name, future)])
    finally:
        for _, future in waiting:
            future.cancel()
    return learned_from(source, found, choices)


def _summarized_file(folder: Path, path: Path, choices: Choices, first: int) -> Summaries:
    """Return what a file holds, before which the table has some rows."""
    rules = TextRules.of_types(choices.missing, choices.decimal)
    return summarized(FolderSource(folder, rules, [path], first + 1), choices, first)


def _result(name: str, future: Future[Any]) -> Summaries:
    try:
        found: Summaries = future.result()
    except NNFrameError:
        raise
    except (Exception, CancelledError) as error:
        raise DataError(
            f"the worker that reads {name} failed: {one_line(error)}; make sure that all workers see the folder and "
            f"have the same version of nnframe-table"
        ) from error
    return found

"""Tables larger than a machine: a folder of parquet files, of which each process reads its own.

The columns are learned by merging what each process has collected about its files, so all encode alike, and each keeps
the rows of its own files alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe.contracts.team import Team
from nnframe.data import Pairs
from nnframe.errors import DataError
from nnframe.inputs.checks import net_dtype, whole_number
from nnframe.training.together import everywhere, gathered
from nnframe_table.choices import Choices, checked_choices
from nnframe_table.columns import encoded
from nnframe_table.dataset import DEFAULT_MEMORY, Part, Table, folder_of
from nnframe_table.learn import Learned, learned_from, merged, summarized
from nnframe_table.numerals import TextRules
from nnframe_table.recognition import Fill
from nnframe_table.sources.folder import FolderSource, parquet_files
from nnframe_table.sources.parquet import ParquetSource
from nnframe_table.split import held_out

if TYPE_CHECKING:
    import os

    import numpy.typing as npt


class ShardedPairs(Pairs):
    """The rows of several files, one after the other.

    Attributes
    ----------
    lengths : tuple of int
        The number of rows of each.
    """

    def __init__(self, X: Any, Y: Any, lengths: Collection[int]) -> None:
        super().__init__(X, Y)
        self.lengths = tuple(lengths)


def read_shards(
    table: str | os.PathLike[str],
    target: str,
    team: Team,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    drop: Collection[str] = (),
    fill: Fill = None,
    missing: Collection[str] | None = None,
    decimal: str | None = None,
    validation: float = 0.2,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
    memory: int = DEFAULT_MEMORY,
    folder: str | os.PathLike[str] | None = None,
) -> Table:
    """Read a folder of parquet files in several processes, each its own files, for ``engine="mpi(shards=true)"``.

    All processes call it, and get the same columns and target. The pairs are those of a process's own files, and which
    rows are held out doesn't depend on the number of processes.

    Parameters
    ----------
    table : path
        A folder with files that end in ``.parquet``, which all processes see. The files, sorted by name, are dealt out
        in runs.
    target : str
        The column to predict.
    team : Team
        The processes: ``nnframe_mpi.team()``.
    task, kinds, drop, fill, missing, decimal, validation, seed, dtype, memory, folder
        As in `read`.

    Returns
    -------
    Table

    Raises
    ------
    DataError, ArgumentError, ArgumentTypeError
        As `read`, in all processes.
    """
    choices = checked_choices(target, task, kinds, drop, fill, missing, decimal, validation, seed)
    rules = TextRules.of_types(choices.missing, choices.decimal)
    place, found_dtype = Path(table), net_dtype(dtype)
    own = everywhere(team, lambda: _own_files(place, rules, team))
    lengths = [each.n_rows for each in own.files]
    first = sum(gathered(team, lambda: sum(lengths))[: team.rank])
    own = FolderSource(place, rules, [Path(each.name) for each in own.files], first + 1)
    parts = gathered(team, lambda: summarized(own, choices, first))
    learned = learned_from(own, merged(parts), choices)
    mine = parts[team.rank].n_held_out
    n_train, n_held = sum(lengths) - mine, mine
    row_bytes = found_dtype.itemsize * (learned.columns.n_inputs + learned.target.n_outputs)
    temporary = None if row_bytes * sum(lengths) <= whole_number(memory, "memory", 0) else folder_of(folder)
    train, held = (Part(n, learned, found_dtype, temporary) for n in (n_train, n_held))

    def convert() -> tuple[list[int], list[int]]:
        starts = accumulate(lengths, initial=first)
        counts = [
            _convert(each, start, learned, choices, found_dtype, train, held)
            for each, start in zip(own.files, starts, strict=False)
        ]
        return [each[0] for each in counts], [each[1] for each in counts]

    n_trained, n_validated = everywhere(team, convert)
    made = Table(own.name, learned, _sharded(train, n_trained), _sharded(held, n_validated), temporary)
    # A process may have no rows of its own; the others have.
    made.validation = _sharded(held, n_validated) if validation else None
    return made


def _sharded(part: Part, lengths: Collection[int]) -> ShardedPairs:
    X, Y = part.arrays
    return ShardedPairs(X, Y, lengths or [0])


def _own_files(place: Path, rules: TextRules, team: Team) -> FolderSource:
    if not place.is_dir():
        raise DataError(f"{place} is not a folder; expected one with parquet files, which all processes see")
    files = parquet_files(place)
    return FolderSource(
        place, rules, files[len(files) * team.rank // team.size : len(files) * (team.rank + 1) // team.size]
    )


def _convert(
    source: ParquetSource, start: int, learned: Learned, choices: Choices, dtype: Any, train: Part, held: Part
) -> tuple[int, int]:
    """Add the rows of a file, and return how many are trained with and held out."""
    n_train = n_held = 0
    for chunk in learned.columns.chunks(source, choices.target, n_outputs=learned.target.n_outputs):
        X = learned.columns.encode(source, chunk, dtype=dtype)
        Y = encoded(learned.target, chunk.cells[choices.target], source, chunk)
        chosen = held_out(start + n_train + n_held, len(chunk), choices.validation, choices.seed)
        train.add(X[~chosen], Y[~chosen])
        held.add(X[chosen], Y[chosen])
        n_train, n_held = n_train + int((~chosen).sum()), n_held + int(chosen.sum())
    return n_train, n_held

"""Data of which each process has its own part."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from nnframe import ArgumentError, Pairs

PathT = TypeVar("PathT", bound="str | os.PathLike[str]")


class Shards(Pairs):
    """Several shards of the data, one after the other; see `shards`.

    Attributes
    ----------
    lengths : tuple of int
        The number of samples of each.
    """

    def __init__(self, X: Any, Y: Any, lengths: Iterable[int]) -> None:
        super().__init__(X, Y)
        self.lengths = tuple(lengths)


def shards(*parts: Pairs) -> Shards:
    """Return several shards of one process, for ``mpi(shards=true)``.

    The order of the samples depends on the shards alone: a run with the same ones, in the same order, ends with the
    same weights up to rounding on any number of processes. A process without any passes one with no rows.

    Parameters
    ----------
    *parts : Pairs
        At least one.

    Returns
    -------
    Shards
        Data for `nNet.nEpochs`. A single part isn't copied.

    Raises
    ------
    ArgumentError
        If there is no part, or their numbers of columns differ.

    Examples
    --------
    >>> import numpy as np, nnframe
    >>> a, b = (nnframe.pairs(np.ones((n, 2)), np.ones((n, 1))) for n in (3, 5))
    >>> shards(a, b).lengths
    (3, 5)
    """
    widths = {(each.X.shape[1], each.Y.shape[1]) for each in parts}
    if len(widths) != 1:
        raise ArgumentError(
            f"the parts have {sorted(widths)} inputs and targets; expected at least one part, and the same numbers in "
            f"all: a process without samples passes pairs with no rows"
        )
    if len(parts) == 1:
        return Shards(parts[0].X, parts[0].Y, [len(parts[0])])
    X, Y = (np.concatenate(arrays) for arrays in ([each.X for each in parts], [each.Y for each in parts]))
    return Shards(X, Y, map(len, parts))


def my_files(files: Iterable[PathT]) -> list[PathT]:
    """Return the files of this process: a run of the sorted files, about as many for each process.

    Parameters
    ----------
    files : iterable of path
        All files, the same in every process.
    """
    from nnframe_mpi.team import MPITeam

    team, ordered = MPITeam(True, 1.0), sorted(files, key=os.fspath)
    return ordered[len(ordered) * team.rank // team.size : len(ordered) * (team.rank + 1) // team.size]

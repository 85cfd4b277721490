"""npy and npz: numpy's own files, with one sample in each row of an array.

An .npz file holds the inputs X, shape (N, n_inputs), and the targets y, shape (N,) or (N, n_outputs); or else its first
and its last array are taken. An .npy file holds one array, shape (N, n_inputs + 1), whose last column is the target; it
is memory-mapped. Everything must be a finite number. Targets are taken for classes if they are a few different whole
numbers, and for numbers to predict otherwise. Inputs are scaled to mean 0 and standard deviation 1 for training, and
the scaling becomes part of the saved net's first layer, so that the net takes inputs as they are in the file.

Source: the NPY format, NEP 1, https://numpy.org/neps/nep-0001-npy-format.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nnframe.contracts.markers import hookimpl
from nnframe.contracts.reader import Reader, TrainingData

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ArgumentGroup

SHARE_HELD_OUT = 0.2


def add_arguments(group: ArgumentParser | _ArgumentGroup) -> None:
    """Add the options of arrays."""
    from nnframe.cli.numbers import share

    group.add_argument(
        "--task", choices=["classification", "regression"], help="what to train for (default: by the targets)"
    )
    group.add_argument(
        "--validation",
        type=share,
        default=SHARE_HELD_OUT,
        metavar="R",
        help=f"the share of samples to hold out for validation (default: {SHARE_HELD_OUT})",
    )


@contextmanager
def open_arrays(source: str, options: Namespace) -> Iterator[TrainingData]:
    """Yield the arrays of a file, scaled and divided.

    Raises
    ------
    DataError
        If the file can't be read or trained on; names the array, and for a value its row and column.
    """
    # numpy loads only when a file is read.
    from nnframe.builtins.readers.array_files import open_file
    from nnframe.builtins.readers.preparation import prepared

    with prepared(open_file(source), options.task, options.validation, options.seed) as data:
        yield data


npy = Reader("npy", open_arrays, suffixes=(".npy",), add_arguments=add_arguments, doc=__doc__)
npz = Reader("npz", open_arrays, suffixes=(".npz",), add_arguments=add_arguments, doc=__doc__)


@hookimpl
def nnframe_readers() -> list[Reader]:
    """Return npy and npz."""
    return [npy, npz]

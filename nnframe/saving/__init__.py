"""Nets in files; README.md beside this file is the guide.

Importing this costs next to nothing: what reads and writes is imported when it is first used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnframe.network import nNet

__all__ = ["load", "load_with_notes"]


def load(path: str | os.PathLike[str]) -> nNet:
    """Return the net that `nNet.save` saved.

    Nothing in the file is executed, and all of it is checked before anything is built. Its activations are found by
    name among the plugins of this process, in whatever version is installed.

    Parameters
    ----------
    path : str or os.PathLike
        The file; one whose name ends in ``.safetensors`` is read as such.

    Raises
    ------
    ModelFileError
        If there is no such file, it isn't as it was saved, or it needs a plugin that is missing; that says what to
        install.
    PluginError
        If a plugin that it needs is broken.
    MissingDependencyError
        If safetensors is to be read and isn't installed.

    Examples
    --------
    >>> import nnframe, pathlib, tempfile
    >>> net = nnframe.nNet.from_sizes([2, 3, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "m.nnf"
    ...     net.save(path)
    ...     nnframe.load(path)
    nNet of 2 layers, 13 parameters, float64
      1. 2 -> 3  relu    9 parameters
      2. 3 -> 1  linear  4 parameters
    """
    return load_with_notes(path)[0]


def load_with_notes(path: str | os.PathLike[str]) -> tuple[nNet, dict[str, Any]]:
    """Return the net that `nNet.save` saved, and its notes; an empty dict where there were none.

    Raises
    ------
    ModelFileError, PluginError, MissingDependencyError
        As `load`.
    """
    from nnframe.saving.files import load_model

    return load_model(path)

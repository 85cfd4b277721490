"""Nets from files; `nNet.save` writes them."""

from __future__ import annotations

import os
from typing import Any

from nnframe.network import nNet


def load(path: str | os.PathLike[str]) -> nNet:
    """Return the net that `nNet.save` saved.

    Nothing in the file is executed, and all of it is checked before anything is built. Its activations are looked up by
    name among the plugins of this process, in whatever version is installed.

    Parameters
    ----------
    path : str or os.PathLike
        The file. Its suffix says in which format it is; without a known one it is read as ``.nnf``.

    Raises
    ------
    ModelFileError
        If there is no such file, it is damaged, or it needs a plugin that is missing; the message says what to install.
    NameConflictError, PluginError
        If several installed plugins provide its format, or a plugin that it needs is broken.

    Warns
    -----
    ChangedFormulaWarning
        If an activation computes something else than when the net was saved.

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
    return load_with_metadata(path)[0]


def load_with_metadata(path: str | os.PathLike[str]) -> tuple[nNet, dict[str, Any]]:
    """Return the net that `nNet.save` saved, and its metadata; an empty dict if it was saved without.

    Raises
    ------
    ModelFileError, NameConflictError, PluginError
        As `load`.
    """
    # A program that loads no net doesn't pay for this import.
    from nnframe.saving.model_file import load_layers

    layers, metadata, loss = load_layers(path)
    net = nNet(layers)
    if loss is not None:
        net.trained_for = loss
    return net, metadata

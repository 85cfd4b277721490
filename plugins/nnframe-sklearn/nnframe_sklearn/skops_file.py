"""Estimators in files of skops, which holds no code either, alone or within a pipeline.

skops asks an object for its ``__getstate__``, pickle for its ``__reduce_ex__``. So the first returns the bytes of a
model file, which skops can hold, and the second what a pickle holds.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from pathlib import Path
from typing import Any

from nnframe import MissingDependencyError, ModelFileError
from nnframe_sklearn.estimator import NetEstimator
from nnframe_sklearn.model_file import CLASSES, load, save

SUFFIX = ".skops"
MODEL_FILE = "model.nnf"


def save_any(estimator: NetEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file; `load_any` reads it.

    Parameters
    ----------
    estimator : NNClassifier, NNRegressor, MLPClassifier or MLPRegressor
    path : str or os.PathLike
        With the suffix ``.skops``, a file of skops, which ``skops.io.load`` reads too. Otherwise a model file such as
        ``"model.nnf"``, from which `nnframe.load` reads the net alone; see `nnframe.nNet.save`.

    Raises
    ------
    ArgumentError
        If a parameter is an object that has no name; register it, and give its name.
    MissingDependencyError
        If skops is needed and not installed.
    nnframe.NNFrameError
        As `nnframe.nNet.save`.
    """
    if Path(path).suffix.lower() == SUFFIX:
        _skops().dump(estimator, path)
    else:
        save(estimator, path)


def load_any(path: str | os.PathLike[str]) -> Any:
    """Return the estimator that `save_any` wrote. Nothing in the file is executed.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    ModelFileError
        If the file was not written by `save_any`, is damaged, or is one of skops with anything else in it.
    MissingDependencyError
        If skops is needed and not installed.
    nnframe.NNFrameError
        As `nnframe.load`.
    """
    if Path(path).suffix.lower() != SUFFIX:
        return load(path)
    io = _skops()
    ours = {f"{each.__module__}.{each.__qualname__}" for each in CLASSES.values()}
    others = set(io.get_untrusted_types(file=path)) - ours
    if others:
        raise ModelFileError(
            f"{os.fspath(path)} holds {', '.join(sorted(others))} beside an estimator of nnframe-sklearn; if you trust "
            f"it, load it with skops.io.load(path, trusted=[...])"
        )
    return io.load(path, trusted=sorted(ours))


def _skops() -> Any:
    try:
        return importlib.import_module("skops.io")
    except ImportError:
        raise MissingDependencyError(
            f"files that end in {SUFFIX} need skops, which is not installed: pip install nnframe-sklearn[skops]"
        ) from None


def _file_of(estimator: NetEstimator) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        save(estimator, path)
        return path.read_bytes()


def _state_in(content: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        path.write_bytes(content)
        return dict(vars(load(path)))


NetEstimator.hold_files(_file_of, _state_in)

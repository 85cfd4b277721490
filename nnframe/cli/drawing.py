"""Pictures, which nnframe-plot draws."""

from __future__ import annotations

import importlib
from typing import Any

from nnframe.errors import MissingDependencyError

MODULE, DISTRIBUTION = "nnframe_plot.cli", "nnframe-plot"


def drawing(what: str) -> Any:
    """Return the module of nnframe-plot that draws for the command line.

    Parameters
    ----------
    what : str
        What needs it, as the subject of the error: ``"--plot"``.

    Raises
    ------
    MissingDependencyError
        If nnframe-plot isn't installed.
    """
    try:
        return importlib.import_module(MODULE)
    except ModuleNotFoundError as error:
        if error.name not in (MODULE, MODULE.partition(".")[0]):
            raise
        raise MissingDependencyError(f"{what} needs {DISTRIBUTION}: pip install {DISTRIBUTION}") from None

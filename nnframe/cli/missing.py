"""Reports plugins that aren't installed, before any plugin is imported."""

from __future__ import annotations

from nnframe import registry
from nnframe.errors import MissingDependencyError
from nnframe.registry.known import distributions_with


def refuse_missing(kind: str, name: str, what: str) -> None:
    """Raise if a plugin is known to come with distributions of this project, none of which is installed.

    An installed plugin of somebody else's is let through if its entry point has the name.

    Parameters
    ----------
    kind, name : str
        The plugin's; the name in lower case. For a reader, a suffix such as ``".csv"`` will do.
    what : str
        What the user asked for, as the subject of the error: ``"nnframe predict"``.

    Raises
    ------
    MissingDependencyError
        With the distribution to install.
    """
    distributions = distributions_with(kind, name)
    if not distributions or registry.is_claimed(kind, name.removeprefix(".")) or any(map(_is_installed, distributions)):
        return
    raise MissingDependencyError(f"{what} comes with {distributions[0]}: pip install {distributions[0]}")


def _is_installed(distribution: str) -> bool:
    # Takes as long to import as all of the command line's own code.
    from importlib import metadata

    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True

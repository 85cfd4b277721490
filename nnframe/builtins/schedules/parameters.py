"""What the built-in schedules say to parameters that can't be meant."""

from __future__ import annotations

from nnframe.errors import ArgumentError


def require(holds: bool, schedule: str, parameter: str, value: float, wanted: str) -> None:
    """Raise unless something holds.

    Parameters
    ----------
    holds : bool
        Whether the value can be used.
    schedule, parameter : str
        Their names.
    value : float
        What the parameter is.
    wanted : str
        What it should be, such as ``"a number from 0 to 1"``.

    Raises
    ------
    ArgumentError
    """
    if not holds:
        raise ArgumentError(f"{schedule}: parameter {parameter} is {value}; wanted {wanted}")

"""Subclasses that override what the library does not call: they are refused, for they would be ignored silently."""

from __future__ import annotations

from collections.abc import Set

from nnframe.errors import ArgumentTypeError


def overridden(item: object, plain: type, names: Set[str]) -> list[str]:
    """Return which of some methods and properties of a class an object or its own class overrides, sorted."""
    own, cls = vars(item), type(item)
    if cls is plain:
        return sorted(own.keys() & names)
    return sorted(name for name in names if name in own or getattr(cls, name) is not getattr(plain, name))


def refuse_overrides(net: object, plain: type, *names: str) -> None:
    """Raise if a net overrides a method that training, evaluation and saved files do not call.

    Raises
    ------
    ArgumentTypeError
    """
    own = overridden(net, plain, set(names))
    if own:
        raise ArgumentTypeError(
            f"{type(net).__name__} overrides {', '.join(own)}, which training, evaluation, predictors and saved files "
            f"do not call; expected a plain nNet: transform the data before it reaches the net, or write the function "
            f"as an activation"
        )

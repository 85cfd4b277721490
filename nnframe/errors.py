"""The exceptions that nnframe raises, all under one base class.

Each also derives from the built-in exception that fits, so that code which knows nothing of nnframe can still write
``except ValueError``.
"""

from __future__ import annotations


class NNFrameError(Exception):
    """Base of every error that nnframe raises on purpose."""


class ArgumentError(NNFrameError, ValueError):
    """An argument has the right type but an unusable value."""


class ArgumentTypeError(NNFrameError, TypeError):
    """An argument has an unusable type or dtype."""


class ShapeError(ArgumentError):
    """An array has an unexpected shape."""


class DataError(ArgumentError):
    """Data can't be trained on: it is empty, uneven, or not a sequence of pairs."""


class ModelFileError(NNFrameError, ValueError):
    """A file can't be loaded as what it should be, or can't be written."""


class UnknownNameError(NNFrameError, LookupError):
    """No plugin provides a name."""


class NameConflictError(NNFrameError, LookupError):
    """Several plugins provide a name."""


class RegistrationError(NNFrameError, ValueError):
    """An object can't be registered, or is not registered and can't be unregistered."""


class PluginError(NNFrameError, RuntimeError):
    """A plugin failed: it could not be imported, returned something unusable, or raised.

    Attributes
    ----------
    provider : str or None
        The distribution it came with, or the module of one registered in code; None for an unregistered object.
    version : str or None
        The version of the distribution.
    hook : str or None
        The hook or function that failed, such as ``"nnframe_activations"`` or ``"forward"``.
    """

    def __init__(
        self, message: str, *, provider: str | None = None, version: str | None = None, hook: str | None = None
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.version = version
        self.hook = hook


class DerivativeError(PluginError):
    """A plugin has no derivative, and none can be derived from its formula."""


class EngineError(NNFrameError, NotImplementedError):
    """An engine can't do what it was asked for and says why; another engine can."""


class DivergenceError(NNFrameError, FloatingPointError):
    """Training led to numbers that are not finite; the net has the last weights that were.

    Attributes
    ----------
    epoch : int
        The epoch in which it happened, counted from 0.
    batch : int or None
        The batch of that epoch, counted from 0; None if it didn't happen again when the epoch was repeated.
    layer : int or None
        The layer, counted from 0; None if it was not in a layer.
    """

    def __init__(self, message: str, *, epoch: int = 0, batch: int | None = None, layer: int | None = None) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.layer = layer


class ChangedFormulaWarning(UserWarning):
    """A plugin computes something else than when the file or the pickle that is being loaded was made."""


class MissingDependencyError(NNFrameError, ImportError):
    """An optional package is not installed; the message says what to install."""


def one_line(error: BaseException) -> str:
    """Return an exception as ``Type: message`` on one line, for use inside another message."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception of a plugin may fail in its own __str__
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(value: object, limit: int = 80) -> str:
    """Return the repr of a value on one line, cut to a limit."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def with_type(value: object) -> str:
    """Return what `shown` does, followed by the type."""
    return f"{shown(value)}, of type {type(value).__name__}"

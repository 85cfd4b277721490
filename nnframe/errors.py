"""The exceptions that nnframe raises, all under one base class.

Each one also derives from the built-in exception that fits, so that code which knows nothing of nnframe can
still write ``except ValueError``.
"""

from __future__ import annotations


class NNFrameError(Exception):
    """Base of every error that nnframe raises on purpose."""


class ArgumentError(NNFrameError, ValueError):
    """An argument has the right type and an unusable value."""


class ArgumentTypeError(NNFrameError, TypeError):
    """An argument has an unusable type or dtype."""


class ShapeError(ArgumentError):
    """An array has another shape than the one wanted."""


class DataError(ArgumentError):
    """Training data that can't be trained on: empty, uneven, or not a sequence of pairs."""


class ModelFileError(NNFrameError, ValueError):
    """A file can't be loaded as what it should be, or can't be written."""


class UnknownNameError(NNFrameError, LookupError):
    """No plugin provides the name that was asked for."""


class NameConflictError(NNFrameError, LookupError):
    """Several plugins provide the name that was asked for."""


class RegistrationError(NNFrameError, ValueError):
    """An object can't be registered, or is not registered and can't be taken back."""


class PluginError(NNFrameError, RuntimeError):
    """A plugin failed: it did not import, returned something unusable, or raised.

    Attributes
    ----------
    provider : str or None
        The distribution that the plugin came with, or the module for one registered in code. None when it
        was handed over as an object and never registered.
    version : str or None
        The distribution's version, where there is one.
    hook : str or None
        The hook or function that failed, such as ``"nnframe_activations"`` or ``"forward"``.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        version: str | None = None,
        hook: str | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.version = version
        self.hook = hook


class DerivativeError(PluginError):
    """An activation or a loss left its derivative out, and it can't be derived from the formula."""


class EngineError(NNFrameError, NotImplementedError):
    """An engine can't do what is asked of it, and says why; another engine can."""


class DivergenceError(NNFrameError, FloatingPointError):
    """Training led to numbers that are not finite; the net has the last weights that were.

    Attributes
    ----------
    epoch : int
        The epoch in which it happened, counted from 0.
    batch : int or None
        The batch of that epoch, counted from 0; None if it didn't happen again when the epoch was gone through once
        more.
    layer : int or None
        The layer, counted from 0; None if it was not in a layer.
    """

    def __init__(self, message: str, *, epoch: int = 0, batch: int | None = None, layer: int | None = None) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.layer = layer


class ChangedFormulaWarning(UserWarning):
    """A plugin computes something else than when the file that is being loaded was saved."""


class MissingDependencyError(NNFrameError, ImportError):
    """A package that nnframe does without is needed for this and not installed; the message says what to install."""


def one_line(error: BaseException) -> str:
    """Return an exception as ``Type: message`` on one line, for use inside another message."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # a stranger's exception may fail to show itself, and its failure is not the news
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(value: object, limit: int = 80) -> str:
    """Return the repr of whatever a caller or plugin passed, on one line and not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def with_type(value: object) -> str:
    """Return the same, followed by the value's type."""
    return f"{shown(value)}, of type {type(value).__name__}"

"""Errors of plugins while they are imported and registered; `blame` has those of their functions."""

from __future__ import annotations

from nnframe.errors import MissingDependencyError, NNFrameError, PluginError, one_line
from nnframe.registry.provider import Provider

# Never the plugin's fault: Ctrl-C, the end of a generator, and a lack of memory.
NOT_THE_PLUGINS = (KeyboardInterrupt, GeneratorExit, MemoryError)


def require_blamable(error: BaseException) -> None:
    """Raise an error again if it is not the fault of the plugin that it came from.

    All others are its fault, including those that derive from BaseException directly: SystemExit, and the panics of
    extensions in other languages.
    """
    if isinstance(error, NOT_THE_PLUGINS):
        raise error


def blame(provider: Provider, what: str, hook: str | None = None) -> PluginError:
    """Return an error that names the provider, the hook, what happened, and what a user can do."""
    where = f" (hook {hook})" if hook else ""
    return PluginError(
        f"{provider}{where}: {what}; {provider.remedy}",
        provider=provider.name,
        version=provider.version,
        hook=hook,
    )


def failure(provider: Provider, what: str, cause: BaseException, hook: str | None = None) -> NNFrameError:
    """Return the error for an exception in a plugin, with a remedy that fits the cause.

    Parameters
    ----------
    provider : Provider
    what : str
        What happened, up to the cause: ``"importing nnframe_swish raised"``.
    cause : BaseException
    hook : str, optional
        The hook that raised.
    """
    if isinstance(cause, MissingDependencyError):
        # It says what to install; there is nothing else to do.
        error: NNFrameError = MissingDependencyError(f"{provider}: {cause}")
    elif isinstance(cause, Warning):
        error = PluginError(
            f"{provider}: {what} {one_line(cause)}, which the warnings filter of this process, as of python -W error, "
            f"makes an error; except it from the filter, or leave {provider.name} out with "
            f"NNFRAME_DISABLE_PLUGINS={provider.name}",
            provider=provider.name,
            version=provider.version,
            hook=hook,
        )
    elif isinstance(cause, ModuleNotFoundError) and cause.name:
        missing = cause.name.partition(".")[0]
        error = PluginError(
            f"{provider}: {what} {one_line(cause)}; install {missing}, or all that {provider.name} requires: "
            f"pip install --force-reinstall {provider.name}",
            provider=provider.name,
            version=provider.version,
            hook=hook,
        )
    else:
        error = blame(provider, f"{what} {one_line(cause)}", hook)
    error.__cause__ = cause
    return error

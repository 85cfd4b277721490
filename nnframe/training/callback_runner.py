"""The callbacks of a run: found, registered with pluggy for this run alone, called in order, and blamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

from nnframe import registry
from nnframe.contracts import run_hookspecs
from nnframe.contracts.callback import Callback
from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, PluginError, one_line, shown
from nnframe.registry.blame import blamed_error

if TYPE_CHECKING:
    from nnframe.training.run import TrainingRun

RUN_HOOKS = ("nnframe_train_start", "nnframe_part_end", "nnframe_epoch_end", "nnframe_train_end")


class Follower:
    """A callback, and its hooks.

    Attributes
    ----------
    object : object
        What has the hook implementations.
    name : str
        What it is called in messages.
    """

    def __init__(self, given: str | Callback | object) -> None:
        self.plugin: Callback | None = None
        self.object = given
        if isinstance(given, type):
            raise ArgumentTypeError(f"callback {given.__name__} is a class; wanted an object: {given.__name__}(...)")
        if isinstance(given, (str, Callback)):
            self.plugin = registry.resolve(Callback, given)
            try:
                self.object = self.plugin.make(**self.plugin.settings)
            except (Exception, SystemExit) as error:
                if isinstance(error, NNFrameError) and registry.provider_of(self.plugin) == registry.BUILTIN_PROVIDER:
                    raise
                raise blamed_error(PluginError, self.plugin, "make", f"raised {one_line(error)}") from error
        self.name = self.plugin.spec if self.plugin else type(self.object).__name__
        # A manager for each, so that who raised is never in doubt.
        self._manager = pluggy.PluginManager("nnframe")
        self._manager.add_hookspecs(run_hookspecs)
        try:
            self._manager.register(self.object)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise ArgumentTypeError(
                f"callback {self.name}: {one_line(error)}; the hooks are {', '.join(RUN_HOOKS)}"
            ) from error
        callers = self._manager.get_hookcallers(self.object) or []
        if not {caller.name for caller in callers} & set(RUN_HOOKS):
            raise ArgumentTypeError(
                f"callback {shown(given)} has no method marked @nnframe.hookimpl for a hook of a run; "
                f"the hooks are {', '.join(RUN_HOOKS)}"
            )

    def call(self, hook: str, run: TrainingRun) -> None:
        """Call the callback's implementation of a hook, if it has one.

        Raises
        ------
        PluginError
            If it raises anything but an interrupt. What nnframe's own callbacks raise on purpose is passed on as it is.
        """
        try:
            getattr(self._manager.hook, hook)(run=run)
        except (Exception, SystemExit) as error:
            if isinstance(error, NNFrameError) and _is_of_nnframe(self.object):
                raise
            raise self._blamed(hook, error) from error

    def rank(self, hook: str) -> int:
        """Return 0 for an implementation marked with tryfirst, 2 for trylast, 1 for all others."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return next((1 - each.tryfirst + each.trylast for each in implementations), 1)

    def _blamed(self, hook: str, error: BaseException) -> PluginError:
        what = f"raised {one_line(error)}; the net has the weights that it had then"
        if self.plugin is not None:
            return blamed_error(PluginError, self.plugin, hook, what)
        return PluginError(f"callback {self.name}, {hook}: {what}", provider=type(self.object).__module__, hook=hook)


def in_order(followers: Sequence[Follower], hook: str) -> list[Follower]:
    """Return callbacks in the order in which a hook is called: that of the list, but for tryfirst and trylast."""
    return sorted(followers, key=lambda follower: follower.rank(hook))


def checked_followers(callbacks: Sequence[str | Callback | object]) -> list[Follower]:
    """Return the callbacks of a run, ready to be called.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If it is no list, or one has no hook of a run or is there twice.
    UnknownNameError, NameConflictError, PluginError
        If a name can't be found or used.
    """
    if isinstance(callbacks, (str, Callback)) or not isinstance(callbacks, Sequence):
        raise ArgumentTypeError(
            f"callbacks is {shown(callbacks)}; wanted a list such as ['progress', 'early_stopping']"
        )
    followers = [Follower(each) for each in callbacks]
    for i, follower in enumerate(followers):
        if any(follower.object is other.object for other in followers[:i]):
            raise ArgumentError(f"callbacks has the same {follower.name} twice; leave one out, or make another")
    return followers


def _is_of_nnframe(callback: object) -> bool:
    """Whether a callback is one of nnframe's own, or made from one."""
    return any(cls.__module__.startswith("nnframe.builtins.callbacks.") for cls in type(callback).__mro__)

"""The callbacks of a run: looked up, registered with one pluggy manager, called in order, and named in errors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from nnframe import registry
from nnframe.contracts.markers import hookimpl
from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, PluginError, one_line, shown
from nnframe.registry.blame import blamed_error
from nnframe.registry.guard import is_built_in

if TYPE_CHECKING:
    from nnframe.contracts.callback import Callback

TRAIN_START, TRAIN_END = "nnframe_train_start", "nnframe_train_end"
BATCH_END, PART_END, EPOCH_END = "nnframe_batch_end", "nnframe_part_end", "nnframe_epoch_end"
RUN_HOOKS = (TRAIN_START, BATCH_END, PART_END, EPOCH_END, TRAIN_END)


class CallbackRunner:
    """Calls the callbacks of one run.

    Parameters
    ----------
    callbacks : sequence of str, Callback or object
        In the order in which they are called, except where an implementation is marked with tryfirst or trylast.

    Attributes
    ----------
    named : list of (str, object)
        The callbacks, with their names in messages.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If a callback has no hook of a run, or is there twice.
    UnknownNameError, NameConflictError, PluginError
        If a name can't be found or used.
    """

    def __init__(self, callbacks: Sequence[str | Callback | object]) -> None:
        self._callbacks = [_RunCallback(each) for each in callbacks]
        self.named = [(each.name, each.object) for each in self._callbacks]
        for i, (name, found) in enumerate(self.named):
            if any(found is other for _, other in self.named[:i]):
                raise ArgumentError(f"callbacks has the same {name} twice; leave one out, or create another")
        # Of the hooks that a callback implements: pluggy takes microseconds to find that nobody does.
        self._callers: dict[str, Callable[..., object]] = {}
        if self._callbacks:
            # A run without callbacks doesn't pay for this import.
            from nnframe.contracts import run_hookspecs

            manager = _Manager("nnframe")
            manager.add_hookspecs(run_hookspecs)
            for each in self._callbacks:
                each.read_methods(manager)
            # pluggy calls first what was registered last, except among those that are marked with trylast.
            for each in reversed(self._callbacks):
                each.register(manager, trylast=False)
            for each in self._callbacks:
                each.register(manager, trylast=True)
            callers = {hook: getattr(manager.hook, hook) for hook in RUN_HOOKS}
            self._callers = {hook: caller for hook, caller in callers.items() if caller.get_hookimpls()}

    def start(self, run: object) -> None:
        """Call the callbacks at the start of the run.

        Raises
        ------
        PluginError
            If a callback fails. An error that one of nnframe's own callbacks raises on purpose is passed on unchanged.
        """
        for each in self._callbacks:
            each.is_started = False
        self.call(TRAIN_START, run)

    def call(self, hook: str, run: object) -> None:
        """Call all implementations of a hook; raises what `start` does."""
        if hook in self._callers:
            self._callers[hook](run=run)

    def has(self, hook: str) -> bool:
        """Whether a callback implements a hook."""
        return hook in self._callers

    def end(self, run: object) -> None:
        """Call every callback that was started at the end of the run, even if another fails or is interrupted.

        Raises
        ------
        PluginError, BaseException
            The first failure, once all have been called.
        """
        for each in self._callbacks:
            each.failure = None
        self.call(TRAIN_END, run)
        for each in self._callbacks:
            if each.failure is not None:
                raise each.failure


class _Manager(pluggy.PluginManager):
    """pluggy's, but for what can't be a hook, which it would take a third of a millisecond to look through."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name.startswith("__"):
            return None
        # Without evaluating properties.
        in_class = getattr(type(plugin), name, None)
        is_of_class = in_class is not None and name not in getattr(plugin, "__dict__", ())
        if is_of_class and not hasattr(in_class, f"{self.project_name}_impl"):
            return None
        return super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> pluggy.HookspecOpts | None:
        return super().parse_hookspec_opts(module_or_class, name) if name in RUN_HOOKS else None


class _RunCallback:
    """One callback, and how its errors are reported."""

    def __init__(self, given: str | Callback | object) -> None:
        from nnframe.contracts.callback import Callback

        self.plugin: Callback | None = None
        self.object = given
        self.is_started = False
        self.failure: BaseException | None = None
        self._methods: dict[str, Callable[..., None]] = {}
        self._trylast: set[str] = set()
        if isinstance(given, type):
            raise ArgumentTypeError(f"callback {given.__name__} is a class; expected an object: {given.__name__}(...)")
        if isinstance(given, (str, Callback)) or Callback.from_function(given) is not None:
            self.plugin = registry.resolve(Callback, given)  # type: ignore[arg-type]  # a function
            self.object = self._made(self.plugin)
        self.name = self.plugin.spec if self.plugin else type(self.object).__name__

    def read_methods(self, manager: pluggy.PluginManager) -> None:
        """Wrap the callback's hook methods, so that an error names the callback."""
        for name in dir(self.object):
            marks = manager.parse_hookimpl_opts(self.object, name)
            if marks is None:
                continue
            if marks.get("wrapper") or marks.get("hookwrapper"):
                raise ArgumentTypeError(
                    f"callback {self.name}: {name} is marked as a wrapper; expected a plain method: remove wrapper=True"
                )
            self._methods[name] = self._guarded(name, getattr(self.object, name))
            if marks.get("trylast"):
                self._trylast.add(name)
        if not self._methods:
            raise ArgumentTypeError(
                f"callback {shown(self.object)} has no method marked @nnframe.hookimpl for a hook of a run; "
                f"the hooks are {', '.join(RUN_HOOKS)}"
            )
        self._methods.setdefault(TRAIN_START, self._guarded(TRAIN_START, _ignore_start))

    def register(self, manager: pluggy.PluginManager, trylast: bool) -> None:
        """Register the methods that are marked with trylast, or all others."""
        methods = {name: each for name, each in self._methods.items() if (name in self._trylast) == trylast}
        if not methods:
            return
        try:
            manager.register(_Methods(methods))
            manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise ArgumentTypeError(
                f"callback {self.name}: {one_line(error)}; the hooks are {', '.join(RUN_HOOKS)}"
            ) from error

    def _guarded(self, hook: str, method: Callable[..., Any]) -> Callable[..., None]:
        # wraps() copies the marks that pluggy looks for, and lets it see the method's own arguments.
        @functools.wraps(method)
        def call(*arguments: object) -> None:
            if hook == TRAIN_START:
                self.is_started = True
            elif hook == TRAIN_END and not self.is_started:
                return
            try:
                try:
                    method(*arguments)
                except (Exception, SystemExit) as error:
                    if isinstance(error, NNFrameError) and _is_of_nnframe(self.object):
                        raise
                    raise self._blamed(hook, error) from error
            except BaseException as error:
                if hook != TRAIN_END:
                    raise
                # Raised by `CallbackRunner.end`, after the others were called.
                self.failure = error

        return call

    def _made(self, plugin: Callback) -> object:
        try:
            return plugin.make(**plugin.settings)
        except (Exception, SystemExit) as error:
            if isinstance(error, NNFrameError) and is_built_in(plugin):
                raise
            raise blamed_error(PluginError, plugin, "make", f"raised {one_line(error)}") from error

    def _blamed(self, hook: str, error: BaseException) -> PluginError:
        what = f"raised {one_line(error)}; the net keeps the weights it had at that moment"
        if self.plugin is not None:
            return blamed_error(PluginError, self.plugin, hook, what)
        return PluginError(f"callback {self.name}, {hook}: {what}", provider=type(self.object).__module__, hook=hook)


class _Methods:
    """An object with the given hook methods, to be registered."""

    def __init__(self, methods: dict[str, Callable[..., None]]) -> None:
        self.__dict__.update(methods)


@hookimpl
def _ignore_start(run: object) -> None:
    """Do nothing; a callback without a start of its own is started like the others."""


def _is_of_nnframe(callback: object) -> bool:
    """Whether a callback is one of nnframe's own, or derives from one."""
    return any(cls.__module__.startswith("nnframe.builtins.callbacks.") for cls in type(callback).__mro__)

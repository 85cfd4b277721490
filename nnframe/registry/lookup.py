"""The registry: from a name to the plugin object. `nnframe.registry.places` says where it looks for a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from nnframe.contracts.parameters import Parameter, wanted_type
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, UnknownNameError, with_type
from nnframe.registry.catalogue import Catalogue
from nnframe.registry.kinds import KINDS, kind_named, kind_of
from nnframe.registry.spec import Spec, Value, parse_spec

P = TypeVar("P", bound=Plugin)
# The places 1 to 3 of `nnframe.registry.places`, which contain only objects with the name.
PLACES_OF_ITS_NAME = 3
# So many texts with parameters are remembered.
MOST_TEXTS = 256


class Registry(Catalogue):
    """Finds plugin objects by name. All methods may be called from several threads.

    `Catalogue` has the parameters.
    """

    def pickle_with(self, reduce: Callable[[Any], tuple[Any, ...]]) -> None:
        """Let objects that are found from now on be pickled by a function, as `copyreg.pickle` takes it."""
        self._places.collector.reduce = reduce

    def make_new_locks(self) -> None:
        """Replace the locks, in a process that was forked."""
        self._places.make_new_locks()

    def get(self, kind: str, name: str | Plugin) -> Plugin:
        """Return the plugin object with a name, and with the parameters set in the name.

        Parameters
        ----------
        kind : str
            "activation", "loss" or any other row of `nnframe.registry.kinds.KINDS`.
        name : str, plugin object or function
            ``"relu"``, ``"leaky_relu(alpha=0.2)"`` or ``"distribution/name"``; an object of the kind is returned as
            it is. Where a plain function says all there is to say (an activation, a loss, a metric, a callback for the
            end of each epoch), a function will do.

        Raises
        ------
        UnknownNameError
            If nothing provides it.
        NameConflictError
            If several do.
        PluginError, MissingDependencyError
            If the plugin that should provide it is broken, or needs something that is not installed.
        ArgumentError, ArgumentTypeError
            If the text is not a name, or sets a parameter that doesn't exist or doesn't fit.
        """
        return self.resolve(kind_named(kind).type, name)

    def get_all_kinds(self, name: str) -> list[tuple[str, Plugin]]:
        """Return the plugins with a name, of all kinds; an activation and a loss may share one.

        Raises
        ------
        UnknownNameError, NameConflictError, PluginError, MissingDependencyError
            If there is none of any kind, if there are several of one, or if it is broken.
        ArgumentError, ArgumentTypeError
            If the name sets a parameter that none of them has.
        """
        found: list[tuple[str, Plugin]] = []
        refusals: list[NNFrameError] = []
        for kind in KINDS:
            with suppress(UnknownNameError):
                try:
                    found.append((kind, self.get(kind, name)))
                except (ArgumentError, ArgumentTypeError) as error:
                    # Of two that share a name, one may have the parameter.
                    refusals.append(error)
        if refusals and not found:
            raise refusals[0]
        if not found:
            known = {kind: self._places.loaded(kind) for kind in KINDS}
            # Only an error needs its words.
            from nnframe.registry.messages import unknown_of_all_kinds

            raise unknown_of_all_kinds(
                parse_spec(name), known, self._places.loader.enabled(), self._places.loader.disabled()
            )
        return found

    def resolve(self, wanted: type[P], name: str | Plugin | Callable[..., Any]) -> P:
        """Do what `get` does, with the kind given as a class."""
        if isinstance(name, wanted):
            return name
        kind = kind_of(wanted)
        if isinstance(name, str):
            spec = parse_spec(name)
            found = self._found(wanted, spec)
            return self._set_in_text(found, name, spec.parameters) if spec.parameters else found
        made = kind.type.from_function(name) if kind.takes_functions else None
        if isinstance(made, wanted):
            return made
        function = " or a function" if kind.takes_functions else ""
        raise ArgumentTypeError(
            f"{kind.name} is {with_type(name)}; expected a name{self._example(kind.name)},{function} or an object of "
            f"{wanted.__module__}.{wanted.__name__}"
        )

    def _set_in_text(self, plugin: P, text: str, parameters: Mapping[str, Value]) -> P:
        """Do what `set_parameters` does, and keep the result: programs that train many nets use few texts."""
        known = self._made_of_text.get(text)
        if known is not None and known[0] is plugin and isinstance(known[1], type(plugin)):
            return known[1]
        made = self.set_parameters(plugin, parameters)
        # What another name means may change.
        if not any(isinstance(made.settings[key], Plugin) for key in parameters):
            if len(self._made_of_text) >= MOST_TEXTS:
                self._made_of_text.clear()
            self._made_of_text[text] = plugin, made
        return made

    def set_parameters(self, plugin: P, values: Mapping[str, Value]) -> P:
        """Return a plugin with parameters from a parsed text; the name of a plugin is replaced by that plugin.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If there is no such parameter, or its value doesn't fit.
        UnknownNameError, NameConflictError, PluginError, MissingDependencyError
            If a plugin that is named can't be had.
        """
        if not values:
            return plugin
        found: dict[str, Parameter] = {}
        for key, value in values.items():
            wanted = wanted_type(plugin.params[key], plugin.limits.get(key)) if key in plugin.params else None
            if wanted is not None and issubclass(wanted, Plugin) and isinstance(value, (str, Spec)):
                spec = parse_spec(value) if isinstance(value, str) else value
                found[key] = self.set_parameters(self._found(wanted, spec), spec.parameters)
            elif isinstance(value, Spec):
                raise ArgumentTypeError(
                    f"{plugin.name}: parameter {key} is {value.qualified_name}(...), a name with parameters; expected "
                    f"a value without brackets: text that has them goes in quotes"
                )
            else:
                found[key] = value
        return plugin.with_params(**found)

    def find(self, wanted: type[P], name: str, accepts: Callable[[P], bool] | None = None) -> P | None:
        """Return the plugin object that claims a name, or None, importing no plugin that is named otherwise.

        It looks for built-in objects, for those registered in code, and for those of installed entry points with this
        name; for ``"distribution/name"``, for all of that distribution. `resolve` looks into every installed plugin, so
        this is for names that a file chose: its content or its suffix must not decide how much is imported.

        Parameters
        ----------
        wanted : type
            The class of the kind.
        name : str
            ``"name"`` or ``"distribution/name"``.
        accepts : callable, optional
            ``accepts(object) -> bool``, in place of comparing the object's name.

        Raises
        ------
        NameConflictError
            If several provide it.
        PluginError, MissingDependencyError
            If the plugin that should provide it is broken.
        ArgumentError
            If the text is not a name.
        """
        kind, spec = kind_of(wanted), parse_spec(name)
        n_places = None if spec.provider else PLACES_OF_ITS_NAME
        found: P | None = self._places.first(kind, spec, n_places, accepts)
        if found is None:
            error = self._places.broken(spec)
            if error is not None:
                raise error
        return found

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add a plugin to this process; it takes precedence over installed ones.

        It replaces what the same module registered under the same name, so that a notebook cell can be run twice.
        Registering the same object again has no effect.

        Parameters
        ----------
        plugin : object
            An `Activation`, a `Loss` and so on, or a module or object with hook implementations.
        name : str, optional
            What stands before the slash in ``"name/activation"``. Default: the module's name.

        Raises
        ------
        RegistrationError
            If it offers a name that is built in. Nothing is registered then.
        PluginError
            If it has no hook implementation, or one that raises or returns something unusable.
        """
        with self._places.lock:
            self._places.registrations.add(plugin, name)

    def unregister(self, plugin: object) -> None:
        """Remove a plugin that `register` added. Nets that were built with it keep it.

        Raises
        ------
        RegistrationError
            If it isn't registered.
        """
        with self._places.lock:
            self._places.registrations.remove(plugin)

    @contextmanager
    def temporarily(self, plugin: object, name: str | None = None) -> Iterator[None]:
        """Register a plugin for the length of a ``with`` block; see `register`."""
        with self._places.lock:
            is_new = self._places.registrations.add(plugin, name)
        try:
            yield
        finally:
            with self._places.lock:
                # Another plugin may have replaced it.
                if is_new and self._places.registrations.has(plugin):
                    self._places.registrations.remove(plugin)

    def _example(self, kind: str) -> str:
        builtin = next(iter(self._places.builtin(kind)), None)
        return f" such as {builtin!r}" if builtin else ""

    def _found(self, wanted: type[P], spec: Spec) -> P:
        kind = kind_of(wanted)
        found: P | None = self._places.first(kind, spec)
        if found is None:
            raise self._places.unknown(kind, spec)
        return found

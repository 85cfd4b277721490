"""The registry: from a name to the plugin object. `nnframe.registry.places` says where it looks for a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from nnframe.contracts.parameters import Parameter, wanted_type
from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, NNFrameError, UnknownNameError, with_type
from nnframe.registry.kinds import KINDS, kind_named, kind_of
from nnframe.registry.loader import Attempt
from nnframe.registry.messages import unknown_of_all_kinds
from nnframe.registry.places import Places
from nnframe.registry.provider import Provider, items_of
from nnframe.registry.spec import Spec, Value, parse_spec

if TYPE_CHECKING:
    from nnframe.registry.overview_rows import Row

P = TypeVar("P", bound=Plugin)
# The places 1 to 3 above, which contain only objects with the name.
PLACES_OF_ITS_NAME = 3


class Registry:
    """Finds plugin objects by name. All methods may be called from several threads.

    Parameters
    ----------
    builtin_modules : mapping of str to sequence of str
        For each kind, the modules whose names nobody else can take.
    builtin_provider : Provider
        Who they come from.
    """

    def __init__(self, builtin_modules: Mapping[str, Sequence[str]], builtin_provider: Provider) -> None:
        self.builtin_provider = builtin_provider
        self._places = Places(builtin_modules, builtin_provider)

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
            return self.set_parameters(self._found(wanted, spec), spec.parameters)
        made = kind.type.from_function(name) if kind.takes_functions else None
        if isinstance(made, wanted):
            return made
        function = " or a function" if kind.takes_functions else ""
        raise ArgumentTypeError(
            f"{kind.name} is {with_type(name)}; expected a name{self._example(kind.name)},{function} or an object of "
            f"{wanted.__module__}.{wanted.__name__}"
        )

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

    def registered_in_code(self, kind: str, name: str) -> Plugin | None:
        """Return the object that this process registered under a name in any module, if there is exactly one."""
        found = [objects[kind][name] for objects, _ in self._places.registered() if name in objects.get(kind, {})]
        return found[0] if len(found) == 1 else None

    def registered(self) -> list[tuple[str, Plugin]]:
        """Return the objects that this process registered in code, each after the name of its provider.

        ``registry.register(object, provider)`` registers one again in another process.
        """
        return [
            (provider.name, item) for objects, provider in self._places.registered() for _, item in items_of(objects)
        ]

    def names(self, kind: str) -> list[str]:
        """Return all names of a kind, sorted. This imports every installed plugin; broken ones are skipped."""
        kind_named(kind)
        self._places.loader.look_again()
        return sorted(self._places.loaded(kind, Attempt()))

    def is_claimed(self, kind: str, name: str) -> bool:
        """Return whether a name is built in, registered in code or claimed by an entry point; imports no plugin.

        An entry point claims the name that it has itself, also if it is disabled. Others may provide a name too.
        """
        sources = [*self._places.builtin_source(kind), *self._places.registered()]
        return any(name in objects.get(kind, {}) for objects, _ in sources) or any(
            plugin.claim == name and plugin.may_provide(kind) for plugin in self._places.loader.installed()
        )

    def declared(self, kind: str) -> list[str]:
        """Return the names that are known to be of a kind without importing any plugin, sorted.

        Those are the built-in ones, those registered in code, and those of entry points that name their kind, as
        ``command.predict`` does, unless they are disabled.
        """
        sources = [*self._places.builtin_source(kind), *self._places.registered()]
        names = {name for objects, _ in sources for name in objects.get(kind, {})}
        return sorted(names | {plugin.claim for plugin in self._places.loader.enabled() if plugin.is_of(kind)})

    def overview(self) -> list[Row]:
        """Return a row for each object and name, with broken plugins last.

        This imports every installed plugin, and raises for none.
        """
        # Only needed here.
        from nnframe.registry.overview_rows import Claim, overview_rows

        self._places.loader.look_again()
        enabled = self._places.loader.enabled()
        self._places.loader.load(enabled, Attempt())
        claims = []
        for place, sources in enumerate([self._places.builtin_source(*KINDS), self._places.registered()]):
            for objects, provider in sources:
                claims += [Claim(kind, item, provider, place) for kind, item in items_of(objects)]
        for plugin in enabled:
            for kind, item in items_of(plugin.objects or {}):
                place = 2 if plugin.claim == item.name else 3
                claims.append(Claim(kind, item, plugin.provider, place, plugin.distribution.damage))
        return overview_rows(claims, [plugin for plugin in enabled if plugin.error], self._places.loader.disabled())

    def provider_of(self, plugin: Plugin) -> Provider | None:
        """Return the provider of an object, with any parameters; None if it was never registered."""
        self._places.builtin(kind_of(type(plugin)).name)
        return self._places.collector.provider_of(plugin)

    def claims_of(self, plugin: Plugin) -> list[str]:
        """Return the names of the entry points that lead to an object; none for one that isn't installed."""
        kind, base = kind_of(type(plugin)).name, plugin.base
        loaded = [each for each in self._places.loader.enabled(kind) if each.objects is not None]
        return [each.claim for each in loaded if (each.objects or {}).get(kind, {}).get(plugin.name) == base]

    def refers_to(self, kind: str, name: str, plugin: Plugin) -> bool:
        """Return whether a name in a declaration, such as a key of ``fused``, refers to this object.

        A built-in name means the built-in alone; any other plain name means whatever is called so.
        """
        spec = parse_spec(name)
        if spec.name != plugin.name:
            return False
        provider = self.provider_of(plugin)
        if spec.provider is not None:
            return provider is not None and provider.matches(spec.provider)
        return spec.name not in self._places.builtin(kind) or provider == self.builtin_provider

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

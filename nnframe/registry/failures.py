"""The registry's error messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nnframe.errors import NameConflictError, PluginError, UnknownNameError, one_line
from nnframe.registry.installed import DISABLE_VARIABLE, InstalledPlugin
from nnframe.registry.kinds import Kind
from nnframe.registry.provider import Offer, blame
from nnframe.registry.spec import Spec

MOST_NAMES_LISTED = 20


def failed_import(plugin: InstalledPlugin, cause: BaseException) -> PluginError:
    """Return the error for an entry point that could not be imported."""
    error = blame(plugin.provider, f"importing {plugin.entry_point.value} raised {one_line(cause)}", "import")
    error.__cause__ = cause
    return error


def name_conflict(kind: Kind, spec: Spec, offers: Sequence[Offer]) -> NameConflictError:
    """Return the error for a name that several plugins provide."""
    providers = sorted({str(offer.provider) for offer in offers})
    example = min(offer.provider.name for offer in offers) + "/" + spec.name
    return NameConflictError(
        f"several plugins provide the {kind.name} {spec.name!r}: {', '.join(providers)}; "
        f"say which, as in {example!r}, or leave one out with {DISABLE_VARIABLE}"
    )


def unknown_name(
    kind: Kind,
    spec: Spec,
    known: Sequence[str],
    enabled: Iterable[InstalledPlugin],
    disabled: Iterable[InstalledPlugin],
) -> UnknownNameError:
    """Return the error for a name that nothing provides, with what may have been meant."""
    # Only mistakes need it, and it isn't free to import.
    from difflib import get_close_matches

    sentences = []
    whose = f" of {spec.provider!r}" if spec.provider else ""
    close = get_close_matches(spec.name, known, n=3)
    guess = f"; did you mean {' or '.join(map(repr, close))}?" if close else "."
    sentences.append(f"There is no {kind.name} {spec.name!r}{whose}{guess}")
    if len(known) <= MOST_NAMES_LISTED:
        sentences.append(f"Known are {', '.join(known)}.")
    else:
        sentences.append(f"nnframe.registry.names({kind.name!r}) lists the {len(known)} known ones.")
    broken = sorted({f"{plugin.provider} ({plugin.reason})" for plugin in enabled if plugin.error})
    if broken:
        sentences.append(f"Not loaded, because broken: {', '.join(broken)}.")
    left_out = sorted({str(plugin.provider) for plugin in disabled})
    if left_out:
        sentences.append(f"Not loaded, because {DISABLE_VARIABLE} says so: {', '.join(left_out)}.")
    if not close:
        sentences.append("Install the distribution that provides it, or pass the object itself.")
    return UnknownNameError(" ".join(sentences))

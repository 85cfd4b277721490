"""The registry's error messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from nnframe.contracts.plugin import Plugin
from nnframe.errors import NameConflictError, PluginError, UnknownNameError, one_line
from nnframe.registry.installed import DISABLE_VARIABLE, InstalledPlugin
from nnframe.registry.kinds import Kind
from nnframe.registry.provider import Offer, blame
from nnframe.registry.spec import Spec

MOST_NAMES_LISTED = 20
MOST_GUESSES = 3
WORD = re.compile(r"[a-z]{3,}")


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
    known: Mapping[str, Plugin],
    enabled: Sequence[InstalledPlugin],
    disabled: Iterable[InstalledPlugin],
) -> UnknownNameError:
    """Return the error for a name that nothing provides, with what may have been meant.

    Parameters
    ----------
    kind : Kind
    spec : Spec
    known : mapping of str to Plugin
        All that there is of the kind.
    enabled, disabled : sequence of InstalledPlugin
    """
    whose = f" of {spec.provider!r}" if spec.provider else ""
    close = _meant_by(spec.name, known)
    guess = f"; did you mean {' or '.join(map(repr, close))}?" if close else "."
    sentences = [f"There is no {kind.name} {spec.name!r}{whose}{guess}"]
    if len(known) <= MOST_NAMES_LISTED:
        sentences.append(f"Known are {', '.join(sorted(known))}.")
    else:
        sentences.append(f"nnframe.registry.names({kind.name!r}) lists the {len(known)} known ones.")
    sentences += _not_loaded(enabled, disabled)
    if not close:
        sentences.append("Install the distribution that provides it, or pass the object itself.")
    return UnknownNameError(" ".join(sentences))


def unknown_of_all_kinds(
    spec: Spec,
    known: Mapping[str, Mapping[str, Plugin]],
    enabled: Sequence[InstalledPlugin],
    disabled: Iterable[InstalledPlugin],
) -> UnknownNameError:
    """Return the error for a name that nothing of any kind has; the parameters are those of `unknown_name`."""
    whose = f" of {spec.provider!r}" if spec.provider else ""
    close = [f"the {kind} {name!r}" for kind, named in known.items() for name in _meant_by(spec.name, named)]
    guess = f"; did you mean {' or '.join(close)}?" if close else "."
    sentences = [f"There is no plugin {spec.name!r}{whose}{guess}"]
    if any(plugin.provider.matches(spec.name) for plugin in enabled):
        sentences.append("It is a distribution, which can be checked as a whole, but not shown.")
    sentences += _not_loaded(enabled, disabled)
    sentences.append("The command nnframe plugins lists all that there are.")
    return UnknownNameError(" ".join(sentences))


def _meant_by(name: str, known: Mapping[str, Plugin]) -> list[str]:
    """Return the names that look like one, or else those whose plugins say in their first sentence that they are it."""
    # Only mistakes need it, and it isn't free to import.
    from difflib import get_close_matches

    words = set(re.findall(WORD, name))
    return (
        get_close_matches(name, known, n=MOST_GUESSES)
        or [
            other
            for other, plugin in known.items()
            if words and words <= set(re.findall(WORD, plugin.documentation.lower().partition("\n\n")[0]))
        ][:MOST_GUESSES]
    )


def _not_loaded(enabled: Iterable[InstalledPlugin], disabled: Iterable[InstalledPlugin]) -> list[str]:
    sentences = []
    broken = sorted({f"{plugin.provider} ({plugin.reason})" for plugin in enabled if plugin.error})
    if broken:
        sentences.append(f"Not loaded, because broken: {', '.join(broken)}.")
    left_out = sorted({str(plugin.provider) for plugin in disabled})
    if left_out:
        sentences.append(f"Not loaded, because {DISABLE_VARIABLE} says so: {', '.join(left_out)}.")
    return sentences

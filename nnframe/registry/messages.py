"""The registry's error messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nnframe.contracts.plugin import Plugin
from nnframe.errors import NameConflictError, UnknownNameError
from nnframe.registry.installed import DISABLE_VARIABLE, InstalledPlugin
from nnframe.registry.kinds import KINDS, Kind
from nnframe.registry.known import Alias, alias_of, distributions_with, similar_names
from nnframe.registry.provider import Offer
from nnframe.registry.spec import Spec

MOST_NAMES_LISTED = 20
MOST_GUESSES = 3
# Kinds that are asked for on the command line, where there are no objects.
ONLY_NAMED = ("command", "reader")


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
    """Return the error for an unknown name, with what to install or a name that may be meant.

    Parameters
    ----------
    kind : Kind
    spec : Spec
    known : mapping of str to Plugin
        All that there is of the kind.
    enabled, disabled : sequence of InstalledPlugin
    """
    sentences = [f"There is no {kind.name} {spec.name!r}{_of_whom(spec)}"]
    explanation = _explanation(kind, spec, known, list(disabled))
    if explanation:
        return UnknownNameError(f"{sentences[0]}{explanation}")
    sentences[0] += "."
    others = [other for other in KINDS if other != kind.name and distributions_with(other, spec.name)]
    if others:
        sentences.append(f"{spec.name!r} is the name of {' and '.join(map(_with_article, others))}.")
    if not known:
        sentences.append(f"No {kind.name} is installed.")
    elif len(known) <= MOST_NAMES_LISTED:
        sentences.append(f"Known are {', '.join(sorted(known))}.")
    else:
        sentences.append(f"nnframe.registry.names({kind.name!r}) lists the {len(known)} known ones.")
    sentences += _broken(enabled)
    alternative = "" if kind.name in ONLY_NAMED else ", or pass the object itself"
    sentences.append(f"Install the distribution that provides it{alternative}.")
    return UnknownNameError(" ".join(sentences))


def unknown_of_all_kinds(
    spec: Spec,
    known: Mapping[str, Mapping[str, Plugin]],
    enabled: Sequence[InstalledPlugin],
    disabled: Iterable[InstalledPlugin],
) -> UnknownNameError:
    """Return the error for a name that is unknown in all kinds; the parameters are those of `unknown_name`."""
    left_out = list(disabled)
    start = f"There is no plugin {spec.name!r}{_of_whom(spec)}"
    for kind, named in known.items():
        explanation = _explanation(KINDS[kind], spec, named, left_out, guess=False)
        if explanation:
            return UnknownNameError(f"{start}{explanation.replace('; ', f'; as {_with_article(kind)}, ', 1)}")
    close = [f"the {kind} {name!r}" for kind, named in known.items() for name in similar_names(kind, spec.name, named)][
        :MOST_GUESSES
    ]
    sentences = [start + (f"; did you mean {' or '.join(close)}?" if close else ".")]
    if any(plugin.provider.matches(spec.name) for plugin in enabled):
        sentences.append("It is a distribution, which can be checked as a whole, but not shown.")
    if not close:
        sentences += _broken(enabled)
    sentences.append("The command nnframe plugins lists all that there are.")
    return UnknownNameError(" ".join(sentences))


def _explanation(
    kind: Kind, spec: Spec, known: Mapping[str, Plugin], disabled: Iterable[InstalledPlugin], guess: bool = True
) -> str:
    """Return the rest of the sentence if it is clear what to do about a name, else an empty text."""
    for plugin in disabled:
        if plugin.claim == spec.name and (spec.provider is None or spec.admits(plugin.provider)):
            return f"; {plugin.provider} has it, but {DISABLE_VARIABLE} leaves that out: change the variable"
    distributions = distributions_with(kind.name, spec.name)
    if distributions and spec.provider is None:
        return f" installed; {distributions[0]} has it: pip install {distributions[0]}"
    alias = alias_of(kind.name, spec.name, known)
    if alias:
        return f"; {_alias_sentence(kind, alias, known)}"
    close = similar_names(kind.name, spec.name, known)[:MOST_GUESSES] if guess else []
    if close:
        return f"; did you mean {' or '.join(_with_origin(kind, each, known) for each in close)}?"
    return ""


def _alias_sentence(kind: Kind, alias: Alias, known: Mapping[str, Plugin]) -> str:
    if not alias.name:
        return alias.note
    note = f", {alias.note}" if alias.note else ""
    name = _with_origin(kind, alias.name, known)
    return f"nnframe calls it {name}{note}"


def _with_origin(kind: Kind, name: str, known: Mapping[str, Plugin]) -> str:
    """Return a name in quotes, with what to install if it isn't installed."""
    distributions = [] if name in known else distributions_with(kind.name, name)
    return f"{name!r} (pip install {distributions[0]})" if distributions else repr(name)


def _of_whom(spec: Spec) -> str:
    return f" of {spec.provider!r}" if spec.provider else ""


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _broken(enabled: Iterable[InstalledPlugin]) -> list[str]:
    """Return a sentence about distributions that can't be loaded, because one of them may have the name."""
    broken = sorted({plugin.provider.name for plugin in enabled if plugin.error})
    if not broken:
        return []
    return [f"Plugins that can't be loaded may have it: {', '.join(broken)}; nnframe plugins says why they can't."]

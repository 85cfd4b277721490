"""The content of the registry as a table: what works, what is shadowed, and what is broken and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from nnframe.contracts.plugin import Plugin
from nnframe.registry.installed import DISABLE_VARIABLE, InstalledPlugin
from nnframe.registry.provider import Provider, normalized

State: TypeAlias = Literal["ok", "shadowed", "conflict", "disabled", "broken"]
STATES: tuple[State, ...] = ("ok", "shadowed", "conflict", "disabled", "broken")


class Claim(NamedTuple):
    """An object that is offered under a name.

    Attributes
    ----------
    kind : str
    object : Plugin
    provider : Provider
    place : int
        Where it was found; the lowest decides.
    damage : str
        What is wrong with the distribution's metadata, though it can be used.
    """

    kind: str
    object: Plugin
    provider: Provider
    place: int
    damage: str = ""


class Row(NamedTuple):
    """The state of a name.

    Attributes
    ----------
    kind : str or None
        None for a plugin that was not loaded, so that nobody knows what it provides.
    name : str
        The object's name, or the entry point's.
    provider : str
        The distribution, or the module for what was registered in code.
    version : str or None
        The distribution's version.
    state : str
        "ok"; "shadowed" by a provider that goes first; "conflict" with another of the same rank; "disabled"; "broken".
    detail : str
        Who shadows or conflicts, why it is broken, or what is wrong with the distribution's metadata.
    """

    kind: str | None
    name: str
    provider: str
    version: str | None
    state: State
    detail: str

    @property
    def qualified_name(self) -> str:
        """Provider and name, which find the object whatever its state."""
        return f"{self.provider}/{self.name}"

    def is_from(self, provider: str) -> bool:
        """Whether a provider's name, however it is written, means this row's."""
        return normalized(self.provider) == normalized(provider)


def overview_rows(
    claims: Iterable[Claim], broken: Iterable[InstalledPlugin], disabled: Iterable[InstalledPlugin]
) -> list[Row]:
    """Return a row for each object and each plugin that provides none, sorted by state, kind and name."""
    by_name: defaultdict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        by_name[claim.kind, claim.object.name].append(claim)
    rows = [row for rivals in by_name.values() for row in _judged(rivals)]
    for plugin in broken:
        rows.append(Row(None, plugin.claim, *plugin.provider, "broken", plugin.reason))
    for plugin in disabled:
        rows.append(Row(None, plugin.claim, *plugin.provider, "disabled", f"by {DISABLE_VARIABLE}"))
    return sorted(rows, key=lambda row: (STATES.index(row.state), row.kind or "", row.name, row.provider))


def _judged(rivals: list[Claim]) -> list[Row]:
    """Return the rows of all objects with one name."""
    first = min(claim.place for claim in rivals)
    winners = [claim for claim in rivals if claim.place == first]
    contested = len({id(claim.object) for claim in winners}) > 1
    rows: dict[tuple[Provider, int], Row] = {}
    for claim in sorted(rivals, key=lambda claim: claim.place):
        others = sorted({str(winner.provider) for winner in winners if winner.provider != claim.provider})
        state: State = "shadowed" if claim.place > first else "conflict" if contested else "ok"
        detail = {"shadowed": "by ", "conflict": "with "}.get(state, claim.damage) + (
            ", ".join(others) if state != "ok" else ""
        )
        # One object may be reached by several entry points of its distribution: the best of them counts.
        rows.setdefault(
            (claim.provider, id(claim.object)), Row(claim.kind, claim.object.name, *claim.provider, state, detail)
        )
    return list(rows.values())

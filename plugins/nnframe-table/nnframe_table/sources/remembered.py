"""A small table is read once and remembered; a large one is read again."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nnframe_table.sources.source import Chunk, Source

MOST_BYTES = 1 << 26


class RememberedSource:
    """A source whose chunks stay in memory after the first pass, if they are few.

    Parameters
    ----------
    source : Source
    """

    def __init__(self, source: Source) -> None:
        self.name, self.columns, self.row_hint = source.name, source.columns, source.row_hint
        self.remarks: list[str] = getattr(source, "remarks", [])
        self._source = source
        self._kept: list[Chunk] | None = None
        self._names: set[str] = set()

    def chunks(self, columns: Collection[str]) -> Iterator[Chunk]:
        """Read some of the columns from the first row on."""
        if self._kept is not None and self._names.issuperset(columns):
            for chunk in self._kept:
                yield Chunk(chunk.first, chunk.n_rows, {name: chunk.cells[name] for name in columns})
            return
        kept: list[Chunk] = []
        room = MOST_BYTES
        for chunk in self._source.chunks(columns):
            room -= sum(cells.n_bytes for cells in chunk.cells.values()) if room >= 0 else 0
            if room >= 0:
                kept.append(chunk)
            else:
                kept.clear()
            yield chunk
        if room >= 0:
            self._kept, self._names = kept, set(columns)

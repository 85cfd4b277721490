"""A text file in blocks of complete rows that stay small in memory, however short or long its lines are."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnframe.arrays import Array
from nnframe.errors import DataError

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LONGEST_MARK = 4
LINE_FEED, CARRIAGE_RETURN, QUOTE = 10, 13, 34


class TextFile:
    """The content of a file as UTF-8, whatever Unicode encoding it has, compressed by gzip or not.

    Parameters
    ----------
    path : pathlib.Path
        Ends in ``.gz`` if it is compressed.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        opened: Any = gzip.open if path.suffix.lower() == ".gz" else open
        self._file: IO[bytes] = opened(path, "rb")
        start = self._file.read(LONGEST_MARK)
        encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        self._encoding = encoding.removesuffix("-sig").upper()
        self._decoder: Any = None if self._encoding == "UTF-8" else codecs.getincrementaldecoder(encoding)()
        self._held = self._as_utf8(start.removeprefix(codecs.BOM_UTF8))

    def read(self, size: int) -> bytes:
        """Return about so many bytes; none at the end of the file."""
        block, self._held = self._held, b""
        while len(block) < size:
            more = self._file.read(size - len(block))
            block += self._as_utf8(more)
            if not more:
                break
        return block

    def __enter__(self) -> TextFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _as_utf8(self, content: bytes) -> bytes:
        if self._decoder is None:
            return content
        try:
            text: str = self._decoder.decode(content, final=not content)
            return text.encode()
        except UnicodeError as error:
            raise DataError(f"{self.name} is not text in {self._encoding}, as it begins: {error}") from None


def row_blocks(file: TextFile, delimiter: str, size: int, most_lines: int) -> Iterator[tuple[bytes, int]]:
    """Yield the rows below the header of a csv file in blocks, each with the number of its rows.

    Parameters
    ----------
    file : TextFile
    delimiter : str
    size : int
        The length of a block in bytes, and the most that a row may have.
    most_lines : int
        The most rows of a block: a parser allocates for each row as many cells as there are columns.

    Raises
    ------
    DataError
        If a row is longer, or a quote never closes.
    """
    block, header = b"", True
    while True:
        more = file.read(size)
        block += more
        if not block:
            return
        ends = _row_ends(block, ord(delimiter), last=not more)
        if not len(ends):
            never_closed = "; a double quote that opens and never closes makes such a row"
            if not more:
                raise DataError(f"{file.name} ends within double quotes; a double quote opens and never closes")
            if len(block) >= size:
                raise DataError(f"{file.name} has a row of more than {size:,} bytes{never_closed}")
        start = 0
        if header and len(ends):
            start, ends, header = int(ends[0]), ends[1:], False
        for i in range(0, len(ends), most_lines):
            rows = ends[i : i + most_lines]
            yield block[start : rows[-1]], len(rows)
            start = int(rows[-1])
        block = block[start:]


def _row_ends(block: bytes, delimiter: int, last: bool) -> Array:
    """Return the index after each row that is complete; with `last`, the end of the block completes a row too."""
    content = np.frombuffer(block, np.uint8)
    returns = content == CARRIAGE_RETURN
    returns[:-1] &= content[1:] != LINE_FEED
    # A carriage return at the end may be the first half of a line end.
    returns[-1] &= last
    ends = np.flatnonzero((content == LINE_FEED) | returns) + 1
    open_quote = False
    if b'"' in block:
        bounds = _quoted_parts(content, delimiter)
        open_quote = len(bounds) % 2 == 1
        ends = ends[np.searchsorted(bounds, ends) % 2 == 0]
    if last and not open_quote and (not len(ends) or ends[-1] < len(block)):
        ends = np.append(ends, len(block))
    return ends


def _quoted_parts(content: Array, delimiter: int) -> Array:
    """Return the indices of quotes that open and close, in turns, for content that begins with a row.

    A quote opens only at the beginning of a value, and two quotes within quotes stand for one.
    """
    quotes = np.flatnonzero(content == QUOTE)
    borders = (delimiter, LINE_FEED, CARRIAGE_RETURN)
    opening = (quotes == 0) | np.isin(content[quotes - 1], borders)
    after_quote = np.diff(quotes, prepend=-2) == 1
    # In a proper file every other quote opens a value, or goes on after a quote that would have closed it.
    if (opening | after_quote)[::2].all():
        closing = quotes[1::2]
        following = content[np.minimum(closing + 1, len(content) - 1)]
        if (np.isin(following, (*borders, QUOTE)) | (closing == len(content) - 1)).all():
            return quotes
    found: list[int] = []
    positions, starts = quotes.tolist(), opening.tolist()
    i = 0
    while i < len(positions):
        if not starts[i]:
            i += 1
            continue
        found.append(positions[i])
        i += 1
        while i + 1 < len(positions) and positions[i + 1] == positions[i] + 1:
            i += 2
        if i < len(positions):
            found.append(positions[i])
            i += 1
    return np.array(found, np.int64)

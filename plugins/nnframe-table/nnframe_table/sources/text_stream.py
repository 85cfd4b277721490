"""A text file as a stream of UTF-8, in blocks that stay small in memory however short the lines are."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnframe.errors import DataError

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LONGEST_MARK = 4
LINE_FEED, CARRIAGE_RETURN = 10, 13


class TextStream:
    """The content of a file as UTF-8, whatever Unicode encoding it has, compressed by gzip or not.

    Parameters
    ----------
    path : pathlib.Path
        Ends in ``.gz`` if it is compressed.
    most_lines : int, optional
        A block ends after so many lines. pyarrow makes a block of what one call of `read` returns, and allocates for
        each of its lines the offsets of all columns.
    """

    closed = False

    def __init__(self, path: Path, most_lines: int | None = None) -> None:
        self._name = str(path)
        opened: Any = gzip.open if path.suffix.lower() == ".gz" else open
        self._file: IO[bytes] = opened(path, "rb")
        start = self._file.read(LONGEST_MARK)
        encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        self.encoding = encoding.removesuffix("-sig")
        self._decoder: Any = None if encoding in ("utf-8", "utf-8-sig") else codecs.getincrementaldecoder(encoding)()
        self._held = self._as_utf8(start.removeprefix(codecs.BOM_UTF8))
        self._most_lines = most_lines

    def read(self, size: int) -> bytes:
        """Return at most so many bytes; none at the end of the file."""
        block, self._held = self._held[:size], self._held[size:]
        while len(block) < size and not self._held:
            more = self._file.read(size - len(block))
            utf8 = self._as_utf8(more)
            room = size - len(block)
            block, self._held = block + utf8[:room], utf8[room:]
            if not more:
                break
        end = self._end_of_lines(block)
        self._held = block[end:] + self._held
        return block[:end]

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()

    def __enter__(self) -> TextStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _as_utf8(self, content: bytes) -> bytes:
        if self._decoder is None:
            return content
        try:
            text: str = self._decoder.decode(content, final=not content)
            return text.encode()
        except UnicodeError as error:
            raise DataError(f"{self._name} is not text in {self.encoding.upper()}, as it begins: {error}") from None

    def _end_of_lines(self, block: bytes) -> int:
        """Return where a block ends that has no more lines than it may have."""
        if self._most_lines is None or block.count(b"\n") + block.count(b"\r") <= self._most_lines:
            return len(block)
        characters = np.frombuffer(block, np.uint8)
        alone = characters == CARRIAGE_RETURN
        alone[:-1] &= characters[1:] != LINE_FEED
        # The last character may be the first half of a line end.
        alone[-1] = False
        ends = np.flatnonzero((characters == LINE_FEED) | alone)
        return int(ends[self._most_lines]) + 1 if len(ends) > self._most_lines else len(block)

"""Log lines: what a child prints, made harmless: whole lines, valid text, a bounded amount."""

from collections import deque
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 4096
"""Bytes of one line. A child that prints no line ends is cut here."""

LAST_WORDS: Final = 12
"""Lines that are kept for the report of a crash, whatever the limit has let through."""


class LogLines:
    """Bytes in, lines out.

    Args:
        limit: bytes that are passed on; then one line says that the rest is left out.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._passed = 0
        self._rest = b""
        self._last: deque[str] = deque(maxlen=LAST_WORDS)

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that these bytes complete."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            yield from self._take(line)
        while len(self._rest) >= LONGEST:
            line, self._rest = self._rest[:LONGEST], self._rest[LONGEST:]
            yield from self._take(line)

    def end(self) -> Iterator[str]:
        """What was printed without a line end."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._take(rest)

    @property
    def last_words(self) -> str:
        return "\n".join(self._last)

    def _take(self, line: bytes) -> Iterator[str]:
        # A progress bar redraws its line behind carriage returns: the last drawing is the line.
        visible = line.rstrip(b"\r").rsplit(b"\r", 1)[-1][:LONGEST]
        text = clean(visible.decode("utf-8", errors="replace"))
        self._last.append(text)
        if self._passed > self._limit:
            return
        self._passed += len(line) + 1
        if self._passed > self._limit:
            yield f"… the log is cut here: a step may print {self._limit} bytes"
        else:
            yield text


def clean(text: str) -> str:
    """Without NUL, which PostgreSQL takes in no text, and without half surrogate pairs."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()

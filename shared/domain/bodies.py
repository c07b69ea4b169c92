"""Bodies: bytes of unknown length, taken in parts as they come."""

from collections.abc import Iterable, Iterator


class Body:
    """Chunks of any size, cut anew. `taken` counts bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self.taken = 0

    def more(self) -> bool:
        """Whether anything is left; waits for it to come."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest = chunk
        return True

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes, or as many as are left."""
        while count and self.more():
            chunk, self._rest = self._rest[:count], self._rest[count:]
            count -= len(chunk)
            self.taken += len(chunk)
            yield chunk

"""Objects: bytes by their digest, and small pages that many may write."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class Notebook(Protocol):
    """Small pages in the object store, by name, that many may write: by compare-and-swap."""

    def read(self, name: str) -> tuple[bytes, str] | None:
        """A page and its tag, or None. Names are small letters, digits, `.`, `-` and `/`.

        Raises:
            Unavailable: the store does not answer, or what keeps its writers apart.
        """
        ...

    def swap(self, name: str, page: bytes, tag: str | None) -> bool:
        """Write the page if it still has this tag (None: if there is none); whether it did.

        False may be said of a page that was written, when the store's answer got lost.

        Raises:
            Unavailable, StorageFull: most likely nothing was written.
        """
        ...


class ObjectStore(Protocol):
    """Content-addressed, write-once bytes.

    Every method raises StoreAway when the store does not answer, and the writing ones raise
    StorageFull when there is no room.
    """

    def put(self, source: Path) -> tuple[str, int]:
        """Store a file; its digest and size in bytes. Equal bytes are stored once."""
        ...

    def fetch(self, digest: str, target: Path) -> None:
        """Copy an object to a new file; the digest is checked on the way."""
        ...

    def size(self, digest: str) -> int:
        """In bytes.

        Raises:
            NotFound: there is no such object.
        """
        ...

    def read(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of [start, end) in chunks, never more than a few MiB at a time."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """A seekable reader that fetches only what is read."""
        ...

    def signed_url(self, digest: str, filename: str, expires: timedelta) -> str | None:
        """A URL that downloads the object with no key, where the store can sign; else None."""
        ...

    def stage(self, upload: str, number: int, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Keep one part of an upload until it is joined; its digest and size.

        Nothing is kept when `chunks` raises.
        """
        ...

    def join(
        self, upload: str, numbers: Sequence[int], accept: Callable[[str, int, BinaryIO], Any]
    ) -> tuple[str, int]:
        """Turn staged parts into one object; its digest and size.

        `accept` is given the digest, the size and a seekable reader of the whole before it
        becomes an object; when it raises, no object comes to be.
        """
        ...

    def unstage(self, upload: str) -> None:
        """Forget the staged parts of an upload."""
        ...

    def tidy(self, age: timedelta) -> None:
        """Forget what writers that died left staged longer than `age` ago."""
        ...

    def check(self) -> None: ...

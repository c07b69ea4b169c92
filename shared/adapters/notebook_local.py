"""A notebook in a local folder: one writer at a time, by the kernel's word; readers need none."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from shared.adapters.blobs import PAGES, filing, page_key
from shared.domain.errors import StoreAway
from shared.ports import Notebook

TURN: Final = 30.0
"""Seconds to wait for one's turn: a process that was stopped may never give it back."""

_PAUSE: Final = 0.005
_LOCK: Final = ".lock"
_DRAFT: Final = ".draft"


class LocalNotebook(Notebook):
    """Pages as files of a folder where a rename is atomic. A page's tag is its digest."""

    def __init__(self, root: Path) -> None:
        with filing():
            (root / PAGES).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root

    @override
    def read(self, name: str) -> tuple[bytes, str] | None:
        path = self._root / page_key(name)
        with filing():
            try:
                page = path.read_bytes()
            except FileNotFoundError:
                self._check()
                return None
        return page, _tag(page)

    @override
    def swap(self, name: str, page: bytes, tag: str | None) -> bool:
        path = self._root / page_key(name)
        with filing(), self._alone():
            found = self.read(name)
            if (found[1] if found else None) != tag:
                return False
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(path, page)
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The one who writes. The kernel takes the lock back from a process that dies."""
        self._check()
        lock = os.open(self._root / PAGES / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + TURN
        try:
            while not _taken(lock):
                if time.monotonic() > deadline:
                    raise StoreAway(f"The notebook was in use for {TURN:.0f} seconds; try again.")
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(lock)

    def _write(self, path: Path, page: bytes) -> None:
        """All of it or nothing. There is one draft: what a dead writer left is overwritten."""
        draft = self._root / PAGES / _DRAFT
        with draft.open("wb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check(self) -> None:
        """A disk that is not mounted has no pages, and that is another matter."""
        if not (self._root / PAGES).is_dir():
            raise StoreAway(f"The store's folder {self._root} is missing.")


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tag(page: bytes) -> str:
    return f"sha256:{hashlib.sha256(page).hexdigest()}"

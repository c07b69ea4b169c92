"""Scratch: a worker's own folder, and the end of those that dead workers left."""

import fcntl
import os
import secrets
import socket
import stat
from pathlib import Path

from shared.services.folders import remove
from shared.settings import PREFIX, SettingsError
from shared.telemetry import logger

log = logger(__name__)

LOCK = "lock"
MARK = "alive"


class Scratch:
    """A private folder below `base`, held by a lock that the kernel gives back at our death."""

    def __init__(self, base: Path) -> None:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        _ours(base)
        _clear(base)
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        unlocked = base / f".{name}"
        unlocked.mkdir(mode=0o700)
        self._lock = _lock(unlocked)
        self.folder = unlocked.rename(base / name)  # seen by others only when it is locked

    @property
    def steps(self) -> Path:
        return self._below("steps")

    @property
    def warm(self) -> Path:
        return self._below("warm")

    @property
    def mark(self) -> Path:
        """The sign of life: touched by the heart at each beat."""
        return self.folder / MARK

    def close(self) -> None:
        remove(self.folder)
        if self._lock is not None:
            os.close(self._lock)

    def _below(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path


def _ours(base: Path) -> None:
    """In a folder that others may write to they could put links in the place of our files."""
    found = base.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022 or not stat.S_ISDIR(found.st_mode):
        raise SettingsError(
            f"{PREFIX}WORK_DIR: {base} is not a folder that this user alone may write to;"
            " name another one"
        )


def _clear(base: Path) -> None:
    for folder in base.iterdir():
        if not folder.name.startswith(".") and (lock := _lock(folder)) is not None:
            log.info("leftovers_removed", folder=str(folder))
            remove(folder)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """The lock's descriptor, which holds it; None if another process has it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor

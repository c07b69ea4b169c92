"""Folders: a private place for one attempt, which is gone when the attempt is over."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.telemetry import logger

log = logger(__name__)


@contextmanager
def private_folder(path: Path) -> Iterator[Path]:
    """A new folder that only its owner may enter.

    Raises:
        OSError: there is no room for it.
    """
    path.mkdir(mode=0o700, parents=True)
    try:
        yield path
    finally:
        remove(path)


def remove(path: Path) -> None:
    """Remove a folder that a stranger filled. What resists is logged, and tried again at the
    next start of a worker: it must not decide what becomes of a step.
    """
    try:
        for where, _, _ in os.walk(path):  # from the top: a folder is opened up, then entered
            Path(where).chmod(0o700)
            for below in os.scandir(where):
                if below.is_dir(follow_symlinks=False):
                    Path(below).chmod(0o700)
        shutil.rmtree(path)
    except (OSError, RecursionError) as error:
        log.warning("folder_left", folder=str(path), error=str(error))

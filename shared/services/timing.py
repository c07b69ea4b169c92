"""Timing caches: what builders measured, kept between builds of one library on one kind of GPU.

A cache is kept in pieces, which are objects; a page of the notebook lists their digests. A step
begins with all of them and writes one that holds what they held and what it learnt besides. So
the page loses those that the step began with, gains the new one, and keeps what others have
added meanwhile.
"""

import json
import re
import secrets
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from shared.domain.artifacts import Digest
from shared.domain.errors import FerryError, NotFound
from shared.domain.gpus import Gpu
from shared.domain.offers import Offer
from shared.domain.plans import Convert
from shared.ports import Claimed, Notebook, ObjectStore
from shared.telemetry import logger

log = logger(__name__)

OUTPUT: Final = "timing.new"
"""The file of a step's folder that takes what it knows at its end."""

MOST_PIECES: Final = 64
"""Pieces that one step begins with. There are as many as builds ran at once, and one more."""

LARGEST: Final = 256 << 20
"""Bytes of a piece. Those of large engines have a few MiB."""

TRIES: Final = 60
"""Swaps of a page. Of those who try at once one gets through each time."""

LONGEST_PAUSE: Final = 0.5
"""Seconds between two tries, at most."""

_CHANCE: Final = secrets.SystemRandom()


class _Page(BaseModel):
    pieces: frozenset[Digest]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a step begins with: `files` of its folder, by name, with their digests.

    `missing` are pieces of the page that the store does not have.
    """

    page: str
    files: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()


class TimingCaches:
    """Of one worker. Whatever fails here is a warning in its log, and never a step's failure."""

    def __init__(self, store: ObjectStore, notebook: Notebook, offer: Offer) -> None:
        self._store = store
        self._notebook = notebook
        self._libraries = {
            each.name: (each.timed, each.toolchain[each.timed])
            for each in offer.converters
            if each.timed is not None
        }

    def load(self, claimed: Claimed, folder: Path) -> Loaded | None:
        """Lay the pieces into the step's folder; None for a step that keeps no timings."""
        action = claimed.action
        if not isinstance(action, Convert) or action.converter not in self._libraries:
            return None
        page = page_of(*self._libraries[action.converter], claimed.gpu)
        try:
            pieces, _ = self._read(page)
        except FerryError as error:
            log.warning("timing_cache_unread", page=page, error=str(error))
            return Loaded(page)
        return self._fetched(page, sorted(pieces)[:MOST_PIECES], folder)

    def keep(self, loaded: Loaded, folder: Path) -> None:
        """Put what the step knows in the place of what it began with."""
        try:
            if not _is_cache(folder / OUTPUT):
                return
            digest, _ = self._store.put(folder / OUTPUT)
            gone = {each for each in loaded.missing if self._is_gone(each)}
            self._replace(loaded.page, {*loaded.files.values(), *gone}, digest)
        except (FerryError, OSError) as error:
            log.warning("timing_cache_not_kept", page=loaded.page, error=str(error))

    def _fetched(self, page: str, pieces: list[str], folder: Path) -> Loaded:
        files: dict[str, str] = {}
        missing: set[str] = set()
        for number, digest in enumerate(pieces):
            name = f"timing-{number}"
            try:
                self._store.fetch(digest, folder / name)
            except FerryError as error:
                log.warning("timing_piece_unread", page=page, digest=digest, error=str(error))
                if isinstance(error, NotFound):
                    missing.add(digest)
            else:
                files[name] = digest
        return Loaded(page, files, frozenset(missing))

    def _is_gone(self, digest: str) -> bool:
        """Asked once more after the build: some servers show a new object a moment late."""
        try:
            self._store.size(digest)
        except NotFound:
            return True
        return False

    def _replace(self, page: str, old: set[str], new: str) -> None:
        """The page as it is now, without the old pieces and with the new one."""
        for attempt in range(TRIES):
            now, tag = self._read(page)
            wanted = (now - old) | {new}
            if wanted == now:
                return
            content = json.dumps({"pieces": sorted(wanted)}).encode()
            if self._notebook.swap(page, content, tag):
                return
            time.sleep(_CHANCE.uniform(0, min(0.01 * 2**attempt, LONGEST_PAUSE)))
        log.warning("timing_cache_not_kept", page=page, error=f"{TRIES} others were faster")

    def _read(self, page: str) -> tuple[frozenset[str], str | None]:
        """The pieces and the page's tag. A page that nobody can read is as good as none."""
        found = self._notebook.read(page)
        if found is None:
            return frozenset(), None
        content, tag = found
        try:
            return _Page.model_validate_json(content).pieces, tag
        except ValidationError:
            log.warning("timing_page_unreadable", page=page)
            return frozenset(), tag


def page_of(library: str, version: str, gpu: Gpu | None) -> str:
    """Timings are good for one version of the library, one kind of GPU and one driver.

    A piece of another one is dropped by the library itself; this keeps them from meeting.
    """
    place = f"{_slug(gpu.kind)}/{_slug(gpu.driver.split('.')[0])}" if gpu else "no-gpu"
    return f"timing/{_slug(library)}-{_slug(version)}/{place}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "unknown"


def _is_cache(path: Path) -> bool:
    """Whether the child left a file there. It may have left a link to a file of the worker's."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISREG(found.st_mode) and 0 < found.st_size <= LARGEST:
        return True
    log.warning("timing_cache_refused", mode=stat.filemode(found.st_mode), size=found.st_size)
    return False

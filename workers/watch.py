"""The watch over one child: hears what it says, and ends it when a limit is passed."""

import json
import math
import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.domain.errors import Crashed
from shared.domain.orders import STOP_FILE, ProgressNote
from shared.domain.outcomes import Broke, Limit, Overran, Stopped
from shared.ports import Usage
from workers.hearth import Strand
from workers.limits import Limits
from workers.loglines import LogLines
from workers.usage import Meter, exceeded

TICK: Final = 0.1
"""Seconds between two looks at the limits and at the stop sign."""

BIRTH: Final = 120.0
"""Seconds that a fork server may take to preload and fork."""

CHUNK: Final = 1 << 16

Hear = Callable[[ProgressNote | str], None]
Cut = Stopped | Overran | Broke


class Watch:
    """Over one child, from the request for it until no process of it is left.

    A child that is stopped finds a file and has `grace` seconds to end by itself; one that
    passes a limit is killed at once.
    """

    def __init__(
        self,
        strand: Strand,
        limits: Limits,
        folder: Path,
        hear: Hear,
        *,
        log_limit: int,
        grace: float = 0.0,
    ) -> None:
        self._strand = strand
        self._limits = limits
        self._folder = folder
        self._hear = hear
        self._grace = grace
        self._log = LogLines(log_limit)
        self._notes = LogLines(log_limit)
        self._meter: Meter | None = None
        self._peak = 0
        self._asked = time.monotonic()
        self._seconds = 0.0
        self._ended = False
        self._patience = 0.0
        self.status: int | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(strand.lifeline, selectors.EVENT_READ, self._hear_keeper)
        self._selector.register(strand.output, selectors.EVENT_READ, self._hear_output)
        self._selector.register(strand.notes, selectors.EVENT_READ, self._hear_notes)
        os.set_blocking(strand.output, False)
        os.set_blocking(strand.notes, False)

    def until_end(self, stop: Callable[[], bool]) -> Cut | None:
        """Wait for the child's end, or bring it about; why, in the second case."""
        cut: Cut | None = None
        due = time.monotonic()
        while not self._ended:
            for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                key.data()
            if time.monotonic() < due:
                continue
            due = time.monotonic() + TICK
            if cut is None:
                cut = self._reason(stop)
                if cut is not None and self._meter is None:
                    return cut  # nothing was born: the keeper will find its lifeline cut
                if cut is not None and not (isinstance(cut, Stopped) and self._ask_to_end()):
                    self._kill()
            elif time.monotonic() >= self._patience or self._overrun():
                self._kill()
        self._seconds = self._meter.seconds if self._meter else 0.0
        self._drain()
        return cut

    @property
    def usage(self) -> Usage:
        sampled = self._meter.peak if self._meter else 0
        return Usage(seconds=self._seconds, peak_memory=max(sampled, self._peak))

    @property
    def last_words(self) -> str:
        return self._log.last_words

    @property
    def is_full(self) -> bool:
        return self._meter is not None and self._meter.is_full()

    def over(self, limit: Limit) -> Overran:
        return Overran(limit, exceeded(limit, self._limits), timedelta(seconds=self._seconds))

    def close(self) -> None:
        """Let go of the child; if it lives still, its keeper ends it."""
        self._selector.close()
        self._strand.close()

    def _reason(self, stop: Callable[[], bool]) -> Cut | None:
        if stop():
            return Stopped()
        if self._meter is not None:
            return self._overrun()
        if time.monotonic() - self._asked > BIRTH:
            return Broke(Crashed("The fork server gave no child; the step is tried again.").fault)
        return None

    def _overrun(self) -> Overran | None:
        return self._meter.overrun() if self._meter is not None else None

    def _ask_to_end(self) -> bool:
        """Leave word in the child's folder; False if it is not one that looks for it."""
        if not self._grace:
            return False
        try:
            # The folder is the child's: a link in this place leads anywhere, so follow none.
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            os.close(os.open(self._folder / STOP_FILE, flags, 0o600))
        except OSError:
            return False
        self._patience = time.monotonic() + self._grace
        return True

    def _kill(self) -> None:
        with suppress(OSError):  # it has just ended by itself
            self._strand.lifeline.shutdown(socket.SHUT_WR)

    def _hear_keeper(self) -> None:
        try:
            message = self._strand.lifeline.recv(CHUNK)
        except ConnectionResetError:
            message = b""
        facts: dict[str, Any] = json.loads(message) if message else {}
        if "keeper" in facts:
            self._meter = Meter(self._limits, self._folder, facts["keeper"], facts["inherited"])
            return
        self._ended = True
        self.status = facts.get("status")
        self._peak = facts.get("peak", 0)

    def _hear_output(self) -> None:
        for line in self._log.feed(self._read(self._strand.output)):
            self._hear(line)

    def _hear_notes(self) -> None:
        for line in self._notes.feed(self._read(self._strand.notes)):
            self._hear(_note(line))

    def _read(self, pipe: int) -> bytes:
        data = os.read(pipe, CHUNK)
        if not data:
            self._selector.unregister(pipe)
        return data

    def _drain(self) -> None:
        """All that could write are dead: what is still in the pipes is all that there will be."""
        for pipe, hear in (
            (self._strand.output, self._hear_output),
            (self._strand.notes, self._hear_notes),
        ):
            with suppress(BlockingIOError):  # a killed keeper may have left a writer behind
                while pipe in self._selector.get_map():
                    hear()
        for line in self._log.end():
            self._hear(line)


def _note(line: str) -> ProgressNote | str:
    """What is no note is shown as the line that it is."""
    try:
        note = ProgressNote.model_validate_json(line)
    except ValidationError:
        return line
    progress = note.progress
    if progress is not None and not (math.isfinite(progress) and 0 <= progress <= 1):
        return ProgressNote(message=note.message)
    return note

"""Streams: one thread that holds every watcher's connection, so that no request thread must.

A view validates a request and hands its socket over (api/watches.py, api/server.py). From then
on the socket is the hub's: one selector, writes that never block, one page of events at a time
for each watcher. News comes from the event feed; what it means is looked up by two helper
threads, once for each job however many watch it.

All fields of a Watcher are touched by the hub's thread only; others send it errands.
"""

import selectors
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from api.looks import Findings, Wants, look
from api.watches import HEARTBEAT, Question, Story, Watch
from shared.adapters.feed import EventFeed
from shared.domain.errors import Unavailable
from shared.services.ask import Ask
from shared.telemetry import logger

LOOKERS: Final = 2
BEAT: Final = 15.0  # seconds of silence before a heartbeat
STALL: Final = 30.0  # seconds without a byte taken before a slow reader is dropped
AGAIN: Final = 1.0  # seconds before a look that failed is tried again
LINGER: Final = 2.0  # seconds for a client to close its end
FAREWELL: Final = 3.0  # seconds for all watchers to be sent off at a shutdown

log = logger(__name__)


@dataclass(eq=False, slots=True)
class Watcher:
    """One connection. Times are of the monotonic clock, in seconds."""

    sock: socket.socket
    watch: Watch
    began: float
    due: float  # when the clock must be looked at for it
    seq: int = 0  # of the last event that was sent
    buffer: bytearray = field(default_factory=bytearray)
    moved: float = 0.0  # when a byte was last taken
    late: bool = False  # a long poll whose time is up
    stale: bool = False  # its last look failed
    hungry: bool = False  # there is more than the page that was sent
    ending: bool = False  # closed when the buffer is empty
    shut: bool = False


class Hub:
    """Owns the connections of watchers."""

    def __init__(self, ask: Ask, feed: EventFeed, capacity: int) -> None:
        self._ask = ask
        self._capacity = capacity
        self._errands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._hear, self._ring = socket.socketpair()
        self._hear.settimeout(0)
        self._ring.settimeout(0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._hear, selectors.EVENT_READ)
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._count = 0
        self._looking: dict[str, bool] = {}  # job -> there was news since the look began
        self._next = float("inf")
        self._farewell: float | None = None
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="look")
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
        self._thread.start()
        self._unsubscribe = feed.subscribe(self._heard)

    def reserve(self) -> Callable[[socket.socket, Watch], None]:
        """The way to hand a connection over.

        Raises:
            Unavailable: there are too many watchers.
        """
        if self._count >= self._capacity or self._farewell is not None:
            raise Unavailable("No further connection can be kept open; ask again without waiting.")
        return self._adopt

    def dismiss(self) -> None:
        """Begin to send all watchers off: streams end, long polls are answered as things are."""
        self._errand(self._begin_farewell)

    def close(self) -> None:
        """Wait until all are sent off, FAREWELL at most."""
        self._unsubscribe()
        self.dismiss()
        self._thread.join(FAREWELL + AGAIN)
        self._lookers.shutdown(wait=False, cancel_futures=True)

    # -- called from any thread

    def _adopt(self, sock: socket.socket, watch: Watch) -> None:
        self._errand(partial(self._admit, sock, watch))

    def _heard(self, job: str | None) -> None:
        self._errand(partial(self._news, job))

    def _errand(self, errand: Callable[[], None]) -> None:
        self._errands.put(errand)
        with suppress(BlockingIOError):  # the pipe is full of rings: it will wake up anyway
            self._ring.send(b"!")

    def _looked(self, job: str, done: Future[Findings]) -> None:
        if not done.cancelled():  # at a shutdown
            self._errand(partial(self._found, job, done.result()))

    # -- the hub's own thread

    def _run(self) -> None:
        while not self._gone():
            patience = max(0.0, self._next - time.monotonic())
            for key, mask in self._selector.select(min(patience, STALL)):
                if key.data is None:
                    self._run_errands()
                else:
                    self._guarded(partial(self._serve, key.data, mask))
            self._look_at_the_clock()
        for watcher in list(self._all()):
            self._drop(watcher)

    def _gone(self) -> bool:
        if self._farewell is None:
            return False
        if time.monotonic() > self._farewell:
            return True
        return self._errands.empty() and all(watcher.shut for watcher in self._all())

    def _run_errands(self) -> None:
        with suppress(BlockingIOError):
            self._hear.recv(1 << 12)
        with suppress(Empty):
            while True:
                self._guarded(self._errands.get_nowait())

    def _guarded(self, errand: Callable[[], None]) -> None:
        """One watcher's misfortune must not end the others."""
        try:
            errand()
        except Exception:
            log.exception("hub_failed")

    def _all(self) -> Iterable[Watcher]:
        return [watcher for group in self._watchers.values() for watcher in group]

    def _admit(self, sock: socket.socket, watch: Watch) -> None:
        now = time.monotonic()
        sock.settimeout(0)
        wait = watch.seconds if isinstance(watch, Question) else BEAT
        watcher = Watcher(sock, watch, began=now, due=now + wait, moved=now)
        self._selector.register(sock, selectors.EVENT_READ, watcher)
        self._watchers[watch.job].add(watcher)
        self._count += 1
        self._wake_at(watcher.due)
        if isinstance(watch, Story):
            watcher.seq = watch.after
            self._send(watcher, watch.head)
        if self._farewell is not None:
            self._send_off(watcher)
        self._seek(watch.job)

    def _news(self, job: str | None) -> None:
        for each in [job] if job is not None else list(self._watchers):
            if each in self._watchers:
                self._seek(each)

    def _seek(self, job: str) -> None:
        """Look what there is for the job's watchers; one look at a time for each job."""
        if job in self._looking:
            self._looking[job] = True
            return
        group = [each for each in self._watchers.get(job, ()) if not each.ending]
        if not group:
            return
        self._looking[job] = False
        wants = Wants(
            tenant=group[0].watch.tenant,
            job=job,
            seqs=frozenset(
                each.seq for each in group if isinstance(each.watch, Story) and not each.buffer
            ),
            questions=tuple(
                (each, each.watch, each.late) for each in group if isinstance(each.watch, Question)
            ),
        )
        future = self._lookers.submit(look, self._ask, wants)
        future.add_done_callback(partial(self._looked, job))

    def _found(self, job: str, findings: Findings) -> None:
        again = self._looking.pop(job)
        for watcher in list(self._watchers.get(job, ())):
            if not watcher.ending:
                self._tell(watcher, findings)
        if again:
            self._seek(job)

    def _tell(self, watcher: Watcher, findings: Findings) -> None:
        if isinstance(watcher.watch, Question):
            reply = findings.replies.get(watcher)
            if reply is not None:
                watcher.ending = True
                self._send(watcher, reply)
            elif findings.failed:
                self._try_again(watcher)
            return
        page = findings.pages.get(watcher.seq)
        if findings.fatal:
            watcher.ending = True
            self._send(watcher, b"")
        elif page is not None and not watcher.buffer:
            watcher.seq, watcher.hungry, watcher.ending = page.last, page.more, page.ends
            self._send(watcher, page.frames)
        elif findings.failed:
            self._try_again(watcher)

    def _try_again(self, watcher: Watcher) -> None:
        watcher.stale = True
        watcher.due = min(watcher.due, time.monotonic() + AGAIN)
        self._wake_at(watcher.due)

    def _send(self, watcher: Watcher, data: bytes) -> None:
        if data and not watcher.buffer:
            watcher.moved = time.monotonic()
        watcher.buffer += data
        self._flush(watcher)

    def _flush(self, watcher: Watcher) -> None:
        try:
            while watcher.buffer:
                sent = watcher.sock.send(watcher.buffer)
                del watcher.buffer[:sent]
                watcher.moved = time.monotonic()
        except BlockingIOError:
            self._expect(watcher, selectors.EVENT_READ | selectors.EVENT_WRITE)
            self._wake_at(watcher.moved + STALL)
            return
        except OSError:
            self._drop(watcher)
            return
        self._expect(watcher, selectors.EVENT_READ)
        if watcher.ending:
            self._shut(watcher)
        elif watcher.hungry:
            watcher.hungry = False
            self._seek(watcher.watch.job)

    def _expect(self, watcher: Watcher, events: int) -> None:
        if self._selector.get_key(watcher.sock).events != events:
            self._selector.modify(watcher.sock, events, watcher)

    def _serve(self, watcher: Watcher, mask: int) -> None:
        if mask & selectors.EVENT_READ and not self._still_there(watcher):
            self._drop(watcher)
        elif mask & selectors.EVENT_WRITE:
            waited = bool(watcher.buffer)
            self._flush(watcher)
            if waited and not watcher.buffer and not watcher.ending:
                self._seek(watcher.watch.job)

    def _still_there(self, watcher: Watcher) -> bool:
        """Whatever a watcher says behind its request is not listened to; that it left, is."""
        try:
            return bool(watcher.sock.recv(1 << 12))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _shut(self, watcher: Watcher) -> None:
        """Say that nothing more comes; the client closes, and the last bytes are not lost."""
        if watcher.shut:
            return
        watcher.shut = True
        try:
            watcher.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(watcher)
            return
        watcher.due = time.monotonic() + LINGER
        self._wake_at(watcher.due)

    def _drop(self, watcher: Watcher) -> None:
        group = self._watchers.get(watcher.watch.job)
        if group is None or watcher not in group:
            return
        group.discard(watcher)
        if not group:
            del self._watchers[watcher.watch.job]
        self._count -= 1
        self._selector.unregister(watcher.sock)
        watcher.sock.close()
        seconds = round(time.monotonic() - watcher.began, 3)
        log.debug("watch_ended", job=watcher.watch.job, last=watcher.seq, seconds=seconds)

    # -- time

    def _wake_at(self, moment: float) -> None:
        self._next = min(self._next, moment)

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = float("inf")
        for watcher in self._all():
            self._guarded(partial(self._check, watcher, now))

    def _check(self, watcher: Watcher, now: float) -> None:
        if (watcher.shut and now >= watcher.due) or (
            watcher.buffer and now >= watcher.moved + STALL
        ):
            self._drop(watcher)
            return
        if now >= watcher.due and not watcher.ending:
            self._overdue(watcher, now)
        self._wake_at(watcher.due if not watcher.buffer else watcher.moved + STALL)

    def _overdue(self, watcher: Watcher, now: float) -> None:
        watcher.due = now + BEAT
        if isinstance(watcher.watch, Question):
            watcher.late = watcher.late or now >= watcher.began + watcher.watch.seconds
            if not watcher.late:
                watcher.due = watcher.began + watcher.watch.seconds
            self._seek(watcher.watch.job)
        elif watcher.stale:
            watcher.stale = False
            self._seek(watcher.watch.job)
        elif not watcher.buffer:
            self._send(watcher, HEARTBEAT)

    def _begin_farewell(self) -> None:
        if self._farewell is not None:
            return
        self._farewell = time.monotonic() + FAREWELL
        self._wake_at(self._farewell)
        for watcher in self._all():
            self._guarded(partial(self._send_off, watcher))

    def _send_off(self, watcher: Watcher) -> None:
        if isinstance(watcher.watch, Question):
            watcher.late = True
            self._seek(watcher.watch.job)
        elif not watcher.ending:
            watcher.ending = True
            self._send(watcher, b"")

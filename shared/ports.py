"""What the use cases need from outside. `shared.adapters` has one of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from shared.domain.artifacts import Artifact
from shared.domain.gpus import Gpu, Needs
from shared.domain.jobs import JobState
from shared.domain.lifecycle import Lease
from shared.domain.offers import Offer, Queue
from shared.domain.orders import ProgressNote, WorkOrder
from shared.domain.outcomes import Outcome
from shared.domain.pages import Page
from shared.domain.plans import Action, Plan
from shared.domain.rosters import Roster
from shared.domain.targets import Target
from shared.domain.views import (
    ArrayView,
    EventView,
    JobSummary,
    JobView,
    ModelView,
    PartView,
    SamplesView,
    UploadView,
    WorkerView,
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step and the right to work on it.

    `inputs` are by role, as in WorkOrder; `gpu` is the device that it was claimed for.
    """

    step: str
    job: str
    action: Action
    inputs: dict[str, Artifact]
    lease: Lease
    gpu: Gpu | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step that is ready: who is to be rung for. Equal fingerprints are one piece of work."""

    fingerprint: str
    queue: Queue
    needs: Needs


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt cost. `peak_memory` in bytes, of the child; `seconds` of wall time."""

    seconds: float
    peak_memory: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a worker hears when it renews its leases."""

    lost: frozenset[str]  # steps whose lease is another's now
    cancelled: frozenset[str]  # steps whose job someone cancelled


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is fit to be written down.

    `request` is an id that the jobs of one request share; `extras` are the further models of
    a repository.
    """

    model: ModelView
    target: Target
    plan: Plan
    priority: int
    samples: SamplesView | None
    request: str
    extras: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """An Idempotency-Key and the digest of what was asked for under it."""

    key: str
    meaning: str


@dataclass(frozen=True, slots=True)
class JobFilter:
    state: JobState | None = None
    model_id: str | None = None
    target: str | None = None


class JobStore(Protocol):
    """The door to the jobs table. A tenant sees its own jobs only: others are NotFound."""

    def earlier(self, tenant: str, request: KeyedRequest) -> list[JobView] | None:
        """The jobs that this request made before, or None.

        Raises:
            KeyReused: the key stands for another request.
        """
        ...

    def submit(
        self, tenant: str, jobs: Sequence[NewJob], request: KeyedRequest | None
    ) -> tuple[list[JobView], bool]:
        """Write the jobs and their first steps; False if an equal request was first.

        Raises:
            KeyReused: the key stands for another request.
        """
        ...

    def cancel(self, tenant: str, job_id: str) -> JobView:
        """
        Raises:
            JobEnded: it is too late.
        """
        ...

    def retry(self, tenant: str, job_id: str, plan: Plan) -> JobView:
        """
        Raises:
            JobNotEnded: it is still under way.
            Conflict: it has succeeded.
        """
        ...

    def job(self, tenant: str, job_id: str) -> JobView: ...

    def by_request(self, tenant: str, request_id: str) -> list[JobView]:
        """The jobs of one request, in the order in which they were submitted.

        Raises:
            NotFound: the tenant has none of it.
        """
        ...

    def jobs(
        self, tenant: str, wanted: JobFilter, limit: int, cursor: str | None
    ) -> Page[JobSummary]:
        """The newest first.

        Raises:
            BadRequest: the cursor is none of ours.
        """
        ...

    def events(
        self, tenant: str, job_id: str, after: int, limit: int, kinds: Sequence[str] | None
    ) -> tuple[EventView, ...]:
        """Those with a greater seq than `after`, in order."""
        ...


class ModelStore(Protocol):
    """The door to models and samples. A tenant sees its own only: others are NotFound."""

    def model(self, tenant: str, model_id: str) -> ModelView: ...

    def models(
        self, tenant: str, format: str | None, limit: int, cursor: str | None
    ) -> Page[ModelView]: ...

    def samples(self, tenant: str, samples_id: str) -> SamplesView: ...

    def artifact(self, tenant: str, digest: str) -> tuple[Artifact, str]:
        """An artifact that a model or a step of this tenant has, and a name for its file."""
        ...


class StepStore(Protocol):
    """The only door to the steps table. Every write by a worker names its lease."""

    def claim(
        self,
        worker: str,
        capabilities: Sequence[str],
        queue: Queue,
        term: timedelta,
        gpu: Gpu | None = None,
    ) -> Claimed | None:
        """Lease the best ready step that these capabilities, and this device, can serve."""
        ...

    def renew(self, worker: str, leases: dict[str, Lease], term: timedelta) -> Pulse:
        """Prolong the leases (by step id), in one statement."""
        ...

    def report(self, claimed: Claimed, note: ProgressNote | None, lines: Sequence[str]) -> None:
        """Record progress and log lines.

        Raises:
            LeaseLost: the step is another attempt's now.
        """
        ...

    def settle(self, claimed: Claimed, outcome: Outcome, usage: Usage, offer: Offer) -> None:
        """End the attempt and advance its job, in one transaction.

        Raises:
            LeaseLost: nothing was changed; the step is another attempt's now.
        """
        ...

    def expire(self, limit: int) -> Sequence[str]:
        """Take back steps whose lease ran out (as a broken attempt); their ids."""
        ...

    def unheard(self, age: timedelta) -> dict[tuple[Queue, Needs], int]:
        """How many ready steps, due for longer than `age`, nobody has claimed, by class."""
        ...

    def forget(self, digest: str) -> None:
        """Never again reuse the results that wrote this artifact: the store has lost it."""
        ...


class Fleet(Protocol):
    """The register of workers."""

    def announce(self, offer: Offer) -> None: ...
    def seen(self, worker: str) -> None: ...
    def leave(self, worker: str) -> None: ...

    def roster(self) -> Roster:
        """Every distinct offer ever made."""
        ...

    def workers(self) -> tuple[WorkerView, ...]:
        """Those that announced themselves, the latest first."""
        ...

    def gpus(self) -> tuple[Gpu, ...]:
        """The devices of the workers on line."""
        ...

    def slots(self) -> dict[str, int]:
        """How many steps the workers on line can run at once, by doorbell (`Offer.bells`)."""
        ...


class Doorbell(Protocol):
    """Tell a class of workers that there is something to claim. May be lost."""

    def ring(self, bell: str, times: int = 1) -> None:
        """
        Raises:
            BrokerAway: nobody heard it.
        """
        ...

    def check(self) -> None:
        """
        Raises:
            BrokerAway: the broker does not answer within a second.
        """
        ...


class Devices(Protocol):
    """One step on a device at a time, whichever worker it is that sees the device."""

    def alone(self, uuid: str) -> AbstractContextManager[bool]:
        """Hold the device within the `with` block; False where another holds it.

        Raises:
            DatabaseAway: nobody can say. Never after the block has begun.
        """
        ...


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


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload as it is kept.

    `digest` and `format` are what the uploader said, if anything; `model` is what came of it.
    """

    view: UploadView
    digest: str | None
    format: str | None
    model: ModelView | None


class UploadStore(Protocol):
    """The door to uploads, and to the models and samples that come of them.

    A tenant sees its own only: others are NotFound.
    """

    def open(
        self,
        tenant: str,
        *,
        name: str,
        size: int,
        digest: str | None,
        format: str | None,
        part_size: int,
        ttl: timedelta,
    ) -> UploadView: ...

    def find(self, tenant: str, upload_id: str, *, parts: bool = True) -> OpenUpload:
        """The upload; its many parts only where they are asked for."""
        ...

    def add_part(self, tenant: str, upload_id: str, part: PartView) -> None:
        """Record a part; the same number again replaces it.

        Raises:
            UploadClosed: the upload is not open, or no longer.
        """
        ...

    def complete(
        self, tenant: str, upload_id: str, *, digest: str, format: str, size: int
    ) -> tuple[ModelView, bool]:
        """Make the model, or find the one of the same bytes (False), and close the upload.

        An upload that another call has completed meanwhile gives its model again (False).

        Raises:
            UploadClosed: the upload was aborted.
        """
        ...

    def keep_samples(
        self, tenant: str, upload_id: str, *, digest: str, size: int, arrays: Sequence[ArrayView]
    ) -> SamplesView:
        """Make the samples of an upload, and close it.

        Raises:
            UploadClosed: it took longer than an upload may.
        """
        ...

    def abort(self, tenant: str, upload_id: str) -> None:
        """
        Raises:
            UploadClosed: the upload is completed. One that was aborted stays so.
        """
        ...

    def expire(self, limit: int) -> Sequence[str]:
        """Abort open uploads whose time is up; their ids."""
        ...


class Runner(Protocol):
    """Carry out one work order where it can hurt nobody."""

    def run(
        self,
        order: WorkOrder,
        folder: Path,
        *,
        hear: Callable[[ProgressNote | str], None],
        stop: Callable[[], bool],
    ) -> tuple[Outcome, Usage]:
        """Run the order in its folder, which holds the inputs already.

        `hear` is given progress notes and log lines as they come; `stop` is polled several
        times a second, and True ends the child and its kin. A convert's Produced carries no
        artifact yet: the caller stores `folder / order.output`.
        """
        ...

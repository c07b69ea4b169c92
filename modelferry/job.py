"""A job in hand: look at it, wait for it, end it, take its result."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from modelferry import downloads, engines, events, transplants
from modelferry.codes import error_class
from modelferry.errors import (
    AccuracyMismatch,
    AmbiguousMapping,
    JobCancelled,
    NotFound,
    Ours,
    UnmappedWeights,
    WaitTimedOut,
)
from modelferry.progress import Progress, silent
from modelferry.proofs import VERIFIED
from modelferry.transport import Transport, body
from modelferry.types import EventView, JobView, Report
from modelferry.wire import read

LONG_POLL: Final = 30.0  # seconds that the service may hold one question
OUTAGE: Final = 600.0  # seconds for which whoever waits for a job sits out an absent service


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a step wrote. `seq` is its event's; several lines may share one."""

    seq: int
    step: str | None
    at: datetime
    text: str


class Job:
    """`view` is the job as it was when it was last asked for."""

    def __init__(self, transport: Transport, view: JobView) -> None:
        self._transport = transport
        self.view = view

    @property
    def id(self) -> str:
        return self.view.id

    @property
    def state(self) -> str:
        return self.view.state

    @property
    def report(self) -> Report:
        """What became of it: the proof, the route, and of an engine its manifest and cost."""
        return self.view.report

    @property
    def verified(self) -> bool:
        """Source and result were run, and agree. Variables that were only compared are no run."""
        return self.state == "succeeded" and self.view.report.proof == VERIFIED

    @property
    def mapping(self) -> dict[str, Any] | None:
        """Of a transplant: every variable of both sides and what became of it.

        That of the last transplant that was tried, also where the job failed for it: `target`
        and `source` list the variables with their shapes, with where they come from or go to
        and how, or with why not; `questions` are those that only you can answer. None where
        nothing was transplanted.
        """
        return transplants.mapping(self.view)

    @property
    def mapping_file(self) -> str | None:
        """`mapping` as a mapping file, YAML: to be edited, and given to `convert` again."""
        return transplants.mapping_file(self.view)

    def refresh(self) -> JobView:
        """Ask the service, and keep the answer as `view`."""
        return self._seen(read(JobView, self._transport.get(self._path)))

    def watch(self, *, timeout: float | None = None) -> Iterator[JobView]:
        """The job as it is now and after each change, until it has ended.

        Raises:
            WaitTimedOut: `timeout` seconds have passed; the job goes on.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        view = self.refresh()
        yield view
        while not view.ended:
            left = LONG_POLL if ends is None else min(LONG_POLL, ends - time.monotonic())
            if left <= 0:
                raise WaitTimedOut(
                    f"Job {self.id} has not ended within {timeout:g} s, and goes on."
                    f" Wait again, or see it with `modelferry job {self.id}`.",
                    job_id=self.id,
                )
            answer = self._transport.ask(
                "GET",
                self._path,
                params={"wait": round(left, 3), "after": view.last_event},
                patience=OUTAGE,
            )
            view = self._seen(read(JobView, body(answer)))
            yield view

    def wait(self, *, timeout: float | None = None) -> JobView:
        """The job once it has succeeded.

        Raises:
            AccuracyMismatch: source and result disagree; the result can still be downloaded.
            JobCancelled: someone cancelled it.
            ModelferryError: by the code of what made the job fail.
            WaitTimedOut: `timeout` seconds have passed; the job goes on.
        """
        for _ in self.watch(timeout=timeout):
            pass
        return self.succeeded()

    def succeeded(self) -> JobView:
        """`view`, if it is that of a job that succeeded. Raises as `wait` does."""
        if self.state == "cancelled":
            raise JobCancelled(
                f"Job {self.id} was cancelled. Run it again with `modelferry retry {self.id}`.",
                job_id=self.id,
            )
        if self.state == "failed":
            self._raise_failure()
        return self.view

    def events(self, *, after: int = 0) -> Iterator[EventView]:
        """The job's history from its start (or behind `after`) until it has ended."""
        return events.follow(self._transport, self.id, after=after)

    def logs(self, *, follow: bool = False, after: int = 0) -> Iterator[LogLine]:
        """What the steps wrote; with `follow`, until the job has ended."""
        while True:
            answer = self._transport.ask(
                "GET",
                f"{self._path}/logs",
                params={"after": after, "wait": LONG_POLL if follow else None},
                patience=OUTAGE if follow else None,
            )
            told = body(answer)
            items = [read(EventView, each) for each in told["items"]]
            for event in items:
                for text in event.data.get("lines", ()):
                    yield LogLine(event.seq, event.data.get("title"), event.at, str(text))
            if told["ended"] or not (items or follow):
                return
            after = int(told["last_seq"])

    def cancel(self) -> JobView:
        """Stop the job.

        Raises:
            JobEnded: too late.
        """
        answer = self._transport.ask("POST", f"{self._path}/cancel", repeatable=False)
        return self._seen(read(JobView, body(answer)))

    def retry(self) -> JobView:
        """Run a job that failed or was cancelled again, under the same id.

        Raises:
            JobNotEnded: it runs still.
            Conflict: it succeeded.
        """
        answer = self._transport.ask("POST", f"{self._path}/retry", repeatable=False)
        return self._seen(read(JobView, body(answer)))

    def download(self, path: str | Path = ".", *, progress: Progress = silent) -> Path:
        """The result, in `path` (or in that folder, under its own name); where it lies now.

        The digest is checked, and what was there before is replaced only by a whole file. An
        engine is unpacked, and its manifest lies beside it as `PATH.json`; a path that ends in
        `.zip` is given the zip of both.

        Raises:
            NotFound: the job has no result (yet).
            CorruptDownload: other bytes arrived than were announced.
        """
        output = self.view.output or self.refresh().output
        if output is None:
            raise NotFound(
                f"Job {self.id} is {self.state} and has no result to download.", job_id=self.id
            )
        target = Path(path)
        if target.is_dir():
            target /= engines.filename(output)
        if engines.unpacks(output, target):
            told = self.view.report.engine
            return engines.receive(self._transport, output, target, told, progress=progress)
        return downloads.receive(self._transport, output, target, progress=progress)

    @property
    def _path(self) -> str:
        return f"/v1/jobs/{self.id}"

    def _seen(self, view: JobView) -> JobView:
        self.view = view
        return view

    def _raise_failure(self) -> NoReturn:
        fault = self.view.error
        if fault is None:
            raise Ours(f"Job {self.id} failed and does not say why.", job_id=self.id)
        kind = error_class(fault.code, fault.band)
        advice = ""
        if issubclass(kind, AccuracyMismatch) and self.view.output is not None:
            advice = f" Its result can be looked at: `modelferry download {self.id}`."
        if self.mapping_file is not None and issubclass(kind, AmbiguousMapping | UnmappedWeights):
            advice = (
                f" See every variable with `modelferry mapping {self.id}`, and save the file to"
                f" edit with `modelferry mapping {self.id} -o mapping.yaml`."
            )
        raise kind(
            fault.detail + advice,
            code=fault.code,
            field=fault.field,
            node=fault.node,
            operator=fault.operator,
            job_id=self.id,
        )

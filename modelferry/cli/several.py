"""Several: a conversion for each of many combinations of options, and their comparison."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from modelferry import engines
from modelferry.cli.compare import draw
from modelferry.cli.exits import Exit
from modelferry.cli.live import Watcher, watcher
from modelferry.cli.places import Wanted
from modelferry.cli.session import Session
from modelferry.cli.wishes import Wish
from modelferry.client import Modelferry
from modelferry.errors import Misuse, ModelferryError, NotVerified
from modelferry.job import Job
from modelferry.together import changes
from modelferry.types import JobView, ModelView, RequestView

LONGEST: Final = 40
TALL: Final = re.compile(r"[^A-Za-z0-9.+]+")


@dataclass
class Outcomes:
    """What the jobs came to: where each result lies, and what was wrong with the others."""

    paths: dict[str, Path | None] = field(default_factory=dict)
    troubles: list[ModelferryError] = field(default_factory=list)


def make_folder(output: Path) -> None:
    """Where the results go.

    Raises:
        Misuse: a file is there.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(
            f"With --each, -o is a folder, and {str(output)!r} cannot be one: {error.strerror}.",
            field="output",
        ) from error


def convert(
    session: Session, ferry: Modelferry, model: ModelView, wish: Wish, wanted: Wanted
) -> None:
    """Submit all of them, wait, download each result, and compare what came of them.

    Raises:
        ModelferryError: what the first job that failed, failed for.
        NotVerified: where that was asked for.
    """
    jobs = ferry.submit(
        model,
        wish.to,
        options=wish.options,
        matrix=wish.matrix,
        samples=wish.samples,
        priority=wish.priority,
    )
    if wish.detach:
        views = [job.view for job in jobs]
        session.answer(views, as_json=wish.as_json, draw=lambda out: _submitted(out, views))
        return
    with watcher(session.err, quiet=wish.as_json) as watch:
        outcomes = _collect(session, jobs, tuple(wish.matrix), wanted, watch)
    _tell(session, ferry.compare(jobs[0]), outcomes, as_json=wish.as_json)
    if outcomes.troubles:
        raise outcomes.troubles[0]
    unproved = [job.id for job in jobs if not job.verified]
    if wish.require_verified and unproved:
        raise NotVerified(
            f"{len(unproved)} of {len(jobs)} jobs were converted and not verified. Leave"
            " --require-verified out to accept that.",
            job_id=unproved[0],
        )


def _collect(
    session: Session, jobs: Sequence[Job], varied: Sequence[str], wanted: Wanted, watch: Watcher
) -> Outcomes:
    """Wait for all of them, and download each result as soon as it is there."""
    outcomes = Outcomes()
    names = telling([_chosen(job.view.options, varied) for job in jobs])
    labels = dict(zip((job.id for job in jobs), names, strict=True))
    try:
        for job in changes(jobs):
            watch.change(job.view, f"{labels[job.id]}: ")
            if job.view.ended:
                _settle(job, labels[job.id], wanted, watch, outcomes)
    except KeyboardInterrupt:
        session.err.print(
            "Interrupted. The jobs go on: see them with"
            f" `modelferry compare {jobs[0].view.request}`.",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.INTERRUPTED) from None
    return outcomes


def _tell(session: Session, found: RequestView, outcomes: Outcomes, *, as_json: bool) -> None:
    paths = {job: str(path) if path else None for job, path in outcomes.paths.items()}

    def show(out: Console) -> None:
        draw(out, found)
        for path in filter(None, paths.values()):
            out.print(f"Saved {escape(path)}.", soft_wrap=True)

    session.answer({"comparison": found, "paths": paths}, as_json=as_json, draw=show)


def _submitted(out: Console, views: Sequence[JobView]) -> None:
    request = views[0].request
    out.print(
        f"Submitted {len(views)} jobs. Compare them with `modelferry compare {request}`.",
        soft_wrap=True,
    )


def telling(chosen: Sequence[Mapping[str, Any]]) -> list[str]:
    """A word for each combination that tells it from the others: `fp16-H100`."""
    words = ["-".join(_word(each) for each in values.values()) for values in chosen]
    often = Counter(words)
    return [
        f"{word}-{number}" if often[word] > 1 else word for number, word in enumerate(words, 1)
    ]


def _chosen(options: Mapping[str, Any], varied: Sequence[str]) -> dict[str, Any]:
    return {name: options[name] for name in varied if name in options}


def _word(value: Any) -> str:
    said = str(value).lower() if isinstance(value, bool) or value is None else str(value)
    return TALL.sub("-", said).strip("-.")[:LONGEST] or "other"


def _settle(job: Job, label: str, wanted: Wanted, watch: Watcher, outcomes: Outcomes) -> None:
    try:
        output = job.succeeded().output
        if output is not None:
            name = Path(engines.filename(output))
            path = wanted.kept(job, output, f"{name.stem}-{label}{name.suffix}")
            outcomes.paths[job.id] = job.download(path, progress=watch.transfer)
    except ModelferryError as error:
        outcomes.paths[job.id] = None
        outcomes.troubles.append(error)

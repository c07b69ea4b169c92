"""Words for what is shown: sizes, times, states, tables."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from modelferry.proofs import COMPARED, VERIFIED
from modelferry.types import JobSummary, JobView, Located, StepView

COLOURS: Final = {
    "succeeded": "green",
    "done": "green",
    "verified": "green",
    "weights compared": "blue",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
}
UNVERIFIED: Final = "[yellow]Converted, not verified[/]"
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
KIB: Final = 1024


def size(count: float) -> str:
    """Bytes, readable: `13.4 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < KIB:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= KIB
    return f"{count:.1f} TiB"


def duration(seconds: float) -> str:
    """`0.8 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min"


def ago(moment: datetime) -> str:
    """`3 min ago`."""
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def coloured(word: str) -> str:
    """The word, in the colour of what it means."""
    colour = COLOURS.get(word)
    return f"[{colour}]{word}[/]" if colour else word


def outcome(job: JobSummary) -> str:
    """The state and, behind a success, what is proven."""
    if job.state != "succeeded":
        return coloured(job.state)
    if job.purpose == "check":
        return "[green]checked[/]"
    return proven(job.proof)


def proven(proof: str | None) -> str:
    """What a success proves."""
    if proof in {VERIFIED, COMPARED}:
        return coloured(proof.replace("_", " "))
    return "[yellow]not verified[/]"


def on_a_line(option: object) -> str:
    """An option's value: a mapping file is not shown, `modelferry mapping` does that."""
    return "(a file)" if isinstance(option, str) and "\n" in option else str(option)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, empty: str) -> Table | str:
    """A table without frame, or the sentence `empty`."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        drawn.add_column(heading, overflow="fold", no_wrap=heading == "id")  # to be copied
    for row in rows:
        drawn.add_row(*row)
    return drawn if drawn.row_count else empty


def step_time(step: StepView) -> str:
    """How long it ran, or that it did not have to."""
    if step.reused:
        return "known already"
    if step.started_at is None or step.ended_at is None:
        return ""
    return duration((step.ended_at - step.started_at).total_seconds())


def current_steps(job: JobView) -> list[StepView]:
    """The steps of the job's present round, in the order of the plan."""
    steps = [step for step in job.steps if step.round == job.round]
    return sorted(steps, key=lambda step: (step.route, step.position))


def largest_error(job: JobView) -> str | None:
    """The worst of all outputs, as the verification reports it."""
    outputs = (job.report.verification or {}).get("outputs") or []
    errors = [each["max_abs"] for each in outputs if each.get("max_abs") is not None]
    return f"{max(errors):.2g}" if errors else None


def agreement(job: JobView) -> str:
    """How often a classifier's answer is the same, of the output where it is so the least."""
    outputs = (job.report.verification or {}).get("outputs") or []
    ranked = [each for each in outputs if each.get("top1") is not None]
    if not ranked:
        return ""
    worst = min(ranked, key=lambda each: float(each["top1"]))
    five = f", top 5 in {worst['top5']:.1%}" if worst.get("top5") is not None else ""
    return f" Same top 1 in {worst['top1']:.1%}{five}."


def place(found: Located) -> str:
    """Where a result leaves its source: `step 2 of 3, onnx-to-pt2, node 'n' (Add): 1e-07 →
    0.03`."""
    kind = "layer" if found.counterpart else "node"
    node = f", {kind} {found.node!r} ({found.operator})" if found.node else ""
    other = f", {found.counterpart!r} in the result" if found.counterpart else ""
    module = f" of {found.module!r}" if found.module else ""
    errors = [
        "?" if each is None else f"{each:.2g}" for each in (found.error_before, found.error_after)
    ]
    grown = f": relative error {' → '.join(errors)}" if found.node else ""
    return f"step {found.step + 1} of {found.steps}, {found.converter}{node}{module}{other}{grown}"


def waiting(sentence: str) -> str:
    """What a job waits for; the service says of some sentences itself that they are that."""
    return sentence if sentence.startswith("waiting") else f"waiting: {sentence}"


def speed(measured: Mapping[str, Any] | None) -> str:
    """Median latency at the usual shapes: `0.31 ms`."""
    sizes = (measured or {}).get("sizes") or []
    usual = [each for each in sizes if each.get("size") == "opt"] or sizes
    return milliseconds((usual[0].get("engine") or {}).get("median")) if usual else ""


def milliseconds(latency: float | None) -> str:
    """`0.31 ms`; nothing where there is none."""
    return "" if latency is None else f"{latency:.3g} ms"


def verdict(job: JobView) -> str:
    """One sentence on a job that succeeded: verified or not, with which error, by which route."""
    route = f"Route: {escape(job.report.route or 'as it is')}."
    took = f" {duration(job.report.seconds)}." if job.report.seconds is not None else ""
    if job.report.proof != VERIFIED:
        compared = job.report.proof == COMPARED
        said = "[blue]Every variable compared, not run[/]" if compared else UNVERIFIED
        why = escape((job.report.unverified or "nothing here can run both ends").rstrip("."))
        return f"{said}: {why}.{ran(job) if compared else ''} {route}{took}"
    return f"[green]Verified[/]{measured(job)}.{agreement(job)} {route}{took}"


def ran(job: JobView) -> str:
    """What was made of weights that were put over is run against the model that they went to."""
    if job.report.verification is None:
        return ""
    return f" From there on verified{measured(job)}."


def measured(job: JobView) -> str:
    """`: largest error 1.5e-07 over 2 inputs`; nothing where no error is told."""
    cases = len((job.report.verification or {}).get("cases") or [])
    error = largest_error(job)
    if error is None:
        return ""
    return f": largest error {error}" + (
        f" over {cases} input{'s' * (cases != 1)}" if cases else ""
    )

"""Live: a conversion under way, as bars on a terminal or as lines in a log."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from modelferry.cli.words import current_steps, size, step_time, waiting
from modelferry.types import JobView, StepView


class Watcher(Protocol):
    """Is told how a transfer and a job come along; `label` tells one of several jobs."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def transfer(self, what: str, done: int, total: int) -> None: ...
    def change(self, job: JobView, label: str = "") -> None: ...


def watcher(console: Console, *, quiet: bool) -> Watcher:
    """Bars for a person, lines for a log, nothing for a script that asked for JSON."""
    if quiet:
        return Lines(Console(quiet=True))
    return Bars(console) if console.is_terminal else Lines(console)


class Bars:
    """One bar for each transfer and each step."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def transfer(self, what: str, done: int, total: int) -> None:
        note = size(total) if done == total else f"{size(done)} of {size(total)}"
        self._show(what, what, done / total if total else 1.0, note)

    def change(self, job: JobView, label: str = "") -> None:
        for step in current_steps(job):
            if step.state == "running":
                done, note = step.progress or 0.0, step.message or ""
            elif step.state in {"done", "failed", "cancelled"}:
                done, note = 1.0, _ending(step)
            else:
                done, note = 0.0, job.waiting_for or "" if step.state == "ready" else ""
            self._show(step.id, f"{label}{step.title}", done, escape(note))

    def _show(self, key: str, title: str, done: float, note: str) -> None:
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(escape(title), total=1.0, note="")
        self._progress.update(self._tasks[key], completed=done, note=note)


class Lines:
    """One line for each thing that happened."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def transfer(self, what: str, done: int, total: int) -> None:
        if done == total:
            self._say(f"{what} {size(total)}: done")

    def change(self, job: JobView, label: str = "") -> None:
        if job.waiting_for:
            self._say(f"{label}{waiting(job.waiting_for)}")
        for step in current_steps(job):
            if step.state == "running":
                note = f": {step.message}" if step.message else ""
                again = f" (attempt {step.attempt})" if step.attempt > 1 else ""
                self._say(f"{label}{step.title}{again}{note}")
            elif step.state in {"done", "failed", "cancelled"}:
                self._say(f"{label}{step.title}: {_ending(step)}")

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._console.print(escape(line), soft_wrap=True)


def _ending(step: StepView) -> str:
    if step.fault is not None:
        return f"{step.state}: {step.fault.detail}"
    took = step_time(step)
    return f"{step.state}, {took}" if took else step.state

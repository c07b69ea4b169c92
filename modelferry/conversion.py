"""A conversion that is done."""

from dataclasses import dataclass
from pathlib import Path

from modelferry.types import JobView, Report


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert` hands back. `path` is None where no output was asked for."""

    job: JobView
    path: Path | None
    verified: bool

    @property
    def report(self) -> Report:
        return self.job.report

"""Places: where results go, and nothing that lies there is lost."""

from dataclasses import dataclass
from pathlib import Path

from modelferry import engines
from modelferry.errors import TargetExists
from modelferry.job import Job
from modelferry.types import OutputView


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where results go: `output` (a file or a folder) if it was given, else `beside`."""

    output: Path | None
    beside: Path
    force: bool

    def target(self, output: OutputView, filename: str | None = None) -> Path:
        """Where that result goes; in a folder under `filename`, or else its own name.

        Raises:
            TargetExists: something is there already, and may not be replaced.
        """
        path = self.output or self.beside
        if path.is_dir():
            path /= filename or engines.filename(output)
        return free(path, force=self.force, engine=engines.unpacks(output, path))

    def kept(self, job: Job, output: OutputView, filename: str | None = None) -> Path:
        """As `target`; where that is taken, says how to have the result anyway."""
        try:
            return self.target(output, filename)
        except TargetExists as error:
            raise TargetExists(
                f"{error.detail} The result is kept: `modelferry download {job.id} -o FILE`.",
                field=error.field,
                job_id=job.id,
            ) from None


def free(path: Path, *, force: bool, engine: bool = False) -> Path:
    """The path, if it may be written to; for an engine, also what will lie beside it.

    Raises:
        TargetExists: it is there already, and `force` is not given.
    """
    for each in (path, engines.beside(path)) if engine else (path,):
        if each.exists() and not force:
            raise TargetExists(
                f"{str(each)!r} exists. Give another -o, or --force to replace it.",
                field="output",
            )
    return path

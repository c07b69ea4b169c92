"""Transplants: weights put into a template, as they are asked for and as they are reported."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from modelferry.errors import Misuse
from modelferry.types import JobView, ModelView

TEMPLATE: Final = "template"
MAPPING: Final = "mapping"
CODES: Final = ("ambiguous_mapping", "unmapped_weights")
"""What a job fails with whose mapping is to be mended."""


def is_id(template: Any) -> bool:
    """Whether a template is named as the service names models, and not by a path."""
    if not isinstance(template, str) or Path(template).exists():
        return False
    try:
        UUID(template)
    except ValueError:
        return False
    return True


def wished(
    options: Mapping[str, Any] | None, template: ModelView | str | None, mapping: str | Path | None
) -> dict[str, Any]:
    """The options of a conversion with those two among them.

    Raises:
        Misuse: one of them is given twice, or the mapping file cannot be read.
    """
    named = template.id if isinstance(template, ModelView) else template
    told = {TEMPLATE: named, MAPPING: text(mapping) if isinstance(mapping, Path) else mapping}
    given = {name: value for name, value in told.items() if value is not None}
    for name in given.keys() & (options or {}).keys():
        raise Misuse(f"{name} is given twice: leave it out of the options.", field=name)
    return {**(options or {}), **given}


def text(path: Path) -> str:
    """What a mapping file holds.

    Raises:
        Misuse: it cannot be read.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise Misuse(f"{str(path)!r} cannot be read: {error.strerror}.", field=MAPPING) from error
    except UnicodeDecodeError as error:
        raise Misuse(f"{str(path)!r} is no text in UTF-8.", field=MAPPING) from error


def mapping(job: JobView) -> dict[str, Any] | None:
    """The report of the last transplant that was tried."""
    found = [report[MAPPING] for report in _reports(job) if report.get(MAPPING)]
    return found[-1] if found else None


def mapping_file(job: JobView) -> str | None:
    """The same as YAML."""
    found = [report["mapping_file"] for report in _reports(job) if report.get("mapping_file")]
    return found[-1] if found else None


def _reports(job: JobView) -> Iterator[dict[str, Any]]:
    steps = (step for step in job.steps if step.round == job.round and step.kind == "convert")
    for step in sorted(steps, key=lambda each: (each.route, each.position)):
        yield step.report or {}

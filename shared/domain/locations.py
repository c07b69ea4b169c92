"""Locations: where a result leaves its source."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Located(BaseModel):
    """The convert, and where it can be told the node, after which the numbers differ too far.

    `step` counts the route's converts from 0, of `steps`. `node` and `operator` are those of the
    model that the convert read, `module` the part of it that the node belongs to. Errors are the
    largest differences relative to the largest value of a tensor: over all that is known of the
    model `error_before` and `error_after` the node. `runs` counts the parts of the model that
    were compared. `range` names the first and the last node that it may be, where it is not
    known better, and `why` says why it is not. Of a transplant the node is a layer, `counterpart`
    the layer of the result that does the same work, and `cause` says what differs between them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int
    steps: int
    converter: str
    node: str | None = None
    operator: str | None = None
    module: str | None = None
    counterpart: str | None = None
    cause: str | None = None
    error_before: float | None = None
    error_after: float | None = None
    runs: int = 0
    range: tuple[str, str] | None = None
    why: str | None = None


def location(reports: Iterable[Mapping[str, Any] | None]) -> Located | None:
    """The first that the reports of verifications hold; what cannot be read counts as none."""
    for report in reports:
        if report and report.get("located") is not None:
            try:
                return Located.model_validate(report["located"])
            except ValidationError:
                continue  # a report is what a child wrote, or another version
    return None

"""Locations: where a result leaves its source."""

from pydantic import BaseModel, ConfigDict


class Located(BaseModel):
    """The convert, and where it can be told the node, after which the numbers differ too far.

    `step` counts the route's converts from 0, of `steps`. `node` and `operator` are those of the
    model that the convert read, `module` the part of it that the node belongs to. Errors are the
    largest differences relative to the largest value of a tensor: over all that is known of the
    model `error_before` and `error_after` the node. `runs` counts the parts of the model that
    were compared. `range` names the first and the last node that it may be, where it is not
    known better, and `why` says why it is not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: int
    steps: int
    converter: str
    node: str | None = None
    operator: str | None = None
    module: str | None = None
    error_before: float | None = None
    error_after: float | None = None
    runs: int = 0
    range: tuple[str, str] | None = None
    why: str | None = None

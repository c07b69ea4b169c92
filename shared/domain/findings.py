"""Findings: the parts of a step's report that others read, whoever wrote it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.domain.coverage import Coverage
from shared.domain.engines import Manifest


class Findings(BaseModel):
    """`manifest`: of an engine that was built; `build`: what that cost; `coverage`: of a check.

    A report is a child's word, which runs what users sent: it is read with this before it is
    believed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    manifest: Manifest | None = None
    build: dict[str, Any] | None = None
    coverage: Coverage | None = None


def findings(report: Mapping[str, Any] | None) -> Findings:
    """
    Raises:
        pydantic.ValidationError: one of them is of another shape.
    """
    return Findings.model_validate(dict(report or {}))

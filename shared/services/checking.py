"""Checking: where on a path one can ask what the target covers, before anything is built."""

from collections.abc import Mapping
from typing import Any

from shared.domain.plans import Check
from shared.domain.rosters import Roster
from shared.domain.routes import Path
from shared.services.proving import INSPECTED, only


def check_before(
    path: Path,
    given: Mapping[str, Any],
    roster: Roster,
    *,
    binding: bool = True,
) -> Check | None:
    """The check of the last step on the path whose target anybody can be asked about.

    One that is not `binding` only tells, and any checker will do; a `binding` one is of those
    alone whose answer is the build's own.
    """
    for index, edge in reversed(tuple(enumerate(path))):
        checker = roster.checker(edge.source, edge.target)
        if checker is not None and (checker.binding or not binding):
            return Check(
                source=checker.source,
                target=checker.target,
                version=checker.version,
                before=index,
                binding=binding,
                options=only(INSPECTED, given),
                toolchain=checker.toolchain,
            )
    return None

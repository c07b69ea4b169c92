"""Formats: which becomes which, as the planner has it with everything that is installed here."""

from collections.abc import Iterator
from pathlib import Path

from bench.coverage.kept import Pair
from shared.domain.errors import Unplannable
from shared.domain.formats import FORMATS
from shared.domain.offers import Queue
from shared.domain.rosters import Member, Roster
from shared.domain.targets import Target
from shared.services.planning import plan
from workers.local.machine import Machine, local_settings
from workers.offering import offer


def pairs(folder: Path) -> dict[str, dict[str, Pair]]:
    """Those that can be reached, by source and target. `folder` is scratch room."""
    here = Machine(local_settings(), folder).offer
    heard = offer("", "", queues=(Queue.CPU,), slots=1, memory=here.memory, isolation={}).known
    roster = Roster((Member(here.model_copy(update={"known": heard}), online=True),))
    found = {source: dict(_reached(source, roster)) for source in FORMATS}
    return {source: targets for source, targets in found.items() if targets}


def _reached(source: str, roster: Roster) -> Iterator[tuple[str, Pair]]:
    for target in FORMATS:
        try:
            best = plan(source, Target(format=target), roster).routes[0]
        except Unplannable:
            continue
        on_gpu = any(each.queue is Queue.GPU for each in best.converts)
        if target != source:
            yield (
                target,
                Pair(
                    way="gpu" if on_gpu else "cpu",
                    verified=best.proves,
                    route=tuple(each.converter for each in best.converts),
                    reason=best.unverified,
                ),
            )

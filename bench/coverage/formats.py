"""Formats: which becomes which, as the planner has it with everything that is installed here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.coverage.kept import Pair
from shared.domain.errors import Unplannable
from shared.domain.formats import FORMATS
from shared.domain.jobs import TEMPLATE
from shared.domain.offers import Queue
from shared.domain.plans import Route
from shared.domain.rosters import Member, Roster
from shared.domain.targets import Target
from shared.services.planning import plan
from workers.local.machine import Machine, local_settings
from workers.offering import offer

WITH: Final = " + "
"""Between weights alone and the template that they are put into."""


def pairs(folder: Path) -> dict[str, dict[str, Pair]]:
    """Those that can be reached, by source and target. `folder` is scratch room.

    Weights alone have a row for each format that a template of theirs may have, too.
    """
    here = Machine(local_settings(), folder).offer
    heard = offer("", "", queues=(Queue.CPU,), slots=1, memory=here.memory, isolation={}).known
    roster = Roster((Member(here.model_copy(update={"known": heard}), online=True),))
    found = {source: dict(_reached(source, roster)) for source in FORMATS}
    for source, template in _filled():
        found[f"{source}{WITH}{template}"] = dict(_reached(source, roster, template))
    return {source: targets for source, targets in found.items() if targets}


def _filled() -> Iterator[tuple[str, str]]:
    """Weights alone, and the models that they can be put into."""
    for source in (each for each in FORMATS.values() if each.weights):
        for template in (each for each in FORMATS.values() if not each.weights):
            yield source.name, template.name


def _reached(
    source: str, roster: Roster, template: str | None = None
) -> Iterator[tuple[str, Pair]]:
    for target in FORMATS:
        best = _best(source, target, roster, template)
        if best is None or target == source:
            continue
        proven = best if template is None else _best(template, target, roster, None)
        on_gpu = any(each.queue is Queue.GPU for each in best.converts)
        yield (
            target,
            Pair(
                way="gpu" if on_gpu else "cpu",
                verified=proven is not None and proven.proves and target != template,
                route=tuple(each.converter for each in best.converts),
                reason=best.unverified,
            ),
        )


def _best(source: str, target: str, roster: Roster, template: str | None) -> Route | None:
    """The first route; None where there is none."""
    options = {TEMPLATE: template} if template else {}
    try:
        return plan(source, Target(format=target, options=options), roster).routes[0]
    except Unplannable:
        return None

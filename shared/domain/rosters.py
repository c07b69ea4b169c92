"""Rosters: all workers that were ever heard of, and what can be done with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.domain.gpus import ANY, Gpu
from shared.domain.offers import (
    CheckerOffer,
    ConverterOffer,
    Offer,
    Queue,
    RuntimeOffer,
    Toolchain,
    queue_of,
)
from shared.domain.plans import Action, Check, Convert, Inspect


@dataclass(frozen=True, slots=True)
class Member:
    """One worker's offer, and whether it was heard from within the last lease term."""

    offer: Offer
    online: bool


@dataclass(frozen=True)
class Roster:
    """Those on line first, and of these and the others the newest first."""

    members: tuple[Member, ...]

    @cached_property
    def converters(self) -> Mapping[str, ConverterOffer]:
        """By name. Of several versions: the newest that is on line, else the newest known."""
        best: dict[str, tuple[bool, int, ConverterOffer]] = {}
        for member in self.members:
            for edge in member.offer.converters:
                rank = (member.online, edge.version)
                if edge.name not in best or rank > best[edge.name][:2]:
                    best[edge.name] = (*rank, edge)
        return {name: edge for name, (_, _, edge) in sorted(best.items())}

    @cached_property
    def known(self) -> Mapping[str, ConverterOffer]:
        """By name, the newest of those that no worker ever offered, and some have heard of."""
        newest: dict[str, ConverterOffer] = {}
        for edge in (edge for member in self.members for edge in member.offer.known):
            held = newest.get(edge.name)
            if edge.name not in self.converters and (held is None or held.version < edge.version):
                newest[edge.name] = edge
        return dict(sorted(newest.items()))

    @cached_property
    def every_version(self) -> tuple[ConverterOffer, ...]:
        """Each version of each converter once, newest first."""
        distinct: dict[tuple[str, int], ConverterOffer] = {}
        for edge in self._edges():
            distinct.setdefault((edge.name, edge.version), edge)
        return tuple(sorted(distinct.values(), key=lambda edge: (edge.name, -edge.version)))

    @cached_property
    def online(self) -> frozenset[str]:
        """The capabilities of the workers that are there now."""
        return frozenset(
            each for member in self.members if member.online for each in member.offer.capabilities
        )

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """The devices of the workers that are there now."""
        return tuple(gpu for member in self.members if member.online for gpu in member.offer.gpus)

    def gpu_for(self, action: Action) -> Gpu | None:
        """A device that meets the action's needs: one that is on line before any other."""
        needs = ANY if isinstance(action, Inspect | Check) else action.needs
        known = (gpu for member in self.members for gpu in member.offer.gpus)
        return next((gpu for gpu in known if needs.met_by(gpu)), None)

    def checker(self, source: str, target: str) -> CheckerOffer | None:
        """The newest that a worker on line has, else the newest known."""
        found = [
            (member.online, each.version, each)
            for member in self.members
            for each in member.offer.checkers
            if (each.source, each.target) == (source, target)
        ]
        return max(found, key=lambda each: each[:2])[2] if found else None

    def runtimes(self, *formats: str, online: bool = False) -> tuple[Toolchain, Queue] | None:
        """The packages with which one worker runs all of these formats, and where it does so.

        None if no worker can; only those on line count where `online` is asked for.
        """
        for member in self.members:
            held = {each.format: each for each in member.offer.runtimes}
            if held.keys() >= set(formats) and (member.online or not online):
                return _together([held[each] for each in formats])
        return None

    def _edges(self) -> Iterator[ConverterOffer]:
        offers = [member.offer for member in self.members]
        return (edge for offer in offers for edge in (*offer.converters, *offer.known))


def toolchain(action: Action, offer: Offer) -> Toolchain:
    """The packages with which this worker carries out the action."""
    if isinstance(action, Convert):
        edges = [each for each in offer.converters if each.capability == action.capability]
        return dict(edges[0].toolchain) if edges else dict(action.toolchain)
    if isinstance(action, Check):
        checks = [each for each in offer.checkers if each.capability == action.capability]
        return dict(checks[0].toolchain) if checks else dict(action.toolchain)
    if isinstance(action, Inspect):
        formats: tuple[str, ...] = (action.format,)
    else:
        formats = (action.reference, action.candidate)
    found = Roster((Member(offer, online=True),)).runtimes(*formats)
    return dict(action.toolchain) if found is None else found[0]


def _together(held: Sequence[RuntimeOffer]) -> tuple[Toolchain, Queue]:
    tools = {name: version for each in held for name, version in each.toolchain.items()}
    return tools, queue_of(*held)

"""Rosters: all workers that were ever heard of, and what can be done with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from shared.domain.offers import ConverterOffer, Offer, Toolchain
from shared.domain.plans import Action, Convert, Inspect


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

    def runtimes(self, *formats: str) -> Toolchain | None:
        """The packages with which one worker runs all of these formats; None if none can."""
        for member in self.members:
            held = {each.format: each.toolchain for each in member.offer.runtimes}
            if held.keys() >= set(formats):
                return {name: v for each in formats for name, v in held[each].items()}
        return None

    def _edges(self) -> Iterator[ConverterOffer]:
        return (edge for member in self.members for edge in member.offer.converters)


def toolchain(action: Action, offer: Offer) -> Toolchain:
    """The packages with which this worker carries out the action."""
    if isinstance(action, Convert):
        edges = [each for each in offer.converters if each.capability == action.capability]
        return dict(edges[0].toolchain) if edges else dict(action.toolchain)
    if isinstance(action, Inspect):
        formats: tuple[str, ...] = (action.format,)
    else:
        formats = (action.reference, action.candidate)
    found = Roster((Member(offer, online=True),)).runtimes(*formats)
    return dict(action.toolchain) if found is None else found

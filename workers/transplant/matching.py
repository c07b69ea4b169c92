"""Matching: which variable of the source becomes which of the target, worked out as a whole."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from workers.transplant.assembling import Assembly
from workers.transplant.expressions import names
from workers.transplant.flattening import Seen
from workers.transplant.fused import Whole, split
from workers.transplant.learning import Sighting
from workers.transplant.moves import Move, Transfer
from workers.transplant.names import tokens
from workers.transplant.settling import Matches, Settled, settle
from workers.transplant.sides import Side, place, side, units
from workers.transplant.units import Unit
from workers.weights.variables import Weights


@dataclass(frozen=True, slots=True)
class Field:
    """Two stores read into units, and the wholes that were split for that."""

    source: Weights
    target: Weights
    sides: tuple[Side, Side]
    wholes: tuple[tuple[Whole, ...], tuple[Whole, ...]]
    sources: tuple[Unit, ...]
    targets: tuple[Unit, ...]
    moves: tuple[Move, ...]

    def settled(self) -> Settled:
        """Which unit may become which, by names, order and shapes."""
        return settle(
            self.sources,
            self.targets,
            lines=(self.sides[0].line, self.sides[1].line),
            known=_sightings(self.source, self.target, self.moves),
        )

    def transfer(self, found: Matches, seen: Seen | None = None) -> Transfer:
        """The moves of these matches. `seen`: what a run of both models has shown of the order
        in which layers read flat maps, by the place of the target's unit."""
        made = Assembly(self.source, self.target, self.sources, self.targets, found, seen)
        made.moves.update({move.target: move for move in self.moves})
        made.move_all(*self.wholes)
        return made.transfer(*(each.left for each in self.sides))


def match(
    source: Weights,
    target: Weights,
    *,
    settled: Sequence[Move] = (),
    skipped: Collection[str] = (),
) -> Transfer:
    """A move for each variable of the target that was found one, and why for all that was not.

    Args:
        source: where the values are; read only where a variable must be known to change nothing.
        target: the template.
        settled: moves that a mapping file has decided; their variables on both sides are out of
            the game.
        skipped: names of either side's variables that are not to be mapped.

    Raises:
        InvalidModel: a variable of the source could not be read.
    """

    found = field(source, target, settled=settled, skipped=skipped)
    return found.transfer(found.settled().matches())


def field(
    source: Weights,
    target: Weights,
    *,
    settled: Sequence[Move] = (),
    skipped: Collection[str] = (),
) -> Field:
    """Both stores read into units; see `match`."""
    read = {name for move in settled for name in names(move.value)}
    filled = {move.target for move in settled}
    given = side(source, read, skipped)
    wanted = side(target, {*filled, *target.ties}, skipped)
    given_apart, given_wholes = split(given, wanted)
    wanted_apart, wanted_wholes = split(wanted, given)
    native = given.framework is wanted.framework
    return Field(
        source,
        target,
        (given, wanted),
        (tuple(given_wholes), tuple(wanted_wholes)),
        units(given_apart, native=native),
        units(wanted_apart, native=native),
        tuple(settled),
    )


def _sightings(source: Weights, target: Weights, settled: Sequence[Move]) -> Iterator[Sighting]:
    """What a mapping file has decided teaches of the names, too."""
    for move in settled:
        for name in names(move.value):
            if name in source.variables and move.target in target.variables:
                here, _ = place(source.variables[name])
                there, _ = place(target.variables[move.target])
                yield Sighting(tokens(here), tokens(there), 1.0)

"""Matching: which variable of the source becomes which of the target, worked out as a whole."""

from collections.abc import Collection, Iterator, Sequence

from workers.transplant.assembling import Assembly
from workers.transplant.expressions import names
from workers.transplant.fused import split
from workers.transplant.learning import Sighting
from workers.transplant.moves import Move, Transfer
from workers.transplant.names import tokens
from workers.transplant.settling import matches
from workers.transplant.sides import place, side, units
from workers.weights.variables import Weights


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

    read = {name for move in settled for name in names(move.value)}
    filled = {move.target for move in settled}
    given = side(source, read, skipped)
    wanted = side(target, {*filled, *target.ties}, skipped)
    given_apart, given_wholes = split(given, wanted)
    wanted_apart, wanted_wholes = split(wanted, given)
    native = given.framework is wanted.framework
    sources = units(given_apart, native=native)
    targets = units(wanted_apart, native=native)
    found = matches(
        sources,
        targets,
        ordered=(given.ordered, wanted.ordered),
        known=_sightings(source, target, settled),
    )
    result = Assembly(source, target, sources, targets, found)
    result.moves.update({move.target: move for move in settled})
    result.move_all(given_wholes, wanted_wholes)
    return result.transfer((*given.left,), (*wanted.left,))


def _sightings(source: Weights, target: Weights, settled: Sequence[Move]) -> Iterator[Sighting]:
    """What a mapping file has decided teaches of the names, too."""
    for move in settled:
        for name in names(move.value):
            if name in source.variables and move.target in target.variables:
                here, _ = place(source.variables[name])
                there, _ = place(target.variables[move.target])
                yield Sighting(tokens(here), tokens(there), 1.0)

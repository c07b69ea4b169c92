"""Agreement: two live models on one example, and where they part if they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final, Protocol

from shared.domain.errors import AccuracyMismatch
from workers.transplant.calls import Call, Run
from workers.transplant.examples import Example, Live, by_framework, first_run, given
from workers.transplant.layers import Counterparts, counterparts
from workers.transplant.live_keras import KerasWeights
from workers.transplant.moves import Transfer
from workers.transplant.nearness import nearest
from workers.transplant.suspicions import suspicions
from workers.weights.variables import Array, Weights

TOLERANCE: Final = 1e-4
"""Relative to the largest number of each output."""

QUIET: Final = 4  # layers that are named of those that could not be compared


def agreement(
    source: Live, target: Live, transfer: Transfer, example: Example, tolerance: float = TOLERANCE
) -> float:
    """The largest relative error of any output, over all layouts in which they can be compared.

    Where it is too large both run again and every mapped layer's outputs are kept, so that the
    first to differ can be named.

    Raises:
        AccuracyMismatch: it is larger than the tolerance; names the source's layer.
        InvalidOptions: the example does not fit a model.
    """
    keras, torch = by_framework(source, target)
    keras_given, ways = given(example, torch)
    torch_run, taken = first_run(torch, ways)
    error = max(output_errors(keras.run(keras_given), torch_run), default=0.0)
    if error <= tolerance:
        return error
    pairs = counterparts(transfer, source, target)
    mirrored = isinstance(source, KerasWeights)
    keras_paths, torch_paths = (
        [path for each in pairs for path in (each.source if of_source else each.target)]
        for of_source in (mirrored, not mirrored)
    )
    runs = keras.run(keras_given, keras_paths), torch.run(taken, torch_paths)
    ran = runs if mirrored else runs[::-1]
    raise _mismatch(
        source, target, transfer, first_parting(pairs, source, target, ran, tolerance), error
    )


def output_errors(one: Run, other: Run) -> tuple[float, ...]:
    """How far each output of one is from that of the other, relative to its largest number;
    infinitely far where the two cannot be compared."""
    if len(one.outputs) != len(other.outputs):
        return (inf,)
    found = [nearest(a, b) for a, b in zip(one.outputs, other.outputs, strict=True)]
    return tuple(inf if each is None else each for each in found)


class Heard(Protocol):
    """A model whose layers were listened to."""

    def activated(self, path: str, array: Array) -> Array | None:
        """What the layer makes of it in the end, where it has an activation of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Parting:
    """Layers that differ: by how much, and by how much what they read does. `unheard` are the
    source's layers of which nothing is known."""

    pair: Counterparts
    gave: float
    read: float | None
    unheard: tuple[str, ...] = ()


def first_parting(
    pairs: Sequence[Counterparts],
    source: Heard,
    target: Heard,
    runs: tuple[Run, Run],
    tolerance: float,
) -> Parting | None:
    """In the order of the source's run. Where no layer alone is past the tolerance, the one
    whose error grew the most over that of what it read."""
    grown: list[tuple[float, Parting]] = []
    unlike: list[Parting] = []
    so_far = 0.0
    met = list(_met(pairs, runs))
    unheard = _unheard(pairs, met)
    for pair, here, there in met:
        apart = gave(source, target, here, there)
        if apart is None:
            unlike.append(Parting(pair, inf, None))
            unheard += (pair.source[-1],)
            continue
        read = None if here.read is None or there.read is None else nearest(here.read, there.read)
        parting = Parting(pair, apart, read, unheard)
        if apart > tolerance:
            return parting
        before = max(so_far if read is None else read, 1e-7)
        grown.append((apart / before, parting))
        so_far = apart
    if grown:
        return max(grown, key=lambda each: each[0])[1]
    return unlike[0] if unlike else None


def _unheard(
    pairs: Sequence[Counterparts], met: Sequence[tuple[Counterparts, Call, Call]]
) -> tuple[str, ...]:
    heard = [pair for pair, _, _ in met]
    return tuple(each.source[-1] for each in pairs if each not in heard)


def _met(
    pairs: Sequence[Counterparts], runs: tuple[Run, Run]
) -> Iterator[tuple[Counterparts, Call, Call]]:
    """Calls that do the same work, in the order in which the source made them."""
    found: list[tuple[int, Counterparts, Call, Call]] = []
    for pair in pairs:
        here = [each for each in enumerate(runs[0].calls) if each[1].path in pair.source]
        there = [each for each in runs[1].calls if each.path in pair.target]
        if not here or not there:
            continue
        alike = len(here) == len(there) and len(pair.source) == len(pair.target) == 1
        # Layers that are cut otherwise on the other side are compared where they end.
        kept = zip(here, there, strict=True) if alike else [_ends(here, there)]
        found += [(place, pair, call, other) for (place, call), other in kept]
    for _, pair, call, other in sorted(found, key=lambda each: each[0]):
        yield pair, call, other


def _ends(here: list[tuple[int, Call]], there: list[Call]) -> tuple[tuple[int, Call], Call]:
    """One call for all of them: it reads what the first read, and gives what the last gave."""
    place, last = here[-1]
    return (
        (place, replace(last, read=here[0][1].read)),
        replace(there[-1], read=there[0].read),
    )


def gave(source: Heard, target: Heard, here: Call, there: Call) -> float | None:
    """How far what two layers gave is apart, with or without an activation that is one side's
    layer's own; None where they cannot be compared."""
    found = [nearest(here.gave, there.gave)]
    for live, own, other in ((source, here, there), (target, there, here)):
        ended = live.activated(own.path, other.gave)
        if ended is not None:
            found.append(nearest(own.gave, ended))
    return min((each for each in found if each is not None), default=None)


def _mismatch(
    source: Live, target: Live, transfer: Transfer, parting: Parting | None, error: float
) -> AccuracyMismatch:
    whole = f"The models' outputs differ by {error:.1e}, relative to the largest number."
    if parting is None:
        return AccuracyMismatch(
            f"{whole} No layer's outputs could be compared: see whether both models do the same"
            " between their layers."
        )
    path = parting.pair.source[-1]
    told = source.layers.get(path)
    where = _where(parting, " ".join(causes(parting, source, target, transfer)))
    return AccuracyMismatch(
        f"{whole} {where}".strip(), node=path, operator=told.kind if told else None
    )


def _where(parting: Parting, why: str) -> str:
    path, there = parting.pair.source[-1], parting.pair.target[-1]
    first = f"The first layer that differs is {path!r} ({there!r} in the target)"
    if before(parting):
        return f"{first}. {why}"
    far = "in shape" if parting.gave == inf else f"by {parting.gave:.1e}"
    return f"{first}, {far}; all mapped ones before it agree. {why}"


def before(parting: Parting) -> bool:
    """Whether what the layer reads differs already."""
    return parting.read is not None and parting.read > max(parting.gave / 10, TOLERANCE)


def causes(
    parting: Parting, source: Weights, target: Weights, transfer: Transfer
) -> Iterator[str]:
    """Why the layer may differ, a sentence each."""
    if before(parting):
        quiet = ", ".join(map(repr, parting.unheard[:QUIET]))
        one = f"one of {quiet}, which could not be compared, or " if quiet else ""
        yield (
            f"What it reads differs already, by {parting.read:.1e}: {one}what stands before it,"
            " and has no weights, does something else: padding, an activation, the order of axes."
        )
    else:
        yield from suspicions(parting.pair, source, target, transfer)

"""Arranging: which of the units that fit goes where, so that both models compute the same.

Names and places say which assignment is likely; where both models can be run, the run decides.
A layer belongs where what its counterpart reads is what it reads itself. That depends on the
weights before it alone, so assignments are mended from the inputs on. Layers that read the same
(query, key and value; a filter and its gate; two heads) can be told apart only by what becomes
of them: there trades are tried. All of it is bounded by a number of runs and by time.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, permutations
from math import inf, log10
from typing import Final

from workers.transplant.agreement import TOLERANCE, gave, output_errors
from workers.transplant.calls import Run
from workers.transplant.carrying import made
from workers.transplant.examples import Live
from workers.transplant.expressions import Expression
from workers.transplant.flattening import Fold, Seen
from workers.transplant.live_keras import KerasWeights
from workers.transplant.matching import Field
from workers.transplant.moves import Transfer
from workers.transplant.observing import Sight, channels, flat, same_print, same_reads, sights
from workers.transplant.settling import Settled
from workers.weights.variables import Array

RUNS: Final = 300
SECONDS: Final = 60.0
MENDED: Final = 64  # times in a row that an assignment is mended from the inputs on
LARGEST: Final = 4  # of a set of equal layers whose every order is tried
TOGETHER: Final = 60  # pairs of trades that are tried

Chosen = Mapping[int, int]
"""The place of the target's unit by that of the source's."""


@dataclass(frozen=True, slots=True)
class State:
    """An assignment after both models ran with it. `fine` are the sources' units that read and
    gave what their counterparts did, `wrong` those that did not; of all others nothing is
    known."""

    chosen: Chosen
    seen: Seen
    transfer: Transfer
    error: float
    agreeing: int
    fine: frozenset[int]
    wrong: frozenset[int]
    sights: Mapping[int, Sight]

    @property
    def score(self) -> tuple[bool, int, int, float]:
        """The larger, the nearer to a right one."""
        scale = 16.0 if self.error == 0 else -log10(self.error) if self.error < inf else -inf
        return self.error <= TOLERANCE, len(self.fine), self.agreeing, round(scale, 2)


@dataclass(slots=True)
class Arranging:
    """The search over one pair of live models. `given` are the inputs of the source and of the
    target."""

    source: Live
    target: Live
    layers: Field
    settled: Settled
    given: tuple[Sequence[Array], Sequence[Array]]
    runs: int = 0
    began: float = field(default_factory=time.monotonic)
    written: dict[str, Expression] = field(default_factory=dict)
    origin: Run | None = None
    seeing: Mapping[int, Sight] = field(default_factory=dict)

    def found(self) -> State:
        """The first assignment that agrees, or else the one that names and places speak for.

        That one is tried first, by its outputs alone: nothing is kept of the layers in between.
        """
        self.origin = self.source.run(self.given[0])
        first = best = self._ran(self.settled.chosen({}), {}, watched=False)
        if best.error <= TOLERANCE:
            return best
        self.origin = self.source.run(self.given[0], list(self.source.layers))
        self.seeing = sights(self.layers.sources, self.source, self.origin.calls)
        best = self._tried(first.chosen, first.seen)
        while best.error > TOLERANCE and self._may_go_on():
            better = self._mended(best)
            if better.score <= best.score:
                better = self._traded(best)
            if better.score <= best.score:
                break
            best = better
        if best.error <= TOLERANCE:
            return best
        return first

    def _may_go_on(self) -> bool:
        return self.runs < RUNS and time.monotonic() - self.began < SECONDS

    def _tried(self, chosen: Chosen, seen: Seen) -> State:
        """Both models run with an assignment, and once more where the run shows in which order
        a layer reads flat maps."""
        state = self._ran(chosen, seen)
        told = self._folds(state)
        return state if told == dict(state.seen) else self._ran(chosen, told)

    def _ran(self, chosen: Chosen, seen: Seen, *, watched: bool = True) -> State:
        assert self.origin is not None  # noqa: S101 - `found` has run it
        transfer = self.layers.transfer(self.settled.matches_of(chosen), seen)
        for move in transfer.moves:
            if self.written.get(move.target) != move.value:
                self.target.write(move.target, made(move.value, self.source.read))
                self.written[move.target] = move.value
        self.runs += 1
        run = self.target.run(self.given[1], list(self.target.layers) if watched else ())
        there = sights(self.layers.targets, self.target, run.calls)
        fine, wrong = self._judged(chosen, there)
        errors = output_errors(self.origin, run)
        agreeing = sum(each <= TOLERANCE for each in errors)
        return State(
            chosen, seen, transfer, max(errors, default=0.0), agreeing, fine, wrong, there
        )

    def _judged(
        self, chosen: Chosen, there: Mapping[int, Sight]
    ) -> tuple[frozenset[int], frozenset[int]]:
        fine, wrong = set(), set()
        for source, target in chosen.items():
            here, other = self.seeing.get(source), there.get(target)
            if here is None or other is None:
                continue
            whole = here.whole and other.whole
            read = same_reads(here, other)
            if read and (not whole or self._gave_alike(here, other)):
                fine.add(source)
            elif whole:
                wrong.add(source)
        return frozenset(fine), frozenset(wrong)

    def _gave_alike(self, here: Sight, there: Sight) -> bool:
        if len(here.calls) != len(there.calls):
            return True
        both = zip(here.calls, there.calls, strict=True)
        apart = [gave(self.source, self.target, *each) for each in both]
        return all(each is None or each <= 10 * TOLERANCE for each in apart)

    def _folds(self, state: State) -> dict[int, Fold | None]:
        """What the run shows of the order in which dense layers read flat maps."""
        told = dict(state.seen)
        mirrored = isinstance(self.source, KerasWeights)
        for source, target in state.chosen.items():
            here, there = self.seeing.get(source), state.sights.get(target)
            if here is None or there is None or not same_print(here, there):
                continue
            if self.layers.targets[target].kind != "dense":
                continue
            one, other = here.calls[0].read, there.calls[0].read
            if one is None or other is None or not flat(one) or one.shape != other.shape:
                continue
            keras, torch = (one, other) if mirrored else (other, one)
            count = channels(keras, torch)
            if count is not None:
                length = keras.shape[1]
                told[target] = Fold((length // count, count), 1, told=True)
            elif same_reads(here, there):
                told[target] = None
        return told

    def _mended(self, state: State) -> State:
        """Every layer that reads what no counterpart of its own reads goes where it is read."""
        best = state
        for _ in range(MENDED):
            held = self._held(best)
            chosen = self.settled.chosen(held, best.chosen)
            if chosen == best.chosen or not self._may_go_on():
                break
            found = self._tried(chosen, best.seen)
            if found.score <= best.score:
                break
            best = found
            if best.error <= TOLERANCE:
                break
        return best

    def _held(self, state: State) -> Mapping[int, frozenset[int]]:
        """Where each unit must go: the fine ones where they are, the wrong ones to those that
        read the same and are not taken."""
        held = {each: frozenset({state.chosen[each]}) for each in state.fine}
        open_ = [state.chosen[each] for each in state.wrong]
        open_ += sorted(set(state.sights) - set(state.chosen.values()))
        for source in state.wrong:
            here = self.seeing[source]
            alike = [
                each
                for each in open_
                if self.settled.fit(source, each) and same_reads(here, state.sights[each])
            ]
            if alike:
                held[source] = frozenset(alike)
        return held

    def _traded(self, state: State) -> State:
        """The first trade among layers that read the same that makes it better, from the last
        one before the first that is wrong."""
        for chosen in self._trades(state):
            if not self._may_go_on():
                break
            found = self._tried(chosen, state.seen)
            if found.error > TOLERANCE:
                found = self._mended(found)
            if found.score > state.score:
                return found
        return state

    def _trades(self, state: State) -> Iterator[Chosen]:
        groups = self._alike(state)
        swaps = [
            {one: state.chosen[other], other: state.chosen[one]}
            for group in groups
            for one, other in combinations(group, 2)
            if self.settled.fit(one, state.chosen[other])
            and self.settled.fit(other, state.chosen[one])
        ]
        for swap in swaps:
            yield {**state.chosen, **swap}
        for group in groups:
            if 2 < len(group) <= LARGEST:  # noqa: PLR2004 - two have been traded
                own = [state.chosen[each] for each in group]
                for order in permutations(own):
                    moved = sum(a != b for a, b in zip(own, order, strict=True))
                    pairs = list(zip(group, order, strict=True))
                    if moved > 2 and all(self.settled.fit(*each) for each in pairs):  # noqa: PLR2004
                        yield {**state.chosen, **dict(pairs)}
        apart = (pair for pair in combinations(swaps, 2) if not pair[0].keys() & pair[1].keys())
        for one, other in islice(apart, TOGETHER):
            yield {**state.chosen, **one, **other}

    def _alike(self, state: State) -> list[list[int]]:
        """Sets of units that could trade and that read the same, or of which nothing is known,
        the latest before the first that is wrong first."""
        ends = [self.seeing[each].at for each in state.wrong]
        stuck = min(ends, default=len(self.origin.calls) if self.origin else 0)
        groups: list[list[int]] = []
        for source in sorted(state.chosen.keys() - state.wrong):
            for group in groups:
                if self._could_trade(group[0], source):
                    group.append(source)
                    break
            else:
                groups.append([source])
        found = [each for each in groups if len(each) > 1]
        return sorted(found, key=lambda group: self._distance(group, stuck))

    def _could_trade(self, one: int, other: int) -> bool:
        if not self.settled.together(one, other):
            return False
        here, there = self.seeing.get(one), self.seeing.get(other)
        if here is None or there is None:
            return here is there
        return same_print(here, there)

    def _distance(self, group: Sequence[int], stuck: int) -> tuple[bool, int]:
        places = [self.seeing[each].at for each in group if each in self.seeing]
        if not places:
            return False, stuck
        return min(places) > stuck, abs(stuck - max(places))

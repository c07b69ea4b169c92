"""Inlining: which results are written where they are used, and which get a name."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from workers.torch_source.operators import SIGNS
from workers.torch_source.plan import Plan
from workers.torch_source.scopes import Scope
from workers.torch_source.sizes import Sizes, axis_of, length_of
from workers.torch_source.values import Body, Op, State, Value, leaves

BUDGET: Final = 3.5
"""Operations in one statement: more and it is read twice."""

WIDTH: Final = 76
"""Columns of a statement, by estimate."""

RANDOM: Final = frozenset({"dropout", "rand", "randn", "rand_like", "randn_like", "bernoulli"})
FREE: Final = frozenset({"select", "slice", "unsqueeze", "index", "operator.getitem"})


@dataclass(eq=False, slots=True)
class Step:
    """A call, with the parts that are taken of its result. `results` has a None for each part
    that nobody reads; `taken` is written behind a call of which only one part is read."""

    item: Op | Scope
    results: list[Any]
    reads: list[Value]
    asks: list[Op]
    single: bool
    taken: str = ""

    @property
    def is_in_place(self) -> bool:
        return isinstance(self.item, Op) and self.item.mutates

    @property
    def has_bodies(self) -> bool:
        return isinstance(self.item, Op) and any(isinstance(each, Body) for each in self.item.args)

    @property
    def stays(self) -> bool:
        """Whether it needs a statement of its own whoever uses it."""
        if isinstance(self.item, Scope):
            return self.is_numbered
        return self.is_in_place or self.has_bodies or self.item.key in RANDOM

    @property
    def cost(self) -> float:
        if isinstance(self.item, Scope):
            return 1.5
        beside_number = self.item.key in SIGNS and len(self.reads) == 1
        return 0.5 if self.item.key in FREE or beside_number else 1.0

    @property
    def is_numbered(self) -> bool:
        """Whether a member of a list is called, as the statements of a loop do."""
        return isinstance(self.item, Scope) and (
            self.item.call.module.rpartition(".")[2].isdigit()
        )

    @property
    def width(self) -> int:
        """A guess at the columns of the call without its operands."""
        if isinstance(self.item, Scope):
            return len(self.item.call.module.rpartition(".")[2]) + 7
        literals = [
            each
            for each in self.item.args[1:]
            if each is not None and not isinstance(each, Op | State)
        ]
        return min(len(self.item.key), 12) + 4 + 4 * len(literals)


def steps_of(items: Iterable[Op | Scope], plan: Plan, sizes: Sizes) -> list[Step]:
    """The calls of a function in order; a call that gives several values has them beside it."""
    items = [each for each in items if not (isinstance(each, Op) and each.is_size)]
    parts: dict[int, list[Op]] = {}
    whole: set[int] = set()
    for item in items:
        for value in _read(item, sizes):
            if isinstance(item, Op) and item.key == "operator.getitem":
                parts.setdefault(id(value), []).append(item)
            else:
                whole.add(id(value))
    steps: list[Step] = []
    merged: set[int] = set()
    for item in items:
        if id(item) in merged:
            continue
        step = _step(item, sizes)
        taken = parts.get(id(item), [])
        if isinstance(item, Op) and taken and id(item) not in whole:
            merged |= {id(each) for each in taken}
            _take(step, item, taken, is_layer=plan.layer(item) is not None)
        steps.append(step)
    return steps


def _step(item: Op | Scope, sizes: Sizes) -> Step:
    if isinstance(item, Scope):
        asks = [each for each in item.inputs if isinstance(each, Op) and each.is_size]
        reads = [each for each in item.inputs if each not in asks]
        return Step(item, item.results, reads, asks, single=not isinstance(item.outputs, tuple))
    return Step(item, [item], list(_read(item, sizes)), sizes.asked_by(item), single=True)


def _read(item: Op | Scope, sizes: Sizes) -> Iterator[Value]:
    given = item.inputs if isinstance(item, Scope) else sizes.given_to(item)
    for value in given:
        yield from _beneath(value)


def _beneath(value: Value) -> Iterator[Value]:
    """A length is written by what it was computed from, if that is more than lengths."""
    if not (isinstance(value, Op) and value.is_size):
        yield value
    elif value.key != "sym_size":
        for each in value.operands():
            yield from _beneath(each)


def _take(step: Step, op: Op, taken: list[Op], *, is_layer: bool) -> None:
    """Unpack the parts of a result."""
    by_place = {each.args[1]: each for each in taken}
    count = len(op.value) if isinstance(op.value, list | tuple) else max(by_place) + 1
    if op.key == "higher_order.cond" and count == 1:
        step.results = [by_place[0]]
        return
    if len(by_place) == 1:
        ((place, part),) = by_place.items()
        step.results = [part]
        step.taken = f"[{place}]"
        if is_layer and op.key == "lstm" and place:
            step.taken = f"[1][{place - 1}]"
        return
    step.results = [by_place.get(place) for place in range(count)]
    step.single = False


class Functional(Protocol):
    """What the choice depends on: the function's arguments, and what it is nested in."""

    inputs: list[Value]
    outer: Any


@dataclass(slots=True)
class Inlined:
    """`kept` are the steps that get a statement; `inlined` the others, by their result. `born`
    are lengths that no argument has, only what is computed here."""

    kept: list[Step] = field(default_factory=list)
    inlined: dict[int, Step] = field(default_factory=dict)
    born: set[str] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    """Results that get a name because a length is read of them, by identity."""

    def reads(self, step: Step) -> list[Value]:
        """The named values that its statement reads, in the order in which they are written."""
        return list(self._named(step.reads))

    def reads_of(self, structure: Any) -> list[Value]:
        return list(self._named([each for value in leaves(structure) for each in _beneath(value)]))

    def _named(self, values: Iterable[Value]) -> Iterator[Value]:
        for value in values:
            if id(value) in self.inlined:
                yield from self._named(self.inlined[id(value)].reads)
            else:
                yield value


def inlined_steps(function: Functional, steps: list[Step], outputs: Any, sizes: Sizes) -> Inlined:
    """Decide for all steps of a function."""
    made = Inlined()
    returned = [each for value in leaves(outputs) for each in _beneath(value)]
    uses = Counter(id(value) for step in steps for value in step.reads)
    uses.update(map(id, returned))
    asked = {length_of(size) for step in steps for size in step.asks}
    asked |= {length_of(size) for size in sizes.asked_of(leaves(outputs))}
    there = [each.value for each in function.inputs]
    made.born = {each for each in asked if all(axis_of(value, each) is None for value in there)}
    made.held = held = _first_of(made.born, steps)
    makers = {id(step.results[0]): step for step in steps if step.single}
    places = {id(step): place for place, step in enumerate(steps)}
    changes = [place for place, step in enumerate(steps) if step.is_in_place]
    costs: dict[int, tuple[float, int]] = {}
    for place, step in enumerate(steps):
        cost, width = step.cost, step.width
        options = _options(_open(step, uses), makers, uses, held)
        together = sum(costs[id(maker)][0] for _, maker in options)
        for value, maker in options:
            more, wider = costs[id(maker)]
            between = any(places[id(maker)] <= each < place for each in changes)
            small = more <= 1 or cost + together <= BUDGET
            if small and cost + more <= BUDGET and width + wider <= WIDTH and not between:
                cost, width, together = cost + more, width + wider, together - more
                made.inlined[id(value)] = maker
        named = sum(1 for value in step.reads if id(value) not in made.inlined)
        costs[id(step)] = (cost, width + 6 * named)
    lone = not isinstance(outputs, dict | list | tuple)
    last = steps[-1] if steps else None
    if lone and last and last.has_bodies and last.single and last.results[0] in returned:
        made.inlined[id(last.results[0])] = last
    for value, maker in _options(returned, makers, uses, held):
        after = any(places[id(maker)] <= each for each in changes)
        if costs[id(maker)][0] <= (BUDGET if lone else 1) and not after:
            made.inlined[id(value)] = maker
    gone = {id(step) for step in made.inlined.values()}
    made.kept = [step for step in steps if id(step) not in gone]
    return made


def _open(step: Step, uses: Counter[int]) -> list[Value]:
    """What a step reads and may be written in it. A function inside it is run more than once, a
    loop over a list is the better seen the less is in it, and what is changed and read again
    needs a name."""
    if isinstance(step.item, Scope):
        return [] if step.is_numbered else step.reads
    if step.has_bodies:
        direct = [each for each in step.item.args if not isinstance(each, Body)]
        given = {id(each) for each in leaves(direct)}
        return [each for each in step.reads if id(each) in given]
    if step.is_in_place and uses[id(step.results[0])]:
        return [each for each in step.reads if each is not step.item.args[0]]
    return step.reads


def _options(
    reads: list[Value], makers: dict[int, Step], uses: Counter[int], held: set[int]
) -> list[tuple[Value, Step]]:
    """What could be written in place, the short ones first."""
    found = [
        (value, makers[id(value)])
        for value in reads
        if id(value) in makers and uses[id(value)] == 1 and id(value) not in held
    ]
    return [(value, maker) for value, maker in found if not maker.stays]


def _first_of(born: set[str], steps: list[Step]) -> set[int]:
    """The results that a length is first read of."""
    left = set(born)
    held: set[int] = set()
    for step in steps:
        for value in step.results:
            lengths = {str(each) for each in getattr(getattr(value, "value", None), "shape", ())}
            if lengths & left:
                held.add(id(value))
                left -= lengths
    return held

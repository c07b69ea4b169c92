"""Scopes: the calls of a program, sorted into the modules that made them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from workers.torch_source.constants import is_written
from workers.torch_source.mutation import changes_in
from workers.torch_source.plan import Plan
from workers.torch_source.sizes import Sizes
from workers.torch_source.values import Call, Op, Program, State, Value, leaves

MOST_OUTPUTS: Final = 8
FEW: Final = 2
"""Calls without weights that are better read where they are used than in a class of their own."""


@dataclass(eq=False, slots=True)
class Scope:
    """A call of a module: what happens in it, what it takes from outside and what it gives."""

    call: Call
    items: "list[Op | Scope]"
    inputs: list[Value]
    outputs: Any
    """Values in the structure that forward returns."""

    @property
    def results(self) -> list[Value]:
        return list(leaves(self.outputs))

    @property
    def scopes(self) -> "list[Scope]":
        return [each for each in self.items if isinstance(each, Scope)]

    def everything(self) -> Iterator[Op]:
        for each in self.items:
            if isinstance(each, Scope):
                yield from each.everything()
            else:
                yield each


class Sorter:
    """Sorts one program. `flat` are paths of modules that get no function of their own."""

    def __init__(self, program: Program, plan: Plan, sizes: Sizes, flat: set[str]) -> None:
        self.program, self.plan, self.sizes, self.flat = program, plan, sizes, flat
        self.ordered = changes_in(program.ops)
        self.users: dict[int, list[Op]] = defaultdict(list)
        for op in self._real(program.ops):
            for value in sizes.read_by(op):
                self.users[id(value)].append(op)
        self.returned = {id(each) for each in leaves(program.outputs)}

    def sorted(self) -> Scope:
        """The program as the scope of its root."""
        root = Call("", self.program.root)
        ops = list(self._real(self.program.ops))
        items = self._items(root, ops, dict.fromkeys(map(id, ops), 0))
        return Scope(root, items, list(self.program.inputs), self.program.outputs)

    def _real(self, ops: Iterable[Op]) -> Iterator[Op]:
        """Not those that compute lengths, or that a layer does for itself."""
        return (op for op in ops if not op.is_size and id(op) not in self.plan.made)

    def _items(self, call: Call, ops: list[Op], depth: dict[int, int]) -> list[Op | Scope]:
        while True:
            groups = self._groups(call, ops, depth)
            loose = [path for path, group in groups.items() if self._is_loose(path, group, ops)]
            loose = loose or self._entangled(groups, ops)
            if not loose:
                break
            for path in loose:
                for op in groups[path]:
                    depth[id(op)] += 1
        made: dict[int, Op | Scope] = {}
        for path, group in groups.items():
            scope = self._scope(path, group, depth)
            made.update(dict.fromkeys(map(id, group), scope))
        return self._arranged([made.get(id(op), op) for op in ops])

    def _groups(self, parent: Call, ops: list[Op], depth: dict[int, int]) -> dict[Call, list[Op]]:
        """By the call that they are in, directly below the parent's."""
        groups: dict[Call, list[Op]] = defaultdict(list)
        for op in ops:
            while len(op.calls) > depth[id(op)]:
                call = op.calls[depth[id(op)]]
                if _is_below(call.module, parent.module) and call.module not in self.flat:
                    groups[call].append(op)
                    break
                depth[id(op)] += 1
        return groups

    def _is_loose(self, call: Call, group: list[Op], ops: list[Op]) -> bool:
        """Whether its calls are better written where it is called."""
        counted = [op for op in group if op.key != "operator.getitem"]
        owned = [
            value
            for op in group
            for value in op.operands()
            if isinstance(value, State) and _is_below(value.path, call.module)
        ]
        layers = [self.plan.layer(op) for op in group]
        if len(counted) <= (1 if owned else FEW) or any(
            each and each[0] == call.module for each in layers
        ):
            return True
        outputs = self._outputs(group)
        return not 0 < len(outputs) <= MOST_OUTPUTS or not self._is_convex(group, ops)

    def _is_convex(self, group: list[Op], ops: list[Op]) -> bool:
        """Whether nothing outside depends on it and feeds it again."""
        inside = {id(op) for op in group}
        if self.ordered:
            places = [place for place, op in enumerate(ops) if id(op) in inside]
            return places[-1] - places[0] + 1 == len(places)
        tainted: set[int] = set()
        for op in ops:
            read = [id(value) for value in self.sizes.read_by(op)]
            if id(op) in inside:
                if any(each in tainted for each in read):
                    return False
            elif any(each in tainted or each in inside for each in read):
                tainted.add(id(op))
        return True

    def _entangled(self, groups: dict[Call, list[Op]], ops: list[Op]) -> list[Call]:
        """Calls that can be put in no order, because each waits for the other."""
        owner: dict[int, Any] = {id(op): op for op in ops}
        for call, group in groups.items():
            owner.update(dict.fromkeys(map(id, group), call))
        waits: dict[Any, set[Any]] = defaultdict(set)
        for op in ops:
            mine = owner[id(op)]
            waits[mine] |= {
                owner[id(value)]
                for value in self.sizes.read_by(op)
                if id(value) in owner and owner[id(value)] is not mine
            }
        done: set[Any] = set()
        left = set(owner.values())
        while ready := {each for each in left if waits[each] <= done}:
            done |= ready
            left -= ready
        return [each for each in left if isinstance(each, Call)]

    def _scope(self, call: Call, group: list[Op], depth: dict[int, int]) -> Scope:
        inner = {id(op): depth[id(op)] + 1 for op in group}
        items = self._items(call, group, inner)
        inside = {id(op) for op in group}
        taken: dict[int, Value] = {}
        for op in group:
            for value in self.sizes.read_by(op):
                if id(value) not in inside and not _is_at_hand(value, call.module):
                    taken[id(value)] = value
        inputs = [each for each in taken.values() if self._is_passed(each, group)]
        lengths = self.sizes.lacking(group, inputs)
        outputs = self._outputs(group)
        given = outputs[0] if len(outputs) == 1 else tuple(outputs)
        return Scope(call, items, [*inputs, *lengths], given)

    def _is_passed(self, value: Value, group: list[Op]) -> bool:
        """A layer knows its own weights, wherever they lie."""
        return any(value in self.sizes.given_to(op) for op in group)

    def _outputs(self, group: list[Op]) -> list[Value]:
        inside = {id(op) for op in group}
        return [
            op
            for op in group
            if id(op) in self.returned
            or any(id(user) not in inside for user in self.users[id(op)])
        ]

    def _arranged(self, items: list[Op | Scope]) -> list[Op | Scope]:
        """Each scope once, where all that it needs is there."""
        unique = list({id(each): each for each in items}.values())
        if self.ordered:
            return unique
        makers: dict[int, int] = {}
        for item in unique:
            for op in item.everything() if isinstance(item, Scope) else (item,):
                makers[id(op)] = id(item)
        waits = {id(item): self._before(item, makers) for item in unique}
        done: set[int] = set()
        arranged: list[Op | Scope] = []
        left = unique
        while left:
            ready = next(each for each in left if waits[id(each)] <= done)
            arranged.append(ready)
            done.add(id(ready))
            left = [each for each in left if each is not ready]
        return arranged

    def _before(self, item: "Op | Scope", makers: dict[int, int]) -> set[int]:
        ops = item.everything() if isinstance(item, Scope) else (item,)
        needed = {makers[id(v)] for op in ops for v in self.sizes.read_by(op) if id(v) in makers}
        return needed - {id(item)}


def _is_at_hand(value: Value, owner: str) -> bool:
    """Whether a module has the tensor, or writes it down where it needs it."""
    return isinstance(value, State) and (is_written(value) or _is_below(value.path, owner))


def _is_below(path: str, parent: str) -> bool:
    return not parent or path.startswith(f"{parent}.")

"""Lifting: what one module of a row computes for all of them belongs to who calls them.

Writers of ONNX compute an expression once, where it is first needed: the mask of all layers of
a transformer in the first one.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile

from workers.torch_source.mutation import changes_in
from workers.torch_source.plan import Plan, used_states
from workers.torch_source.values import Call, Kind, Op, Program, State, leaves

NUMBER = re.compile(r"\d+")


def lift(program: Program, plan: Plan) -> None:
    """Take calls out of modules where others like them read the result.

    Only what depends on no weights is taken, and only from modules that have some: they are left
    with what makes them what they are.
    """
    if changes_in(program.ops):
        return
    owners = {
        ".".join(names[:end])
        for names in (state.path.split(".") for state in used_states(program))
        for end in range(1, len(names))
    }
    users: dict[int, list[Op]] = defaultdict(list)
    for op in program.ops:
        for value in op.operands():
            users[id(value)].append(op)
    for op in program.ops:
        level = _level(op, users[id(op)], owners)
        if level is None:
            continue
        behind = list(_behind(op, level))
        if not any(_has_weights(each, plan) for each in behind):
            for each in behind:
                each.calls = each.calls[:level]


def placed(program: Program) -> None:
    """Give calls that no module claims to the one between whose calls they are.

    Exporters forget where some of their nodes come from.
    """
    readers: dict[int, list[Op]] = defaultdict(list)
    for op in program.ops:
        for value in op.operands():
            readers[id(value)].append(op)
    read_in: dict[int, tuple[Call, ...]] = {id(each): () for each in leaves(program.outputs)}
    for op in reversed(program.ops):
        inside = [each.calls or read_in.get(id(each), ()) for each in readers[id(op)]]
        read_in.setdefault(id(op), _common(inside))
    for op in program.ops:
        made_in = [value.calls for value in op.operands() if isinstance(value, Op)]
        if made_in and not op.calls and not op.is_size:
            op.calls = max((_common([each, read_in[id(op)]]) for each in made_in), key=len)


def _common(several: list[tuple[Call, ...]]) -> tuple[Call, ...]:
    """The calls that all begin with."""
    levels = takewhile(lambda level: len(set(level)) == 1, zip(*several, strict=False))
    return tuple(level[0] for level in levels)


def _level(op: Op, users: list[Op], owners: set[str]) -> int | None:
    """How deep the calls are that it shares with all who read it in modules like its own."""
    levels = [_alike(op, user) for user in users]
    found = [each for each in levels if each is not None]
    if not found or op.calls[min(found)].module not in owners:
        return None
    return min(found)


def _alike(one: Op, other: Op) -> int | None:
    """How many calls two of them are in together, before modules part that differ in numbers."""
    for level, (mine, theirs) in enumerate(zip(one.calls, other.calls, strict=False)):
        if mine != theirs:
            alike = NUMBER.sub("#", mine.path) == NUMBER.sub("#", theirs.path)
            return level if alike and mine.module != theirs.module else None
    return None


def _behind(op: Op, level: int) -> Iterator[Op]:
    """The call, and those in the same module that it depends on."""
    call, seen, left = op.calls[level], set[int](), [op]
    while left:
        each = left.pop()
        if id(each) not in seen and each.calls[level : level + 1] == (call,):
            seen.add(id(each))
            yield each
            left += [value for value in each.operands() if isinstance(value, Op)]


def _has_weights(op: Op, plan: Plan) -> bool:
    return plan.layer(op) is not None or any(
        isinstance(value, State) and value.kind is not Kind.CONSTANT for value in op.operands()
    )

"""Settling: constants without a name get one, and lie in the module that reads them."""

from collections.abc import Iterable
from typing import Any, Final

from workers.torch_source.constants import is_written
from workers.torch_source.naming import Users, by_use
from workers.torch_source.plan import Plan, used_states
from workers.torch_source.values import Call, Op, Program, State, leaves

UNNAMED: Final = "lifted_tensor_"
"""How torch.export calls constants that no module had under a name."""

IDS: Final = ("position", "token_type")
"""What an embedding is of, by the name of its weight."""


def settle(program: Program, plan: Plan, users: Users) -> None:
    """Give each its path; those that are written in the code need none."""
    states = used_states(program)
    layers = {path for path, _ in plan.layers.values()}
    taken = {prefix for state in states for prefix in _prefixes(state.path)}
    taken |= {call.module for op in program.ops for call in op.calls} | layers
    returned = {id(each) for each in leaves(program.outputs)}
    for state in states:
        if not state.path.startswith(UNNAMED) or is_written(state):
            continue
        mine = users.get(id(state), ())
        owner = "" if id(state) in returned else _owner([op.calls for op in mine], layers)
        stem = f"{owner}.{_name(state, mine, users)}".removeprefix(".")
        path, number = stem, 2
        while path in taken:
            path, number = f"{stem}_{number}", number + 1
        taken.add(path)
        state.path = path


def _prefixes(path: str) -> Iterable[str]:
    names = path.split(".")
    return [".".join(names[:end]) for end in range(1, len(names) + 1)]


def _owner(calls: list[tuple[Call, ...]], layers: set[str]) -> str:
    """The path of the innermost module that all calls are in, and that is no layer of torch's."""
    owner = ""
    for level in zip(*calls, strict=False):
        modules = {call.module for call in level}
        if len(modules) > 1 or modules & layers:
            break
        (owner,) = modules
    return owner


def _name(state: State, mine: Iterable[Op], users: Users) -> str:
    for op in mine:
        for weight in op.operands() if op.key == "embedding" else ():
            found = [each for each in IDS if isinstance(weight, State) and each in weight.path]
            if found and weight is not state:
                return f"{found[0]}_ids"
    dtype: Any = state.tensor.dtype
    usual = "constant" if dtype.is_floating_point or dtype.is_complex else "index"
    return by_use(state, users) or ("mask" if str(dtype) == "torch.bool" else usual)

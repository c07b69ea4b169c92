"""Settling: tensors without a name get one, and lie in the module that reads them."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.constants import is_written
from workers.torch_source.layers import RECURRENT, recurrent_names
from workers.torch_source.naming import Users, by_use
from workers.torch_source.plan import Plan, used_states
from workers.torch_source.scopes import FEW
from workers.torch_source.values import Call, Kind, Op, Program, State, leaves, mapped

LIFTED: Final = "lifted_tensor_"
"""How torch.export calls constants that no module had under a name."""

COUNTED: Final = re.compile(r"(?:(?P<operator>.+?)_+)?\d+_*")
"""A name that a program made up: that of an operator, with a number."""

IDS: Final = ("position", "token_type")
"""What an embedding is of, by the name of its weight."""


def unshared(program: Program) -> None:
    """Have each module read a vector of its own, and write down small tables of numbers.

    Writers of ONNX keep equal vectors once, under the name of the first who reads them, and what
    a program computed of nothing but its constants as weights.
    """
    for state in program.states:
        number = state.tensor.numel() == 1 and _is_made_up(state.path)
        whole = state.kind is Kind.BUFFER and not state.tensor.dtype.is_complex
        if "." not in state.path and (whole or number):
            state.kind = Kind.CONSTANT
    paths = {state.path for state in program.states}
    by_path = {state.path: state for state in program.states}
    own: dict[str, State] = {}

    def mine(op: Op, value: Any) -> Any:
        first = by_path.get(value.path.rstrip("_")) if isinstance(value, State) else None
        if first is not None and first is not value and _is_equal(first, value):
            return first
        if not op.calls or not isinstance(value, State) or "." not in value.path:
            return value
        if value.tensor.ndim != 1:
            return value
        owner, _, leaf = value.path.rpartition(".")
        reader = op.calls[-1].module
        path = f"{reader}.{leaf}"
        if f"{reader}.".startswith(f"{owner}.") or owner.startswith(f"{reader}.") or path in paths:
            return value
        if path not in own:
            own[path] = State(path, value.tensor, value.kind, value.trained)
            program.states.append(own[path])
        return own[path]

    for op in program.ops:
        op.args = mapped(op.args, partial(mine, op))


def _is_equal(one: State, other: State) -> bool:
    """Whether the second is the first, which an exporter kept twice."""
    import torch

    same = one.tensor.dtype == other.tensor.dtype and one.tensor.shape == other.tensor.shape
    return same and one.kind is other.kind and torch.equal(one.tensor, other.tensor)


def recurrent(program: Program) -> None:
    """Name the weights of recurrent operators as torch's modules do, where nobody else has."""
    paths = {prefix for state in program.states for prefix in _prefixes(state.path)}
    seen: set[int] = set()
    for op in program.ops:
        if op.key not in RECURRENT:
            continue
        given = {name: each.value for name, each in arguments(op).items()}
        params = given.get("params", [])
        fresh = all(
            isinstance(each, State) and "." not in each.path and id(each) not in seen
            for each in params
        )
        if not fresh or len({*map(id, params)}) != len(params):
            continue
        seen |= {*map(id, params)}
        owner = op.calls[-1].module if op.calls else ""
        stem = f"{owner}.{op.key.partition('_')[0]}".removeprefix(".")
        path, number = stem, 2
        while path in paths:
            path, number = f"{stem}_{number}", number + 1
        paths.add(path)
        for state, name in zip(params, recurrent_names(given), strict=False):
            state.path = f"{path}.{name}"


def settle(program: Program, plan: Plan, users: Users) -> None:
    """Give each its path; those that are written in the code need none."""
    states = used_states(program)
    layers = {path for path, _ in plan.layers.values()}
    folders = {prefix for state in states for prefix in _prefixes(state.path)[:-1]}
    sizes = Counter(call.module for op in program.ops for call in op.calls)
    folders = (folders | {path for path, count in sizes.items() if count > FEW}) - layers
    taken = {prefix for state in states for prefix in _prefixes(state.path)}
    taken |= {call.module for op in program.ops for call in op.calls} | layers
    returned = {id(each) for each in leaves(program.outputs)}
    for state in states:
        homeless = state.path.startswith(LIFTED) or (program.is_imported and "." not in state.path)
        if not homeless or is_written(state):
            continue
        mine = users.get(id(state), ())
        owner = "" if id(state) in returned else _owner([op.calls for op in mine], folders)
        stem = f"{owner}.{_name(state, mine, users)}".removeprefix(".")
        path, number = stem, 2
        while path in taken and path != state.path:
            path, number = f"{stem}_{number}", number + 1
        taken.add(path)
        state.path = path


def _prefixes(path: str) -> list[str]:
    names = path.split(".")
    return [".".join(names[:end]) for end in range(1, len(names) + 1)]


def _owner(calls: list[tuple[Call, ...]], folders: set[str]) -> str:
    """The path of the innermost module that all calls are in and that is more than a call."""
    lists = {each.rpartition(".")[0] for each in folders if each.rpartition(".")[2].isdigit()}
    owner = ""
    for level in zip(*calls, strict=False):
        modules = {call.module for call in level}
        if len(modules) > 1 or not modules <= folders:
            break
        if not modules <= lists:
            (owner,) = modules
    return owner


def _name(state: State, mine: Iterable[Op], users: Users) -> str:
    for op in mine:
        for weight in op.operands() if op.key == "embedding" else ():
            found = [each for each in IDS if isinstance(weight, State) and each in weight.path]
            if found and weight is not state:
                return f"{found[0]}_ids"
    dtype: Any = state.tensor.dtype
    if (used := by_use(state, users)) and not dtype.is_floating_point:
        return used
    if dtype.is_floating_point or dtype.is_complex:
        return "constant" if _is_made_up(state.path) else state.path
    return "mask" if str(dtype) == "torch.bool" else "index"


def _is_made_up(path: str) -> bool:
    import torch

    found = COUNTED.fullmatch(path)
    operator = found["operator"] if found else None
    generic = operator in {None, "val", "constant", "lifted_tensor"} or "onnx_" in str(operator)
    return found is not None and (generic or hasattr(torch.ops.aten, str(operator)))

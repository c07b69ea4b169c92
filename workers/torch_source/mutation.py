"""Rewrite operators that work in place as those that do not, where nothing can tell."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from workers.torch_source.values import Body, Op, mapped


@dataclass(frozen=True, slots=True)
class Kept:
    """Calls and outputs after the rewriting."""

    ops: list[Op]
    outputs: Any


def without_mutation(ops: list[Op], outputs: Any) -> Kept:
    """`relu_` becomes `relu` where what it changes is fresh and has been viewed by nobody.

    Whoever read the changed tensor afterwards reads the result instead.
    """
    renamed: dict[int, Any] = {}
    users: dict[int, list[Op]] = defaultdict(list)
    kept: list[Op] = []
    for op in ops:
        if not any(isinstance(each, Body) for each in op.args):
            op.args = mapped(op.args, lambda value: _latest(value, renamed))
            op.kwargs = mapped(op.kwargs, lambda value: _latest(value, renamed))
        base = op.args[0] if op.args else None
        pure = _pure(op)
        if pure is not None and isinstance(base, Op) and _is_fresh(base, users[id(base)]):
            op.target = pure
            renamed[id(base)] = op
        for each in op.operands():
            users[id(each)].append(op)
        kept.append(op)
    return Kept(kept, mapped(outputs, lambda value: _latest(value, renamed)))


def _latest(value: Any, renamed: dict[int, Any]) -> Any:
    while id(value) in renamed:
        value = renamed[id(value)]
    return value


def _pure(op: Op) -> Any | None:
    """The operator that gives what this one writes; None where there is none."""
    import torch

    if not op.mutates or not op.key.endswith("_") or op.key.endswith("__"):
        return None
    packet = getattr(torch.ops.aten, op.key.removesuffix("_"), None)
    if packet is None or op.overload not in packet.overloads():
        return None
    dtypes = {each.value.dtype for each in op.operands() if hasattr(each.value, "dtype")}
    if len(dtypes) > 1:  # the result's would be another where it need not fit in
        return None
    return getattr(packet, op.overload)


def _is_fresh(base: Op, users: list[Op]) -> bool:
    """Whether its memory is its own, and no view of it was made."""
    return not _aliases(base) and not any(
        _aliases(user) or user.key.startswith("higher_order") for user in users
    )


def _aliases(op: Op) -> bool:
    """Whether what it gives may share memory with what it takes."""
    schema = getattr(op.target, "_schema", None)
    if schema is None:
        return True
    return any(each.alias_info is not None for each in schema.returns)


def changes_in(ops: list[Op]) -> bool:
    """Whether the order of the calls matters."""
    return any(op.mutates for op in ops) or any(
        changes_in(each.ops) for op in ops for each in op.args if isinstance(each, Body)
    )

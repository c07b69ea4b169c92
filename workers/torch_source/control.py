"""Control flow: branches and loops as functions beside the call that takes them."""

from typing import Any, Final, Protocol

from workers.torch_source.expressions import Expr, call, sequence
from workers.torch_source.values import Body, Input, Op, mapped

NAMES: Final = {
    "higher_order.cond": ("if_true", "if_false"),
    "higher_order.while_loop": ("keep_going", "step"),
}
PUBLIC: Final = {"higher_order.cond": "torch.cond", "higher_order.while_loop": "torch.while_loop"}


class Outer(Protocol):
    """The function that the call stands in."""

    kinds: dict[str, str]
    before: list[str]

    def expr(self, value: Any) -> Expr: ...

    def nested(self, name: str, body: Body, outputs: Any) -> list[str]:
        """The lines of a function inside it."""
        ...


def written_higher(op: Op, outer: Outer) -> Expr:
    """The call; the functions that it takes are written before its statement."""
    names = iter(NAMES.get(op.key, ()))
    args: list[Expr] = []
    for each in op.args:
        if isinstance(each, Body):
            name = _free(next(names, "function"), outer)
            outer.before += outer.nested(name, each, _outputs(op, each))
            args.append(Expr(name))
        elif isinstance(each, list | tuple):
            args.append(sequence([outer.expr(value) for value in each]))
        else:
            args.append(outer.expr(each))
    if op.key == "higher_order.while_loop":
        args = args[:3]
    return call(PUBLIC.get(op.key) or f"torch.ops.{op.key}", args)


def closed_over(op: Op) -> None:
    """Have branches and loops read the model's tensors, and what never changes, from outside.

    What is left to be handed over are the operands of a branch and what a loop carries.
    """
    if op.key not in PUBLIC:
        return
    *first, last = op.args
    given = [*first[2], *last] if op.key == "higher_order.while_loop" else list(last)
    kept = len(first[2]) if op.key == "higher_order.while_loop" else 0
    own = {
        place
        for place, value in enumerate(given)
        if place < kept or (not kept and isinstance(value, Op | Input) and not _is_size(value))
    }
    for body in op.args:
        if isinstance(body, Body):
            _substitute(body, given, own)
    left = tuple(value for place, value in enumerate(given) if place in own)
    op.args = (*first, ()) if kept else (*first, left)


def _substitute(body: Body, given: list[Any], own: set[int]) -> None:
    outside = {
        id(body.inputs[place]): value for place, value in enumerate(given) if place not in own
    }
    for op in body.ops:
        op.args = _mapped_through(op.args, outside)
        op.kwargs = mapped(op.kwargs, lambda value: outside.get(id(value), value))
    body.outputs = mapped(body.outputs, lambda value: outside.get(id(value), value))
    body.inputs = [each for place, each in enumerate(body.inputs) if place in own]


def _mapped_through(given: Any, outside: dict[int, Any]) -> Any:
    """As `mapped`, and in the bodies inside bodies, too."""
    if isinstance(given, Body):
        for op in given.ops:
            op.args = _mapped_through(op.args, outside)
        given.outputs = _mapped_through(given.outputs, outside)
        return given
    if isinstance(given, list | tuple):
        return type(given)(_mapped_through(each, outside) for each in given)
    return outside.get(id(given), given)


def _outputs(op: Op, body: Body) -> Any:
    """One result of a branch is returned as it is."""
    lone = op.key == "higher_order.cond" and len(body.outputs) == 1
    return body.outputs[0] if lone else body.outputs


def _is_size(value: Any) -> bool:
    return isinstance(value, Op) and value.is_size


def _free(name: str, outer: Outer) -> str:
    number, chosen = 2, name
    while chosen in outer.kinds:
        chosen, number = f"{name}{number}", number + 1
    outer.kinds[chosen] = "function"
    return chosen

"""Source: a program as the text of `model.py`, and the tensors that go with it."""

from dataclasses import dataclass, field
from typing import Any

from workers.torch_source.bodies import Context
from workers.torch_source.classes import Klass, classes_of
from workers.torch_source.lifting import lift, placed
from workers.torch_source.loops import rolled
from workers.torch_source.parts import Layer, Part, Unit, below, states
from workers.torch_source.plan import Plan, every, plan
from workers.torch_source.reading import read
from workers.torch_source.scopes import Sorter
from workers.torch_source.settling import recurrent, settle, unshared
from workers.torch_source.sizes import Sizes
from workers.torch_source.units import Builder, Inseparable
from workers.torch_source.values import Op, Program

INDENT = "    "


@dataclass(slots=True)
class Source:
    """`model` is not formatted yet. `tensors` are by their names in the state_dict; a tensor
    that has several names is there once."""

    model: str
    root: str
    tensors: dict[str, Any]
    classes: int
    fallbacks: list[str] = field(default_factory=list)


def source_of(exported: Any, name: str, *, flat: bool = False) -> Source:
    """Write an exported program down.

    Args:
        exported: a torch.export.ExportedProgram.
        name: of the root's class where the program does not say it.
        flat: one forward for everything, as if modules had never called each other.
    """
    program = read(exported)
    if flat:
        for op in every(program.ops):
            op.calls = ()
    if program.is_imported:
        placed(program)
        unshared(program)
        recurrent(program)
    planned = plan(program)
    lift(program, planned)
    settle(program, planned, _users(program))
    root = _built(program, planned)
    classes = classes_of(root, _root_name(program, name))
    ties = list(_ties(root, root))
    body = "\n\n\n".join(
        _class(each, ties if each is classes.order[-1] else []) for each in classes.order
    )
    return Source(
        model=body,
        root=classes.order[-1].name,
        tensors={key: state.tensor for key, state in states(root)},
        classes=len(classes.order),
        fallbacks=sorted({str(op.target) for op in every(program.ops) if _is_raw(op, body)}),
    )


def _built(program: Program, planned: Plan) -> Unit:
    """The module with all of its parts; those that do not come apart are left in their parent."""
    sizes = Sizes(program, planned)
    context = Context(planned, sizes, _users(program))
    without: set[str] = set()
    while True:
        scope = Sorter(program, planned, sizes, without).sorted()
        try:
            return Builder(program, context).root(scope)
        except Inseparable as error:
            without.add(error.path)


def _users(program: Program) -> dict[int, list[Op]]:
    users: dict[int, list[Op]] = {}
    for op in every(program.ops):
        for value in op.operands():
            users.setdefault(id(value), []).append(op)
    return users


def _is_raw(op: Op, body: str) -> bool:
    return f"torch.ops.{op.target}" in body


def _root_name(program: Program, name: str) -> str:
    kind = program.root.rpartition(".")[2]
    return kind if kind.isidentifier() and kind not in {"Sequential", "Module"} else name


def _ties(root: Unit, part: Part, prefix: str = "self") -> Any:
    """Statements that give a layer the weights of another one."""
    if isinstance(part, Layer):
        for own, state in part.tied.items():
            path = next(key for key, each in states(root) if each is state)
            yield f"{prefix}.{own} = {_place(path)}"
        return
    for name, each in (below(part) if not hasattr(part, "tensor") else {}).items():
        inner = f"{prefix}[{name}]" if name.isdigit() else f"{prefix}.{name}"
        yield from _ties(root, each, inner)


def _place(path: str) -> str:
    return "self" + "".join(
        f"[{each}]" if each.isdigit() else f".{each}" for each in path.split(".")
    )


def _class(klass: Klass, ties: list[str]) -> str:
    lines = [f"class {klass.name}(nn.Module):"]
    lines += [f"{INDENT}{each}" for each in klass.attributes]
    if klass.attributes:
        lines.append("")
    given = "".join(f", {name}: {kind}" for name, kind in klass.parameters)
    init = [*klass.init, *ties]
    if init:
        lines.append(f"{INDENT}def __init__(self{given}) -> None:")
        lines += [f"{INDENT * 2}{each}" for each in ["super().__init__()", *init]]
    if klass.forward:
        arguments = "".join(f", {each}" for each in klass.arguments)
        if init:
            lines.append("")
        lines.append(f"{INDENT}def forward(self{arguments}) -> {klass.returns}:")
        lines += [f"{INDENT * 2}{each}" if each else "" for each in rolled(klass.forward)]
    if len(lines) == 1:
        lines.append(f"{INDENT}pass")
    return "\n".join(lines)

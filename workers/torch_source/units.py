"""Units: the modules of a program, each with its parts and the lines of its forward."""

from collections.abc import Iterator
from typing import Any

from workers.torch_source.bodies import Context, Function
from workers.torch_source.constants import is_written
from workers.torch_source.inlining import Step, steps_of
from workers.torch_source.modules import module_of
from workers.torch_source.parts import Chain, Holder, Layer, Part, Setting, Unit, below
from workers.torch_source.paths import NUMBERED, parts_of
from workers.torch_source.plan import every
from workers.torch_source.scopes import Scope
from workers.torch_source.values import Body, Op, Program, State, Value, leaves


class Inseparable(Exception):
    """A module that cannot have a function of its own: two calls of it do different things, or
    it only holds others."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Builder:
    """Builds the modules of one program."""

    def __init__(self, program: Program, context: Context) -> None:
        self.program, self.context = program, context
        self.made: dict[str, Unit | Chain] = {}

    def root(self, scope: Scope) -> Unit:
        chain = self._chain(scope)
        if chain is None:
            return self._unit(scope, named=True)
        given = scope.inputs[0]
        name = given.name if hasattr(given, "name") else "x"
        lines = [f"return self.{NUMBERED}({name})"]
        return Unit({NUMBERED: chain}, "", scope.call.type, [f"{name}: Tensor"], lines, "Tensor")

    def _part(self, scope: Scope) -> Unit | Chain:
        path = scope.call.module
        chain = self._chain(scope)
        if chain is None and _is_list(scope):
            raise Inseparable(path)
        made = chain or self._unit(scope, named=False)
        known = self.made.setdefault(path, made)
        if known is not made and not _alike(known, made):
            raise Inseparable(path)
        return known

    def _unit(self, scope: Scope, *, named: bool) -> Unit:
        owner = scope.call.module
        steps = steps_of(scope.items, self.context.plan, self.context.sizes)
        function = Function(
            self.context, owner, scope.inputs, steps, scope.outputs, named=named
        ).written()
        unit = Unit(
            {},
            owner,
            scope.call.type,
            [f"{name}: {kind}" for name, kind in function.arguments],
            function.lines,
            function.returns,
        )
        outside = {id(each) for each in scope.inputs}
        for step in steps:
            for path, part in self._parts(step, owner, outside):
                place(unit, parts_of(path, owner), part)
        for value in leaves(scope.outputs):
            if isinstance(value, State) and not is_written(value):
                place(unit, parts_of(value.path, owner), value)
        _spread(unit)
        return unit

    def _parts(self, step: Step, owner: str, outside: set[int]) -> Iterator[tuple[str, Part]]:
        if isinstance(step.item, Scope):
            yield step.item.call.module, self._part(step.item)
            given: list[Value] = list(step.item.inputs)
        else:
            given = []
            for op in _inside(step.item):
                layer = self.context.plan.layer(op)
                if layer and (not owner or layer[0].startswith(f"{owner}.")):
                    yield layer[0], layer[1].layer
                    given += self.context.sizes.given_to(op)
                else:
                    given += list(op.operands())
        for value in given:
            if isinstance(value, State) and id(value) not in outside and not is_written(value):
                yield value.path, value

    def _chain(self, scope: Scope) -> Chain | None:
        """The scope as an nn.Sequential: one part after the other, under numbers."""
        items = [each for each in scope.items if not (isinstance(each, Op) and each.is_size)]
        if len(scope.inputs) != 1 or isinstance(scope.outputs, dict | list | tuple) or not items:
            return None
        parts: dict[str, Part] = {}
        carried: Any = scope.inputs[0]
        if isinstance(carried, State) or not hasattr(carried.value, "shape"):
            return None
        for item in items:
            number = self._number(item, scope.call.module)
            part = self._link(item, carried) if number and number not in parts else None
            if number is None or part is None:
                return None
            parts[number] = part
            carried = item.outputs if isinstance(item, Scope) else item
        if carried is not scope.outputs or not self._carries(items):
            return None
        return Chain(self._with_silent(parts, scope.call.module))

    def _number(self, item: Op | Scope, owner: str) -> str | None:
        """The one name below the owner's that leads to what does the item."""
        if isinstance(item, Scope):
            path = item.call.module
        elif layer := self.context.plan.layer(item):
            path = layer[0]
        else:
            deep = [call.module for call in item.calls if _is_below(call.module, owner)]
            path = deep[-1] if deep else owner
        name = path.removeprefix(owner).removeprefix(".")
        return name if name.isdigit() else None

    def _link(self, item: Op | Scope, carried: Any) -> Part | None:
        if isinstance(item, Scope):
            alone = len(item.inputs) == 1 and item.inputs[0] is carried
            return self._part(item) if alone and not isinstance(item.outputs, tuple) else None
        given = [each for each in self.context.sizes.given_to(item) if not isinstance(each, State)]
        if len(given) != 1 or given[0] is not carried or isinstance(item.value, list | tuple):
            return None
        if layer := self.context.plan.layer(item):
            return layer[1].layer if len(layer[1].inputs) == 1 else None
        return module_of(item)

    def _carries(self, items: list[Op | Scope]) -> bool:
        """Whether each result goes to the next part and nowhere else."""
        inner = items[:-1]
        return all(
            len(self.context.users.get(id(value), ())) == 1
            or isinstance(item, Scope)
            or isinstance(following, Scope)
            for item, following in zip(inner, items[1:], strict=True)
            for value in [item.outputs if isinstance(item, Scope) else item]
        )

    def _with_silent(self, parts: dict[str, Part], owner: str) -> dict[str, Part]:
        """All numbers: what did nothing when the program was exported is in its place again."""
        prefix = f"{owner}." if owner else ""
        silent = {
            path.removeprefix(prefix): made
            for path, made in self.program.silent.items()
            if path.startswith(prefix) and path.removeprefix(prefix).isdigit()
        }
        last = max(map(int, (*parts, *silent)))
        full: dict[str, Part] = {}
        for number in map(str, range(last + 1)):
            if number in parts:
                full[number] = parts[number]
            elif number in silent:
                kind, (share,) = silent[number]
                full[number] = Layer(kind, (Setting("p", share, 0.5, named=False),))
            else:
                full[number] = Layer("Identity")
        return full


def place(unit: Unit | Chain | Holder, names: tuple[str, ...], part: Part) -> None:
    """Put a part where its path leads, through holders where nothing else is."""
    first, *rest = names
    path = "" if isinstance(unit, Chain) else unit.path
    if rest:
        inner = unit.parts.setdefault(first, Holder(path=f"{path}.{first}"))
        if not isinstance(inner, Layer | State):
            place(inner, tuple(rest), part)
        return
    there = unit.parts.get(first)
    unit.parts[first] = part
    if isinstance(there, Holder) and there is not part:
        for name, each in below(there).items():
            below(part).setdefault(name, each)


def _spread(unit: Unit) -> None:
    """Numbered parts with gaps between them are no list: each becomes an attribute."""
    several = unit.parts.get(NUMBERED)
    if not isinstance(several, Holder) or not several.is_list:
        return
    if set(several.parts) == set(map(str, range(len(several.parts)))):
        return
    del unit.parts[NUMBERED]
    for number, part in several.parts.items():
        unit.parts[f"layer{number}"] = part
        unit.lines = [
            line.replace(f"self.{NUMBERED}[{number}]", f"self.layer{number}")
            for line in unit.lines
        ]


def _is_list(scope: Scope) -> bool:
    """Whether it is known by the names of its members only, which are numbers."""
    return scope.call.type.endswith(".Module") and any(
        each.call.module.removeprefix(f"{scope.call.module}.").isdigit() for each in scope.scopes
    )


def _inside(op: Op) -> list[Op]:
    return every([op]) if any(isinstance(each, Body) for each in op.args) else [op]


def _alike(one: Unit | Chain, other: Unit | Chain) -> bool:
    if isinstance(one, Unit) and isinstance(other, Unit):
        return (one.arguments, one.lines) == (other.arguments, other.lines)
    return isinstance(one, Chain) and isinstance(other, Chain)


def _is_below(path: str, owner: str) -> bool:
    return not owner or path.startswith(f"{owner}.")

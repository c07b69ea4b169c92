"""Bodies: the lines of a function, from the calls that happen in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.torch_source import functionals, indexing, operators
from workers.torch_source.constants import constant_expr
from workers.torch_source.control import written_higher
from workers.torch_source.expressions import Expr, Level, listed, literal, sequence
from workers.torch_source.indexing import in_place
from workers.torch_source.inlining import Inlined, Step, inlined_steps, steps_of
from workers.torch_source.naming import PLAIN, by_maker, by_use, first_free, of_argument, of_length
from workers.torch_source.paths import part_at, parts_of
from workers.torch_source.plan import Plan
from workers.torch_source.scopes import Scope
from workers.torch_source.sizes import Sizes, axis_of, is_tensor, length_of
from workers.torch_source.values import Body, Input, Kind, Op, State, Value, leaves

_TABLES: Final = (functionals, indexing)  # whose import fills operators.SPECIAL


@dataclass(slots=True)
class Context:
    """What all functions of a program share. `users` are the calls that read a value, by its
    identity."""

    plan: Plan
    sizes: Sizes
    users: Mapping[int, list[Op]]


@dataclass(slots=True)
class Written:
    """A function: names and types of its arguments, its lines, the type of what it returns."""

    arguments: list[tuple[str, str]]
    lines: list[str]
    returns: str


class Function:
    """Writes one function. It is the Writer of every call in it."""

    def __init__(
        self,
        context: Context,
        owner: str,
        inputs: list[Value],
        steps: list[Step],
        outputs: Any,
        *,
        named: bool = False,
        outer: "Function | None" = None,
    ) -> None:
        self.context, self.owner, self.inputs = context, owner, inputs
        self.steps, self.outputs, self.outer = steps, outputs, outer
        self.names: dict[int, str] = {}
        self.kinds: dict[str, str] = dict(outer.kinds) if outer else {"self": "module", "F": ""}
        self.held: dict[str, Any] = {}
        self.same: dict[int, Value] = {}
        self.lengths: dict[str, str] = {}
        self.top: list[str] = []
        self.lines: list[str] = []
        self.before: list[str] = []
        self._name_inputs(named)
        self.plan: Inlined = inlined_steps(self, steps, outputs, context.sizes)
        self.last = self._last_uses()

    def written(self) -> Written:
        """Write it. To be called once."""
        self._name_lengths()
        for place, step in enumerate(self.plan.kept):
            self.before = []
            lines = self._statement(step, place)
            self.lines += [*self.before, *lines]
        self.before = []
        returned = f"return {self._returned()}"
        arguments = [
            (self.names_of_inputs[id(each)], _type_of(each.value)) for each in self.inputs
        ]
        lines = [*self.top, *self.lines, *self.before, returned]
        return Written(arguments, lines, annotation(self.outputs))

    def _returned(self) -> str:
        text = self.structure(self.outputs).text
        several = isinstance(self.outputs, tuple) and len(self.outputs) > 1
        return text[1:-1] if several else text

    def _name_inputs(self, named: bool) -> None:  # noqa: FBT001 - one switch of the constructor
        for value in self.inputs:
            hint = None
            if named and isinstance(value, Input):
                hint = value.name
            elif isinstance(value, State):
                hint = parts_of(value.path)[-1]
            elif not is_tensor(value.value):
                hint = "size"
            else:
                hint = of_argument(value, self.context.users)
            chosen = first_free([hint], self.kinds.__contains__)
            self._bind(value, chosen, _kind(value))
        self.names_of_inputs = {id(each): self.names[id(each)] for each in self.inputs}
        self.fixed = set(self.names_of_inputs.values()) if named else set[str]()
        for value in self.inputs:
            if isinstance(value, Op) and value.is_size:
                self.lengths[length_of(value)] = self.names[id(value)]

    def _bind(self, value: Value, name: str, kind: str) -> None:
        self.names[id(value)] = name
        self.kinds[name] = kind
        self.held[name] = value

    def _last_uses(self) -> dict[int, int]:
        """By value, the place of the last statement that reads it."""
        last: dict[int, int] = {}
        for place, step in enumerate(self.plan.kept):
            for value in self.plan.reads(step):
                last[id(value)] = place
        for value in self.plan.reads_of(self.outputs):
            last[id(value)] = len(self.plan.kept)
        return last

    def _name_lengths(self) -> None:
        """Lengths that are written more than once get a name at the top."""
        asked = Counter(
            length_of(size)
            for step in self.steps
            for size in step.asks
            if length_of(size) not in self.lengths
        )
        asked.update(length_of(size) for size in self.context.sizes.asked_of(leaves(self.outputs)))
        if self.outer:
            self.lengths |= self.outer.lengths
        for value in self.inputs:
            if not is_tensor(value.value):
                continue
            shape = [str(each) for each in value.value.shape]
            axes = [
                axis
                for axis, length in enumerate(shape)
                if asked[length] > 1 and length not in self.lengths and shape.index(length) == axis
            ]
            if axes:
                self._lengths_of(value, shape, axes)

    def _lengths_of(self, value: Value, shape: list[str], axes: list[int]) -> None:
        source = self.names[id(value)]
        names = []
        for axis in axes:
            name = first_free([of_length(axis, len(shape))], self.kinds.__contains__)
            self.kinds[name] = "number"
            self.lengths[shape[axis]] = name
            names.append(name)
        if len(axes) == 1:
            self.top.append(f"{names[0]} = {source}.shape[{axes[0]}]")
        elif axes == list(range(len(shape))):
            self.top.append(f"{', '.join(names)} = {source}.shape")
        elif axes == list(range(len(axes))):
            self.top.append(f"{', '.join(names)} = {source}.shape[:{len(axes)}]")
        else:
            read = ", ".join(f"{source}.shape[{axis}]" for axis in axes)
            self.top.append(f"{', '.join(names)} = {read}")

    def _statement(self, step: Step, place: int) -> list[str]:
        expr = self.step_expr(step)
        if not step.results:
            return [expr.text]
        if step.is_in_place:
            assert isinstance(step.item, Op)  # noqa: S101 - for the type checker
            base = step.item.args[0]
            self.same[id(step.results[0])] = base
            if id(base) in self.names:
                self._keep(step.results[0], base)
            return [in_place(step.item, expr, self)]
        used = [each for each in step.results if self._is_read(each)]
        if not used:
            return [expr.text]
        if step.single:
            name = self._chosen(step, step.results[0], place, 0)
            return [f"{name} = {expr.text}", *self._derived(step.results[0])]
        names = [
            self._chosen(step, each, place, index) if self._is_read(each) else "_"
            for index, each in enumerate(step.results)
        ]
        return [f"{', '.join(names)} = {expr.text}", *self._derived(*used)]

    def _is_read(self, value: Any) -> bool:
        return id(value) in self.last or id(value) in self.plan.held

    def _keep(self, result: Value, base: Value) -> None:
        """The name stays taken as long as the result of the change is read."""
        self.names[id(result)] = self.names[id(base)]
        last = max(self.last.get(id(result), -1), self.last.get(id(base), -1))
        self.last[id(result)] = self.last[id(base)] = last
        self.held[self.names[id(base)]] = result

    def _chosen(self, step: Step, value: Value, place: int, index: int) -> str:
        kind = _kind(value)
        used = by_use(value, self.context.users)
        made = by_maker(step.item, index) if isinstance(step.item, Op) else None
        again = None if index else self._dying(step, place, kind)
        options = [used, again, made]
        if made == "x":
            options = [made]
        if kind == "list":
            options = ["parts"]
        name = first_free(options, lambda each: self._is_taken(each, place, kind))
        self._bind(value, name, kind)
        return name

    def _is_taken(self, name: str, place: int, kind: str) -> bool:
        if name in self.fixed or self.kinds.get(name, kind) != kind:
            return True
        if self.outer and name in self.outer.kinds:
            return True
        held = self.held.get(name)
        return held is not None and self.last.get(id(held), -1) > place

    def _dying(self, step: Step, place: int, kind: str) -> str | None:
        """The name of what the statement reads first and nobody reads again."""
        for value in self.plan.reads(step):
            name = self.names.get(id(value))
            if name in PLAIN and _kind(value) == kind and not self._is_taken(name, place, kind):
                return name
            if name and isinstance(value, Op | Input):
                return None
        return None

    def _derived(self, *values: Value) -> list[str]:
        """Names for lengths that are born with a value."""
        lines = []
        for value in values:
            for length in [str(each) for each in getattr(value.value, "shape", ())]:
                if length in self.plan.born and length not in self.lengths:
                    axis = axis_of(value.value, length)
                    name = first_free(["count"], self.kinds.__contains__)
                    self.kinds[name] = "number"
                    self.lengths[length] = name
                    lines.append(f"{name} = {self.names[id(value)]}.shape[{axis}]")
        return lines

    # the Writer

    def expr(self, value: Any) -> Expr:
        if isinstance(value, Input | State | Op):
            return self._value(value)
        if isinstance(value, list | tuple):
            items = [self.expr(each) for each in value]
            return listed(items) if any(map(_is_tensor_value, value)) else sequence(items)
        return literal(value)

    def device(self) -> Expr | None:
        for value in self.inputs:
            if is_tensor(value.value):
                return Expr(f"{self.names_of_inputs[id(value)]}.device")
        return self.outer.device() if self.outer else None

    def _value(self, value: Value) -> Expr:
        if id(value) in self.same:
            return self._value(self.same[id(value)])
        if id(value) in self.names:
            return Expr(self.names[id(value)])
        if isinstance(value, Op):
            if value.is_size:
                return self._size(value)
            step = self.plan.inlined.get(id(value))
            if step is not None:
                return self.step_expr(step)
        if self.outer:
            return self.outer.expr(value)
        if isinstance(value, State):
            return self._state(value)
        raise KeyError(f"{value} is used before it is there")

    def _state(self, state: State) -> Expr:
        if state.kind is Kind.CONSTANT and (made := constant_expr(state, self.device())):
            return made
        return Expr(part_at(parts_of(state.path, self.owner)))

    def _size(self, op: Op) -> Expr:
        if op.key != "sym_size":
            return operators.rendered(op, self)
        length = length_of(op)
        if length in self.lengths:
            return Expr(self.lengths[length])
        asked = op.args[0]
        named = [asked] if id(asked) in self.names else []
        live = [value for name, value in self.held.items() if self.names.get(id(value)) == name]
        for value in (*named, *live):
            axis = axis_of(value.value, length)
            if axis is not None and self.held.get(self.names[id(value)]) is value:
                return Expr(f"{self.names[id(value)]}.shape[{axis}]")
        for value in self.inputs:
            axis = axis_of(value.value, length)
            if axis is not None:
                self._lengths_of(value, [str(each) for each in value.value.shape], [axis])
                return Expr(self.lengths[length])
        if self.outer:
            return self.outer.expr(op)
        return Expr(f"{self.expr(asked).at(Level.ATOM)}.shape[{op.args[1]}]")

    def step_expr(self, step: Step) -> Expr:
        item = step.item
        if isinstance(item, Scope):
            function = part_at(parts_of(item.call.module, self.owner))
            return _called(function, [self.expr(each) for each in item.inputs])
        if layer := self.context.plan.layer(item):
            path, match = layer
            if not self.owner or path.startswith(f"{self.owner}."):
                function = part_at(parts_of(path, self.owner))
                made = _called(function, [self.expr(each) for each in match.inputs])
                return Expr(made.text + step.taken, cost=made.cost)
        if any(isinstance(each, Body) for each in item.args):
            made = written_higher(item, self)
            return Expr(f"{made.text}{step.taken}", cost=made.cost)
        made = operators.rendered(item, self)
        return Expr(f"{made.at(Level.ATOM)}{step.taken}", cost=made.cost) if step.taken else made

    def nested(self, name: str, body: Body, outputs: Any) -> list[str]:
        """The lines of a function inside this one."""
        steps = steps_of(body.ops, self.context.plan, self.context.sizes)
        inner = Function(
            self.context, self.owner, list(body.inputs), steps, outputs, outer=self
        ).written()
        arguments = ", ".join(f"{each}: {kind}" for each, kind in inner.arguments)
        head = f"def {name}({arguments}) -> {inner.returns}:"
        return [head, *(f"    {line}" for line in inner.lines), ""]

    def structure(self, given: Any) -> Expr:
        """What is returned: tuples, lists and dicts of values."""
        if isinstance(given, dict):
            items = ", ".join(
                f"{literal(key).text}: {self.structure(each).text}" for key, each in given.items()
            )
            return Expr(f"{{{items}}}")
        if isinstance(given, tuple):
            made = sequence([self.structure(each) for each in given])
            return made if given else Expr("()")
        if isinstance(given, list):
            return listed([self.structure(each) for each in given])
        return self.expr(given)


def _called(function: str, args: list[Expr]) -> Expr:
    text = ", ".join(each.text for each in args)
    return Expr(f"{function}({text})", cost=1 + sum(each.cost for each in args))


def _kind(value: Value) -> str:
    if is_tensor(value.value):
        return "mask" if str(value.value.dtype) == "torch.bool" else "tensor"
    return "list" if isinstance(value.value, list | tuple) else "number"


def _type_of(value: Any) -> str:
    if is_tensor(value):
        return "Tensor"
    return {"SymFloat": "float", "SymBool": "bool"}.get(type(value).__name__, "int")


def _is_tensor_value(value: Any) -> bool:
    return isinstance(value, Input | State | Op) and is_tensor(value.value)


def annotation(given: Any) -> str:
    """The type of what is returned."""
    if isinstance(given, Input | State | Op):
        return _type_of(given.value) if not isinstance(given.value, list | tuple) else "Any"
    if isinstance(given, dict):
        kinds = sorted({annotation(each) for each in given.values()})
        return f"dict[str, {' | '.join(kinds) or 'Tensor'}]"
    if isinstance(given, tuple):
        return f"tuple[{', '.join(map(annotation, given)) or '()'}]"
    if isinstance(given, list):
        kinds = sorted({annotation(each) for each in given})
        return f"list[{' | '.join(kinds) or 'Tensor'}]"
    return "None" if given is None else type(given).__name__

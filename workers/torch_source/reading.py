"""Read an exported program into values: what only the exporter needs is left out."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.control import closed_over
from workers.torch_source.mutation import without_mutation
from workers.torch_source.values import Body, Call, Input, Kind, Op, Program, State, leaves

ASSERTIONS: Final = frozenset(
    {
        "_assert_scalar",
        "_assert_async",
        "_assert_tensor_metadata",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
    }
)
SAME: Final = frozenset({"detach", "detach_", "alias", "lift_fresh", "lift_fresh_copy"})
"""Operators that hand their argument on when nothing is trained and constants are kept apart."""
DROPOUTS: Final = {
    "dropout": "Dropout",
    "feature_dropout": "Dropout2d",
    "alpha_dropout": "AlphaDropout",
}
NUMBERS: Final = frozenset({"full", "scalar_tensor"})
"""Operators that may make a tensor of one number, which is a constant like any other."""

INLINED: Final = frozenset({"higher_order.wrap_with_set_grad_enabled"})
END: Final = (1 << 63) - 1
NO_SCOPE: Final = "_empty_nn_module_stack_from_metadata_hook"


def read(program: Any) -> Program:
    """The program as values; `program` is a torch.export.ExportedProgram, which is not changed."""
    reader = _Reader(program)
    ops, found = reader.graph(program.graph_module, reader.placeholders(program))
    flat = [_output(spec, found) for spec in program.graph_signature.output_specs]
    specs = list(zip(program.graph_signature.output_specs, flat, strict=True))
    given = [value for spec, value in specs if spec.kind.name == "USER_OUTPUT"]
    changed = {
        spec.target: value
        for spec, value in specs
        if spec.kind.name.endswith("_MUTATION") and value is not None
    }
    ops.extend(reader.written_back(changed))
    outputs = _structured(program, given)
    kept = without_mutation(ops, outputs)
    return Program(
        inputs=reader.inputs,
        ops=list(_used(kept.ops, kept.outputs)),
        outputs=kept.outputs,
        states=reader.states,
        root=reader.root,
        silent=reader.silent,
    )


class _Reader:
    def __init__(self, program: Any) -> None:
        self.inputs: list[Input] = []
        self.states: list[State] = []
        self.silent: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self.root = ""
        self.parts: dict[tuple[int, int], Op] = {}
        self.by_target: dict[str, Input | State] = {}
        self.program = program

    def placeholders(self, program: Any) -> dict[Any, Any]:
        specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
        found: dict[Any, Any] = {}
        for node in program.graph.nodes:
            if node.op != "placeholder":
                continue
            spec = specs[node.name]
            if spec.kind.name == "USER_INPUT":
                found[node] = self._argument(node, spec.arg)
            else:
                found[node] = self._state(spec)
        return found

    def _argument(self, node: Any, argument: Any) -> Any:
        if type(argument).__name__ == "ConstantArgument":
            return argument.value
        given = Input(node.name, node.meta["val"])
        self.inputs.append(given)
        self.by_target[node.name] = given
        return given

    def _state(self, spec: Any) -> State:
        import torch

        kind = Kind[spec.kind.name.removesuffix("_TENSOR")]
        held = self.program.state_dict
        tensor = held[spec.target] if spec.target in held else self.program.constants[spec.target]
        trained = isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad
        state = State(spec.target, tensor.detach(), kind, trained)
        self.states.append(state)
        self.by_target[spec.target] = state
        return state

    def graph(self, module: Any, found: dict[Any, Any]) -> tuple[list[Op], dict[Any, Any]]:
        """The calls of a graph in order, and the value of each node by its name."""
        ops: list[Op] = []
        named: dict[Any, Any] = {}
        for node in module.graph.nodes:
            if node.op == "get_attr":
                found[node] = self._attribute(module, node)
            elif node.op == "call_function":
                found[node] = self._call(node, found, ops)
            elif node.op == "output":
                named["output"] = _resolved(node.args[0], found)
            if node in found:
                named[node.name] = found[node]
        return ops, named

    def _attribute(self, module: Any, node: Any) -> Any:
        import torch

        held = operator.attrgetter(node.target)(module)
        if isinstance(held, torch.nn.Module):
            return held
        if node.target not in self.by_target:
            state = State(node.target, held, Kind.CONSTANT)
            self.states.append(state)
            self.by_target[node.target] = state
        return self.by_target[node.target]

    def _call(self, node: Any, found: dict[Any, Any], ops: list[Op]) -> Any:
        args = _resolved(tuple(node.args), found)
        kwargs = _resolved(dict(node.kwargs), found)
        op = Op(node.name, node.target, args, kwargs, self._calls(node), node.meta.get("val"))
        if op.key in ASSERTIONS:
            return None
        if op.key in SAME or _is_identity(op):
            return args[0]
        if op.key in INLINED:
            return self._inlined(args[1], args[2:], op, ops)
        if op.key == "operator.getitem":
            return self._taken(op, ops)
        return self._number(node, op) or self._silenced(op) or self._kept(op, ops)

    def _kept(self, op: Op, ops: list[Op]) -> Op:
        bodies = {id(each): self._body(each, op) for each in leaves_of_modules(op.args)}
        op.args = _with_bodies(op.args, bodies)
        closed_over(op)
        ops.append(op)
        return op

    def _number(self, node: Any, op: Op) -> State | None:
        """A tensor of rank 0 that is made of a number; None where it is another, or changed."""
        number = _number(op) if op.key in NUMBERS and not _is_changed(node) else None
        if number is None:
            return None
        state = State(op.name, number, Kind.CONSTANT)
        self.states.append(state)
        return state

    def _silenced(self, op: Op) -> Any:
        """What a dropout hands on when nothing is trained; None of other operators."""
        if op.key not in DROPOUTS or op.args[2]:
            return None
        if op.calls:
            self.silent[op.calls[-1].module] = (DROPOUTS[op.key], (op.args[1],))
        return op.args[0]

    def _taken(self, op: Op, ops: list[Op]) -> Any:
        """One part of a result is taken once, in the scope that made it."""
        if isinstance(op.args[0], tuple | list):
            return op.args[0][op.args[1]]
        if isinstance(op.args[0], Op):
            op.calls = op.args[0].calls
        key = (id(op.args[0]), op.args[1])
        if key not in self.parts:
            self.parts[key] = op
            ops.append(op)
        return self.parts[key]

    def _inlined(self, module: Any, args: tuple[Any, ...], op: Op, ops: list[Op]) -> Any:
        places = [node for node in module.graph.nodes if node.op == "placeholder"]
        inner, named = self.graph(module, dict(zip(places, args, strict=True)))
        for each in inner:
            each.calls = each.calls or op.calls
        ops.extend(inner)
        return tuple(named["output"])

    def _body(self, module: Any, op: Op) -> Body:
        places = [node for node in module.graph.nodes if node.op == "placeholder"]
        inputs = [Input(node.name, node.meta.get("val")) for node in places]
        ops, named = self.graph(module, dict(zip(places, inputs, strict=True)))
        for each in ops:
            each.calls = op.calls
        kept = without_mutation(ops, named["output"])
        return Body(inputs, list(_used(kept.ops, kept.outputs)), kept.outputs)

    def _calls(self, node: Any) -> tuple[Call, ...]:
        stack = node.meta.get("nn_module_stack") or {}
        calls = [
            Call(f"{path}{_again(key)}", _type_name(kind))
            for key, (path, kind) in stack.items()
            if path != NO_SCOPE
        ]
        if calls and calls[0].path == "":
            self.root = self.root or calls[0].type
            calls = calls[1:]
        return tuple(calls)

    def written_back(self, changed: Mapping[str, Any]) -> Iterator[Op]:
        """What a program without mutation says of it: the new values of buffers and inputs."""
        import torch

        for target, value in changed.items():
            held = self.by_target[target]
            copy = torch.ops.aten.copy_.default
            yield Op(f"{target}_written", copy, (held, value), {}, (), held.value)


def leaves_of_modules(given: Any) -> Iterator[Any]:
    """The graphs among the arguments of a higher-order operator."""
    if isinstance(given, tuple | list):
        for each in given:
            yield from leaves_of_modules(each)
    elif hasattr(given, "graph") and hasattr(given, "named_modules"):
        yield given


def _with_bodies(given: Any, bodies: Mapping[int, Body]) -> Any:
    if isinstance(given, tuple | list):
        return type(given)(_with_bodies(each, bodies) for each in given)
    return bodies.get(id(given), given)


def _resolved(given: Any, found: Mapping[Any, Any]) -> Any:
    """Arguments as values: a node of the graph gives way to what it stands for."""
    if isinstance(given, list | tuple):
        made = [_resolved(each, found) for each in given]
        return tuple(made) if isinstance(given, tuple) else made
    if isinstance(given, dict):
        return {key: _resolved(each, found) for key, each in given.items()}
    if isinstance(given, slice):
        return slice(*(_resolved(each, found) for each in (given.start, given.stop, given.step)))
    return found[given] if type(given).__name__ == "Node" else given


def _is_identity(op: Op) -> bool:
    """Whether it gives its first argument back as it is."""
    if op.key == "slice":
        given = {name: each.value for name, each in arguments(op).items()}
        whole = given["start"] in {None, 0} and given["end"] in {None, END}
        return whole and given["step"] == 1
    if op.key == "copy_" and isinstance(op.args[1], Op):  # a change written where it happened
        return op.args[1].mutates and op.args[1].args[0] is op.args[0]
    if op.key == "to" and op.overload == "dtype" and not op.kwargs:
        copies = len(op.args) > 3 and op.args[3]  # noqa: PLR2004 - the argument `copy`
        return bool(op.args[0].value.dtype == op.args[1]) and not copies
    return False


def _again(key: str) -> str:
    """`@1` of a module's second call, which its key has and its path has not."""
    _, sign, number = key.rpartition("@")
    return f"@{number}" if sign and number.isdigit() else ""


def _type_name(kind: Any) -> str:
    if isinstance(kind, type):
        return f"{kind.__module__}.{kind.__qualname__}"
    return str(kind)


def _output(spec: Any, found: Mapping[str, Any]) -> Any:
    if type(spec.arg).__name__ == "ConstantArgument":
        return spec.arg.value
    return found.get(spec.arg.name)


def _structured(program: Any, given: list[Any]) -> Any:
    """Lists, tuples and dicts as forward returned them; other containers as dicts of their
    fields."""
    import torch

    pytree = torch.utils._pytree  # noqa: SLF001 - torch has no public one
    spec = program.call_spec.out_spec
    if spec is None:
        return tuple(given)
    return _plain(pytree.tree_unflatten(given, spec))


def _plain(given: Any) -> Any:
    if isinstance(given, Input | State | Op):
        return given
    if isinstance(given, Mapping):
        return {str(key): _plain(each) for key, each in given.items() if each is not None}
    if isinstance(given, list | tuple):
        return (
            type(given)(map(_plain, given))
            if type(given) in {list, tuple}
            else _plain(tuple(given))
        )
    return given


def _used(ops: Iterable[Op], outputs: Any) -> Iterator[Op]:
    """Those that something depends on, or that change what they are given."""
    needed = {id(each) for each in leaves(outputs)}
    kept: list[Op] = []
    for op in reversed(list(ops)):
        if id(op) in needed or op.mutates:
            needed |= {id(each) for each in op.operands()}
            kept.append(op)
    return reversed(kept)


def _is_changed(node: Any) -> bool:
    """Whether an operator writes into the result, or into a view of it."""
    for user in node.users:
        schema = getattr(user.target, "_schema", None)
        if schema is None or schema.is_mutable:
            return True
        if any(each.alias_info for each in schema.returns) and _is_changed(user):
            return True
    return False


def _number(op: Op) -> Any | None:
    """The tensor of rank 0 that an operator makes of a number; None where it makes another."""
    import torch

    *size, value = op.args
    if getattr(op.value, "ndim", None) != 0 or any(map(len, size)):
        return None
    if not isinstance(value, bool | int | float):
        return None
    return torch.full((), value, dtype=op.value.dtype)

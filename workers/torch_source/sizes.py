"""Sizes: lengths that are known only when the model runs, and where they can be read."""

from collections.abc import Iterable, Iterator
from typing import Any

from workers.torch_source.plan import Plan
from workers.torch_source.values import Input, Op, Program, State, Value


def is_tensor(value: Any) -> bool:
    """Whether it stands for one tensor."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def length_of(op: Op) -> str:
    """The length that a sizing call gives, as the exporter writes it: `s0`, `2*s0 + 1`."""
    return str(op.value)


def axis_of(value: Any, length: str) -> int | None:
    """The axis of a tensor that has this length; None where none has."""
    if not is_tensor(value):
        return None
    lengths = [str(each) for each in value.shape]
    return lengths.index(length) if length in lengths else None


class Sizes:
    """What calls read of tensors, and of their lengths."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.plan = plan
        self.known = {
            str(each)
            for given in program.inputs
            if is_tensor(given.value)
            for each in given.value.shape
        }

    def given_to(self, op: Op) -> list[Value]:
        """Operands as they are written: those of a layer are what the layer is called with."""
        layer = self.plan.layer(op)
        if layer is None:
            return list(op.operands())
        return [each for each in _flat(layer[1].inputs) if isinstance(each, Input | State | Op)]

    def read_by(self, op: Op) -> list[Value]:
        """What must be there before it: operands, and tensors whose length nobody else has."""
        return list(self._read(self.given_to(op)))

    def _read(self, values: Iterable[Value]) -> Iterator[Value]:
        for value in values:
            if isinstance(value, Op) and value.is_size:
                if value.key in {"sym_size", "sym_numel"}:
                    if length_of(value) not in self.known:
                        yield from self._read(value.operands())
                else:
                    yield from self._read(value.operands())
            else:
                yield value

    def asked_by(self, op: Op) -> list[Op]:
        """The calls of `sym_size` behind its operands, one for each time that it is written."""
        return list(self._asked(self.given_to(op)))

    def _asked(self, values: Iterable[Any]) -> Iterator[Op]:
        for value in values:
            if isinstance(value, Op) and value.is_size:
                if value.key == "sym_size":
                    yield value
                else:
                    yield from self._asked(value.operands())

    def asked_of(self, values: Iterable[Any]) -> list[Op]:
        """As `asked_by`, of values that are returned."""
        return list(self._asked(values))

    def lacking(self, group: list[Op], inputs: list[Value]) -> list[Op]:
        """Lengths that the calls ask for before any tensor among them has them."""
        there = {length for each in inputs for length in _lengths(each.value)}
        lacking: dict[str, Op] = {}
        for op in group:
            for size in self.asked_by(op):
                if length_of(size) not in there:
                    lacking.setdefault(length_of(size), size)
            there |= _lengths(op.value)
        return list(lacking.values())


def _lengths(value: Any) -> set[str]:
    return {str(each) for each in value.shape} if is_tensor(value) else set()


def _flat(given: Any) -> list[Any]:
    if isinstance(given, list | tuple):
        return [each for value in given for each in _flat(value)]
    return [given]

"""Views of a part of a tensor, as indices in brackets."""

from dataclasses import dataclass
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.constants import scalar_for
from workers.torch_source.expressions import Expr, Level, subscript, unmarked
from workers.torch_source.operators import SPECIAL, Writer
from workers.torch_source.values import Op

END: Final = (1 << 63) - 1
MOST_DIMS: Final = 6
"""Behind so many colons nobody counts: the method says it better."""


@dataclass(frozen=True, slots=True)
class Indexed(Expr):
    """`base[items]`, to which another index can be added. `rank` is that of the result."""

    base: str = ""
    items: tuple[str, ...] = ()
    rank: int = 0


def _select(op: Op, writer: Writer) -> Expr | None:
    given = arguments(op)
    return _indexed(op, given["dim"].value, writer.expr(given["index"].value).text, writer, -1)


def _slice(op: Op, writer: Writer) -> Expr | None:
    given = arguments(op)
    start, end, step = (given[name].value for name in ("start", "end", "step"))
    first = "" if start in {None, 0} else writer.expr(start).text
    last = "" if end in {None, END} else writer.expr(end).text
    stride = "" if step == 1 else f":{writer.expr(step).text}"
    return _indexed(op, given["dim"].value, f"{first}:{last}{stride}", writer, 0)


def _unsqueeze(op: Op, writer: Writer) -> Expr | None:
    return _indexed(op, arguments(op)["dim"].value, "None", writer, 1)


def _indexed(op: Op, dim: Any, index: str, writer: Writer, grows: int) -> Expr | None:
    before = op.args[0].value.ndim
    place = dim + before + max(grows, 0) if dim < 0 else dim
    if before > MOST_DIMS:
        return None
    receiver = writer.expr(op.args[0])
    old = receiver.items if isinstance(receiver, Indexed) else ()
    items = _merged(old, place, index)
    if items is None:
        old, items = (), (*[":"] * place, index)
    base = receiver.base if old and isinstance(receiver, Indexed) else receiver.at(Level.ATOM)
    last = len(items) == place + 1 == before + max(grows, 0)
    dots = last and len(items) > 2 and all(each == ":" for each in items[:-1])  # noqa: PLR2004 - `x[:, 0]` needs no ellipsis
    written = f"..., {index}" if dots else ", ".join(items)
    cost = receiver.cost + (0.0 if old else 0.5)
    return Indexed(f"{base}[{written}]", cost=cost, base=base, items=items, rank=before + grows)


def _merged(old: tuple[str, ...], place: int, index: str) -> tuple[str, ...] | None:
    """The old index with another one on an axis of its result; None where that is no one index."""
    items = list(old)
    axis = 0
    for spot, item in enumerate(items):
        keeps = item == "None" or ":" in item
        if axis == place and keeps:
            if index == "None":
                return (*items[:spot], index, *items[spot:])
            return (*items[:spot], index, *items[spot + 1 :]) if item == ":" else None
        axis += keeps
    return (*items, *[":"] * (place - axis), index)


def _index(op: Op, writer: Writer) -> Expr | None:
    indices = op.args[1]
    if any(each is None for each in indices) and len(indices) > MOST_DIMS:
        return None
    written = [":" if each is None else writer.expr(each).text for each in indices]
    receiver = writer.expr(op.args[0])
    cost = sum(writer.expr(each).cost for each in indices if each is not None)
    return subscript(receiver, ", ".join(written), cost=cost + 0.5)


def _getitem(op: Op, writer: Writer) -> Expr | None:
    return subscript(writer.expr(op.args[0]), writer.expr(op.args[1]).text)


def in_place(op: Op, written: Expr, writer: Writer) -> str:
    """The statement of an operator that changes its first argument: `x[:, 0] = y`, `x += y`."""
    if op.key not in {"fill_", "copy_", "add_", "mul_"} or len(op.args) != 2 or op.kwargs:  # noqa: PLR2004 - what and by what
        return written.text
    target = writer.expr(op.args[0])
    value = scalar_for(op.args[1], op.args[0]) or writer.expr(op.args[1])
    if op.key in {"fill_", "copy_"}:
        is_part = unmarked(target.text).endswith("]")
        return f"{target.text} = {value.text}" if is_part else written.text
    sign = "+=" if op.key == "add_" else "*="
    is_name = target.text.isidentifier()
    return f"{target.text} {sign} {value.text}" if is_name else written.text


SPECIAL |= {
    "select": _select,
    "slice": _slice,
    "unsqueeze": _unsqueeze,
    "index": _index,
    "operator.getitem": _getitem,
}

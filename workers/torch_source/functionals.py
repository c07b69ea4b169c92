"""Operators whose public form takes other arguments than they do."""

from typing import Any

from workers.torch_source.arguments import arguments
from workers.torch_source.constants import numbers_for, scalar_for
from workers.torch_source.expressions import Expr, call, listed, literal, method, quoted
from workers.torch_source.operators import PLACING, SPECIAL, Writer, function_call
from workers.torch_source.values import Op

INTERPOLATION = ("bilinear", "nearest", "bicubic")
PADDING = ("zeros", "border", "reflection")
UPSAMPLE = {
    "upsample_nearest1d": "nearest",
    "upsample_nearest2d": "nearest",
    "upsample_nearest3d": "nearest",
    "_upsample_nearest_exact1d": "nearest-exact",
    "_upsample_nearest_exact2d": "nearest-exact",
    "upsample_linear1d": "linear",
    "upsample_bilinear2d": "bilinear",
    "upsample_trilinear3d": "trilinear",
    "upsample_bicubic2d": "bicubic",
    "_upsample_bilinear2d_aa": "bilinear",
    "_upsample_bicubic2d_aa": "bicubic",
}


def _values(op: Op) -> dict[str, Any]:
    return {name: each.value for name, each in arguments(op).items()}


def _norm(function: str, *order: str, usual: float | None = 1e-5) -> Any:
    def render(op: Op, writer: Writer) -> Expr | None:
        given = _values(op)
        args = [writer.expr(given[name]) for name in order]
        named = {"eps": writer.expr(given["eps"])} if given["eps"] != usual else {}
        while args and args[-1].text == "None":
            args.pop()
        return call(function, args, named)

    return render


def _batch_norm(op: Op, writer: Writer) -> Expr | None:
    given = _values(op)
    order = ("input", "running_mean", "running_var", "weight", "bias")
    named = {name: writer.expr(given[name]) for name in ("training", "momentum", "eps")}
    return call("F.batch_norm", [writer.expr(given[name]) for name in order], named)


def _instance_norm(op: Op, writer: Writer) -> Expr | None:
    given = _values(op)
    order = ("input", "running_mean", "running_var", "weight", "bias")
    named = {name: writer.expr(given[name]) for name in ("use_input_stats", "momentum", "eps")}
    return call("F.instance_norm", [writer.expr(given[name]) for name in order], named)


def _embedding(op: Op, writer: Writer) -> Expr | None:
    return call("F.embedding", [writer.expr(op.args[1]), writer.expr(op.args[0])])


def _elu(op: Op, writer: Writer) -> Expr | None:
    given = _values(op)
    if given["scale"] != 1 or given["input_scale"] != 1:
        return None
    named = {} if given["alpha"] == 1 else {"alpha": writer.expr(given["alpha"])}
    return call("F.elu", [writer.expr(given["self"])], named)


def _upsample(op: Op, writer: Writer) -> Expr | None:
    if op.overload != "vec":
        return None
    given = _values(op)
    named: dict[str, Expr] = {}
    if given["output_size"] is not None:
        named["size"] = writer.expr(_one(given["output_size"]))
    if given.get("scale_factors") is not None:
        named["scale_factor"] = writer.expr(_one(given["scale_factors"]))
    mode = UPSAMPLE[op.key]
    if mode != "nearest":
        named["mode"] = Expr(quoted(mode))
    if given.get("align_corners"):
        named["align_corners"] = literal(value=True)
    if op.key.endswith("_aa"):
        named["antialias"] = literal(value=True)
    return call("F.interpolate", [writer.expr(given["input"])], named)


def _one(sizes: Any) -> Any:
    """One number where all are equal; whole ones without a point."""
    whole = [
        int(each) if isinstance(each, float) and each.is_integer() else each for each in sizes
    ]
    plain = all(isinstance(each, int | float) and each == whole[0] for each in whole)
    return whole[0] if plain else whole


def _grid_sample(op: Op, writer: Writer) -> Expr | None:
    given = _values(op)
    named = {"align_corners": writer.expr(given["align_corners"])}
    if given["padding_mode"]:
        named = {"padding_mode": Expr(quoted(PADDING[given["padding_mode"]]))} | named
    if given["interpolation_mode"]:
        named = {"mode": Expr(quoted(INTERPOLATION[given["interpolation_mode"]]))} | named
    return call("F.grid_sample", [writer.expr(each) for each in op.args[:2]], named)


def _einsum(op: Op, writer: Writer) -> Expr | None:
    if op.kwargs or len(op.args) > 2:  # noqa: PLR2004 - path
        return None
    equation, tensors = op.args
    return call("torch.einsum", [literal(equation), *map(writer.expr, tensors)])


def _dropout(op: Op, writer: Writer) -> Expr | None:
    named = {"p": writer.expr(op.args[1]), "training": writer.expr(op.args[2])}
    return call("F.dropout", [writer.expr(op.args[0])], named)


def _softmax(op: Op, writer: Writer) -> Expr | None:
    if op.args[2]:
        return None
    return method(writer.expr(op.args[0]), op.key.removeprefix("_"), [writer.expr(op.args[1])])


def _to(op: Op, writer: Writer) -> Expr | None:
    """Only the dtype matters: everything is where the inputs are."""
    given = _values(op)
    receiver = writer.expr(given["self"])
    dtype = given.get("dtype")
    other = given.get("other")
    if other is not None:
        return method(receiver, "to", [writer.expr(other)])
    kwargs = {"copy": literal(value=True)} if given.get("copy") or op.key == "_to_copy" else {}
    if op.key == "_to_copy" and dtype not in {None, given["self"].value.dtype}:
        kwargs = {}
    if dtype is None:
        return method(receiver, "clone") if kwargs else receiver
    return method(receiver, "to", [literal(dtype)], kwargs)


def _item(op: Op, writer: Writer) -> Expr | None:
    kinds = {"SymInt": "int", "SymFloat": "float", "SymBool": "bool"}
    kind = kinds.get(type(op.value).__name__, type(op.value).__name__)
    taken = method(writer.expr(op.args[0]), "item")
    return call(kind, [taken], cost=0) if kind in kinds.values() else taken


def _scalar_tensor(op: Op, writer: Writer) -> Expr | None:
    given = _values(op)
    named = {"dtype": literal(given["dtype"])} if given["dtype"] is not None else {}
    if (device := writer.device()) is not None:
        named["device"] = device
    return call("torch.tensor", [writer.expr(given["s"])], named)


def _stacked(op: Op, writer: Writer) -> Expr | None:
    """Of lists of tensors, which are lists in Python, too."""
    tensors = op.args[0]
    if not isinstance(tensors, list | tuple):
        return None
    dim = op.args[1] if len(op.args) > 1 else op.kwargs.get("dim", 0)
    named = {"dim": writer.expr(dim)} if dim else {}
    key = "cat" if op.key in {"concat", "concatenate"} else op.key
    return call(f"torch.{key}", [listed([writer.expr(each) for each in tensors])], named)


def _of_shape(op: Op, writer: Writer) -> Expr | None:
    """`new_zeros` and the like, whose tensor says the device."""
    given = arguments(op)
    own, *rest = (each for each in given.values() if each.name not in PLACING)
    required = [
        writer.expr(each.value) for each in rest if not each.is_default and not each.keyword
    ]
    named = {
        each.name: writer.expr(each.value) for each in rest if not each.is_default and each.keyword
    }
    if op.key.endswith("_like"):
        return call(f"torch.{op.key}", [writer.expr(own.value), *required], named)
    return method(writer.expr(own.value), op.key, required, named)


def _transposed(op: Op, writer: Writer) -> Expr | None:
    attribute = {"t": "T", "numpy_T": "T"}.get(op.key, op.key)
    receiver = writer.expr(op.args[0])
    return Expr(f"{receiver.at(receiver.level.ATOM)}.{attribute}", cost=receiver.cost)


def _index_put(op: Op, writer: Writer) -> Expr | None:
    if any(each is None for each in op.args[1]):
        return None
    accumulate = bool(len(op.args) > 3 and op.args[3])  # noqa: PLR2004 - the argument `accumulate`
    indices = Expr("(" + "".join(f"{writer.expr(each).text}, " for each in op.args[1]) + ")")
    named = {"accumulate": literal(value=True)} if accumulate else {}
    args = [indices, writer.expr(op.args[2])]
    return method(writer.expr(op.args[0]), op.key, args, named)


def _constant_pad(op: Op, writer: Writer) -> Expr | None:
    value = op.args[2] if len(op.args) > 2 else 0  # noqa: PLR2004 - the argument `value`
    named = {"value": writer.expr(value)} if value else {}
    return call("F.pad", [writer.expr(op.args[0]), writer.expr(op.args[1])], named)


def _mode_pad(mode: str) -> Any:
    def render(op: Op, writer: Writer) -> Expr | None:
        args = [writer.expr(op.args[0]), writer.expr(op.args[1])]
        return call("F.pad", args, {"mode": Expr(quoted(mode))})

    return render


def _maximum(op: Op, writer: Writer) -> Expr | None:
    """Of two tensors; beside a number it is a limit."""
    first, second = op.args
    number = scalar_for(second, first)
    if number is None or first.value.dtype != second.value.dtype:
        return function_call(f"torch.{op.key}", op, arguments(op), writer)
    limit = "min" if op.key == "maximum" else "max"
    return method(writer.expr(first), "clamp", [], {limit: number})


def _where(op: Op, writer: Writer) -> Expr | None:
    """A choice of tensors, or of numbers where that makes the same kind of tensor."""
    if len(op.args) != 3:  # noqa: PLR2004 - of a condition alone, its places
        return None
    condition, first, second = op.args
    left, right = scalar_for(first, second), scalar_for(second, first)
    if numbers := numbers_for(first, second):
        left, right = numbers
    chosen = [left or writer.expr(first), right or writer.expr(second)]
    return call("torch.where", [writer.expr(condition), *chosen])


_NORM_ARGS = ("normalized_shape", "weight", "bias")
SPECIAL |= {
    "layer_norm": _norm("F.layer_norm", "input", *_NORM_ARGS),
    "rms_norm": _norm("F.rms_norm", "input", "normalized_shape", "weight", usual=None),
    "group_norm": _norm("F.group_norm", "input", "num_groups", "weight", "bias"),
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "embedding": _embedding,
    "elu": _elu,
    **dict.fromkeys(UPSAMPLE, _upsample),
    "grid_sampler": _grid_sample,
    "einsum": _einsum,
    "dropout": _dropout,
    "_softmax": _softmax,
    "_log_softmax": _softmax,
    "to": _to,
    "_to_copy": _to,
    "item": _item,
    "_local_scalar_dense": _item,
    "scalar_tensor": _scalar_tensor,
    **dict.fromkeys(("cat", "concat", "concatenate", "stack", "hstack", "vstack"), _stacked),
    **dict.fromkeys(("new_zeros", "new_ones", "new_full", "new_empty"), _of_shape),
    **dict.fromkeys(("zeros_like", "ones_like", "full_like", "empty_like"), _of_shape),
    **dict.fromkeys(("t", "numpy_T", "mT", "mH"), _transposed),
    "index_put": _index_put,
    "index_put_": _index_put,
    "constant_pad_nd": _constant_pad,
    **{f"reflection_pad{n}d": _mode_pad("reflect") for n in (1, 2, 3)},
    **{f"replication_pad{n}d": _mode_pad("replicate") for n in (1, 2, 3)},
    "maximum": _maximum,
    "minimum": _maximum,
    "where": _where,
}

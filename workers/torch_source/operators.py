"""Operators as Python: each aten call in the form in which a person would write it.

An operator that is in no table is written by its own name, `torch.ops.aten.name.overload(...)`,
which is always right.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from workers.torch_source.arguments import MISSING, Argument, arguments
from workers.torch_source.constants import scalar_for
from workers.torch_source.expressions import Expr, Level, binary, call, method, unary
from workers.torch_source.values import Op, leaves


class Writer(Protocol):
    """The function that a call is written into."""

    def expr(self, value: Any) -> Expr:
        """A value, a literal, or a list of them."""
        ...

    def device(self) -> Expr | None:
        """Where new tensors belong; None where nothing says it."""
        ...


Render = Callable[[Op, Writer], Expr | None]
"""None: there is no pretty form for these arguments."""

SIGNS: Final[Mapping[str, tuple[str, Level]]] = {
    "add": ("+", Level.SUM),
    "sub": ("-", Level.SUM),
    "mul": ("*", Level.PRODUCT),
    "div": ("/", Level.PRODUCT),
    "floor_divide": ("//", Level.PRODUCT),
    "remainder": ("%", Level.PRODUCT),
    "matmul": ("@", Level.PRODUCT),
    "mm": ("@", Level.PRODUCT),
    "bitwise_and": ("&", Level.AND),
    "bitwise_or": ("|", Level.OR),
    "bitwise_xor": ("^", Level.XOR),
    "__and__": ("&", Level.AND),
    "__or__": ("|", Level.OR),
    "__xor__": ("^", Level.XOR),
    "eq": ("==", Level.COMPARISON),
    "ne": ("!=", Level.COMPARISON),
    "lt": ("<", Level.COMPARISON),
    "le": ("<=", Level.COMPARISON),
    "gt": (">", Level.COMPARISON),
    "ge": (">=", Level.COMPARISON),
}
LOGICAL: Final[Mapping[str, tuple[str, Level]]] = {
    "logical_and": ("&", Level.AND),
    "logical_or": ("|", Level.OR),
    "logical_xor": ("^", Level.XOR),
}
PYTHON: Final[Mapping[str, tuple[str, Level]]] = {
    "add": ("+", Level.SUM),
    "sub": ("-", Level.SUM),
    "mul": ("*", Level.PRODUCT),
    "truediv": ("/", Level.PRODUCT),
    "floordiv": ("//", Level.PRODUCT),
    "mod": ("%", Level.PRODUCT),
    "eq": ("==", Level.COMPARISON),
    "ne": ("!=", Level.COMPARISON),
    "lt": ("<", Level.COMPARISON),
    "le": ("<=", Level.COMPARISON),
    "gt": (">", Level.COMPARISON),
    "ge": (">=", Level.COMPARISON),
    "and_": ("&", Level.AND),
    "or_": ("|", Level.OR),
}
FUNCTIONAL: Final = frozenset(  # a word a line would be longer than the module
    [
        "adaptive_avg_pool1d",
        "adaptive_avg_pool2d",
        "adaptive_avg_pool3d",
        "adaptive_max_pool1d",
        "adaptive_max_pool2d",
        "adaptive_max_pool3d",
        "avg_pool1d",
        "avg_pool2d",
        "avg_pool3d",
        "binary_cross_entropy",
        "celu",
        "channel_shuffle",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "cosine_similarity",
        "gelu",
        "glu",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "linear",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "mish",
        "mse_loss",
        "one_hot",
        "pad",
        "pixel_shuffle",
        "pixel_unshuffle",
        "prelu",
        "relu",
        "relu6",
        "scaled_dot_product_attention",
        "selu",
        "silu",
        "softplus",
        "softshrink",
        "threshold",
    ]
)
"""Of torch.nn.functional, with the arguments of the operator of that name in the same order."""

RENAMED: Final[Mapping[str, str]] = {
    "log_sigmoid": "F.logsigmoid",
    "linalg_vector_norm": "torch.linalg.vector_norm",
    "linalg_norm": "torch.linalg.norm",
    "linalg_inv": "torch.linalg.inv",
    "linalg_det": "torch.linalg.det",
    "linalg_cross": "torch.linalg.cross",
    "linalg_solve": "torch.linalg.solve",
    "fft_fft": "torch.fft.fft",
    "fft_ifft": "torch.fft.ifft",
    "fft_rfft": "torch.fft.rfft",
    "fft_irfft": "torch.fft.irfft",
    "fft_fftn": "torch.fft.fftn",
    "fft_ifftn": "torch.fft.ifftn",
    "special_bessel_j0": "torch.special.bessel_j0",
    "special_log_ndtr": "torch.special.log_ndtr",
    "special_expit": "torch.sigmoid",
    "special_erf": "torch.erf",
}
METHODS: Final = frozenset(  # a word a line would be longer than the module
    [
        "all",
        "amax",
        "amin",
        "any",
        "argmax",
        "argmin",
        "bool",
        "clone",
        "conj",
        "contiguous",
        "double",
        "flatten",
        "float",
        "half",
        "int",
        "isnan",
        "long",
        "max",
        "mean",
        "median",
        "min",
        "nonzero",
        "numel",
        "prod",
        "ravel",
        "sort",
        "std",
        "sum",
        "t",
        "unique",
        "var",
    ]
)
"""Of one argument; all others of one argument are written as functions."""

PLACING: Final = frozenset({"device", "layout", "pin_memory", "memory_format"})
COLLAPSED: Final = frozenset(
    {"dim", "dims", "kernel_size", "stride", "padding", "dilation", "output_size"}
)
"""Lists of equal numbers that are written as one."""

STARRED: Final = frozenset({"view", "reshape", "expand", "permute", "repeat", "tile", "flip"})
POSITIONAL: Final = frozenset({"flatten", "squeeze", "unflatten"})
"""Whose arguments go by position though they have defaults."""

SPECIAL: dict[str, Render] = {}
"""Filled by the modules beside this one, each for its own kind."""


def rendered(op: Op, writer: Writer) -> Expr:
    """The call as an expression."""
    special = SPECIAL.get(op.key)
    made = special(op, writer) if special else None
    return made or _signed(op, writer) or _plain(op, writer) or by_its_name(op, writer)


def by_its_name(op: Op, writer: Writer) -> Expr:
    """The operator itself, called as the program calls it."""
    if not hasattr(op.target, "_schema"):
        return call(op.key, map(writer.expr, op.args), _named(op, writer))
    return call(f"torch.ops.{op.target}", map(writer.expr, op.args), _named(op, writer))


def _named(op: Op, writer: Writer) -> dict[str, Expr]:
    return {name: writer.expr(value) for name, value in op.kwargs.items()}


def _signed(op: Op, writer: Writer) -> Expr | None:
    if op.key.startswith("operator."):
        key = op.key.removeprefix("operator.")
        if key == "neg":
            return unary("-", writer.expr(op.args[0]))
        if key not in PYTHON:
            return None
        sign, level = PYTHON[key]
    elif op.key in SIGNS or (op.key in LOGICAL and _all_bool(op)):
        sign, level = SIGNS.get(op.key) or LOGICAL[op.key]
        if op.kwargs or len(op.args) > 2:  # noqa: PLR2004 - alpha, rounding_mode
            return None
    else:
        return None
    first, second = op.args[:2]
    left = scalar_for(first, second) or writer.expr(first)
    right = scalar_for(second, first) or writer.expr(second)
    if op.key == "logical_and" and "True" in {left.text, right.text}:
        return right if left.text == "True" else left
    made = binary(left, sign, right, level)
    simple = not leaves_in(first, second)
    return Expr(made.text, level, made.cost - 0.5) if simple else made


def leaves_in(first: Any, second: Any) -> bool:
    """Whether both sides are values; a number beside one is no burden."""
    return bool(list(leaves(first))) and bool(list(leaves(second)))


def _all_bool(op: Op) -> bool:
    return all(str(each.value.dtype) == "torch.bool" for each in op.operands())


def _plain(op: Op, writer: Writer) -> Expr | None:
    """A function or a method of torch with the operator's own arguments."""
    import torch

    if not hasattr(op.target, "_schema") or op.target.namespace != "aten" or op.overload == "out":
        return None
    given = arguments(op)
    first = next(iter(given.values()), None)
    key = op.key
    if key in RENAMED or key in FUNCTIONAL:
        return function_call(RENAMED.get(key) or f"F.{key}", op, given, writer)
    if key.startswith("_") or first is None:
        return None
    alone = all(each.name == "self" or each.is_default for each in given.values())
    of_tensor = first.name == "self" and first.type == "Tensor" and hasattr(torch.Tensor, key)
    of_torch = hasattr(torch, key)
    if of_tensor and (not of_torch or not alone or key in METHODS):
        return _method_call(op, given, writer)
    return function_call(f"torch.{key}", op, given, writer) if of_torch else None


def _method_call(op: Op, given: Mapping[str, Argument], writer: Writer) -> Expr:
    own, *others = given.values()
    rest = [each for each in others if not each.is_default]
    receiver = writer.expr(own.value)
    if op.key in STARRED and len(rest) == 1:
        return method(receiver, op.key, [writer.expr(each) for each in rest[0].value])
    args, kwargs = split(op, others, writer)
    return method(receiver, op.key, args, kwargs)


def function_call(function: str, op: Op, given: Mapping[str, Argument], writer: Writer) -> Expr:
    """A call whose arguments are those of the schema."""
    args, kwargs = split(op, list(given.values()), writer)
    made_anew = "device" in given and not any(
        hasattr(each.value, "shape") for each in leaves(op.args)
    )
    if made_anew and (device := writer.device()) is not None:
        kwargs["device"] = device
    return call(function, args, kwargs)


def split(op: Op, given: list[Argument], writer: Writer) -> tuple[list[Expr], dict[str, Expr]]:
    """What goes by position and what by name: what has a default goes by name, or not at all."""
    args: list[Expr] = []
    kwargs: dict[str, Expr] = {}
    by_name = False
    for each in given:
        if each.is_default or each.name in PLACING:
            by_name = True
            continue
        value = writer.expr(_collapsed(op, each))
        is_tensor = each.type in {"Tensor", "Optional[Tensor]"}
        required = not each.keyword and (
            each.default is MISSING or is_tensor or op.key in POSITIONAL
        )
        by_name = by_name or not required
        if by_name and each.name != "self":
            kwargs[each.name] = value
        else:
            args.append(value)
    return args, kwargs


def _collapsed(op: Op, given: Argument) -> Any:
    """`3` for `(3, 3)` where the operator spreads it, and `-1` for `(-1,)`."""
    value = given.value
    if not isinstance(value, list | tuple) or given.name not in COLLAPSED or not value:
        return value
    if given.name in {"dim", "dims"}:
        return value[0] if len(value) == 1 and op.key not in {"permute", "flip"} else value
    return value[0] if all(isinstance(each, int) and each == value[0] for each in value) else value


def logical_not(op: Op, writer: Writer) -> Expr | None:
    return unary("~", writer.expr(op.args[0])) if _all_bool(op) else None


def _neg(op: Op, writer: Writer) -> Expr | None:
    return unary("-", writer.expr(op.args[0]))


def _reversed_sub(op: Op, writer: Writer) -> Expr | None:
    if op.kwargs or len(op.args) > 2:  # noqa: PLR2004 - alpha
        return None
    left, right = (writer.expr(each) for each in op.args)
    return binary(right, "-", left, Level.SUM)


def _power(op: Op, writer: Writer) -> Expr | None:
    first, second = op.args
    base = writer.expr(first)
    exponent = scalar_for(second, first) or writer.expr(second)
    text = f"{base.at(Level.ATOM)} ** {exponent.at(Level.SIGN)}"
    return Expr(text, Level.POWER, base.cost + exponent.cost + 1)


SPECIAL |= {
    "neg": _neg,
    "logical_not": logical_not,
    "bitwise_not": logical_not,
    "rsub": _reversed_sub,
    "pow": _power,
    "operator.pow": _power,
}

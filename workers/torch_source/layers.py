"""Layers: calls whose weights are a module of torch.nn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.parts import Layer, Setting
from workers.torch_source.values import Kind, Op, State

RECURRENT: Final = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}

PARTS: Final = frozenset(
    {"view", "reshape", "transpose", "permute", "unsqueeze", "expand", "slice", "narrow", "select"}
)
"""Operators that give nothing but elements of what they take."""


@dataclass(frozen=True, slots=True)
class Match:
    """A call as a layer: the tensors of the layer, and what is given to it."""

    layer: Layer
    inputs: tuple[Any, ...]
    needs: tuple[Any, ...] = ()
    """Further calls whose results the layer makes for itself: a recurrent one its zeros."""


Matcher = Callable[[Mapping[str, Any]], Match | None]


def matched(op: Op) -> Match | None:
    """The call as a layer of torch.nn; None where it is none, whatever its tensors are called."""
    matcher = MATCHERS.get(op.key)
    if matcher is None:
        return None
    return matcher({name: each.value for name, each in arguments(op).items()})


def prefix_of(tensors: Mapping[str, State]) -> str | None:
    """The name that all have before their own; None where they have not the same."""
    prefixes = {
        state.path.removesuffix(name).removesuffix(".")
        if state.path.endswith(f".{name}")
        else None
        for name, state in tensors.items()
    }
    return prefixes.pop() if len(prefixes) == 1 else None


def _tensors(**given: Any) -> dict[str, State] | None:
    """Those that are there; None where one is no tensor of the model's."""
    found = {name: each for name, each in given.items() if each is not None}
    return found if all(isinstance(each, State) for each in found.values()) else None


def _dtype(weight: State) -> Setting:
    import torch

    return Setting("dtype", weight.tensor.dtype, torch.float32)


def _one(value: Any) -> Any:
    """`3` for `[3, 3]`, a tuple for all others."""
    if isinstance(value, str | int):
        return value
    return value[0] if len(set(value)) == 1 else tuple(value)


def _linear(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"], bias=given["bias"])
    if not tensors:
        return None
    out, inner = tensors["weight"].tensor.shape
    settings = (
        Setting("in_features", inner, named=False),
        Setting("out_features", out, named=False),
        Setting("bias", "bias" in tensors, default=True),
        _dtype(tensors["weight"]),
    )
    return Match(Layer("Linear", settings, tensors), (given["input"],))


def _convolution(rank: int, *, transposed: bool) -> Matcher:
    def match(given: Mapping[str, Any]) -> Match | None:
        tensors = _tensors(weight=given["weight"], bias=given["bias"])
        if not tensors or given["input"].value.ndim != rank + 2:
            return None
        weight, groups = tensors["weight"].tensor, given["groups"]
        first, second = weight.shape[0], weight.shape[1] * groups
        channels, out = (first, second) if transposed else (second, first)
        extra = (
            (Setting("output_padding", _one(given["output_padding"]), 0),) if transposed else ()
        )
        settings = (
            Setting("in_channels", channels, named=False),
            Setting("out_channels", out, named=False),
            Setting("kernel_size", _one(tuple(weight.shape[2:])), named=False),
            Setting("stride", _one(given["stride"]), 1),
            Setting("padding", _one(given["padding"]), 0),
            *extra,
            Setting("dilation", _one(given["dilation"]), 1),
            Setting("groups", groups, 1),
            Setting("bias", "bias" in tensors, default=True),
            _dtype(tensors["weight"]),
        )
        kind = f"Conv{'Transpose' if transposed else ''}{rank}d"
        return Match(Layer(kind, settings, tensors), (given["input"],))

    return match


def _batch_norm(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(
        weight=given["weight"],
        bias=given["bias"],
        running_mean=given["running_mean"],
        running_var=given["running_var"],
    )
    rank = given["input"].value.ndim
    if (
        given["training"]
        or not tensors
        or "running_mean" not in tensors
        or rank not in range(2, 6)
    ):
        return None
    affine = "weight" in tensors
    if affine != ("bias" in tensors):
        return None
    settings = (
        Setting("num_features", tensors["running_mean"].tensor.numel(), named=False),
        Setting("eps", given["eps"], 1e-5),
        Setting("momentum", given["momentum"], 0.1),
        Setting("affine", affine, default=True),
        _dtype(tensors["running_mean"]),
    )
    kind = f"BatchNorm{max(rank - 2, 1)}d"
    return Match(Layer(kind, settings, tensors), (given["input"],))


def _layer_norm(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"], bias=given["bias"])
    if not tensors or "weight" not in tensors:
        return None
    settings = (
        Setting("normalized_shape", _shape(given["normalized_shape"]), named=False),
        Setting("eps", given["eps"], 1e-5),
        Setting("bias", "bias" in tensors, default=True),
        _dtype(tensors["weight"]),
    )
    return Match(Layer("LayerNorm", settings, tensors), (given["input"],))


def _rms_norm(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"])
    if not tensors:
        return None
    settings = (
        Setting("normalized_shape", _shape(given["normalized_shape"]), named=False),
        Setting("eps", given["eps"], None),
        _dtype(tensors["weight"]),
    )
    return Match(Layer("RMSNorm", settings, tensors), (given["input"],))


def _shape(sizes: Any) -> Any:
    return sizes[0] if len(sizes) == 1 else tuple(sizes)


def _group_norm(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"], bias=given["bias"])
    if not tensors or len(tensors) != 2:  # noqa: PLR2004 - both or nothing
        return None
    settings = (
        Setting("num_groups", given["num_groups"], named=False),
        Setting("num_channels", tensors["weight"].tensor.numel(), named=False),
        Setting("eps", given["eps"], 1e-5),
        _dtype(tensors["weight"]),
    )
    return Match(Layer("GroupNorm", settings, tensors), (given["input"],))


def _embedding(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"])
    if not tensors or tensors["weight"].tensor.ndim != 2:  # noqa: PLR2004 - a table
        return None
    rows, width = tensors["weight"].tensor.shape
    padding = given["padding_idx"]
    settings = (
        Setting("num_embeddings", rows, named=False),
        Setting("embedding_dim", width, named=False),
        Setting(
            "padding_idx", padding if isinstance(padding, int) and padding >= 0 else None, None
        ),
        _dtype(tensors["weight"]),
    )
    return Match(Layer("Embedding", settings, tensors), (given["indices"],))


def _rows(given: Mapping[str, Any]) -> Match | None:
    """Rows that are taken of a table by their numbers, where all numbers are known to fit."""
    table, indices = given["self"], given["indices"]
    known = len(indices) == 1 and isinstance(indices[0], State)
    if not known or not isinstance(table, State) or indices[0].kind is not Kind.CONSTANT:
        return None
    numbers = indices[0].tensor
    whole = str(numbers.dtype) in {"torch.int32", "torch.int64"}
    if not whole or not numbers.numel() or int(numbers.min()) < 0:
        return None
    return _embedding({"weight": table, "padding_idx": None, "indices": indices[0]})


def _prelu(given: Mapping[str, Any]) -> Match | None:
    tensors = _tensors(weight=given["weight"])
    if not tensors or tensors["weight"].tensor.ndim != 1:
        return None
    count = Setting("num_parameters", tensors["weight"].tensor.numel(), 1, named=False)
    return Match(Layer("PReLU", (count, _dtype(tensors["weight"])), tensors), (given["self"],))


def recurrent_names(given: Mapping[str, Any]) -> list[str]:
    """What torch.nn calls the weights of a recurrent operator, in their order."""
    directions = ("", "_reverse") if given["bidirectional"] else ("",)
    kinds = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if given["has_biases"] else ()))
    return [
        f"{kind}_l{layer}{direction}"
        for layer in range(given["num_layers"])
        for direction in directions
        for kind in kinds
    ]


def _recurrent(key: str) -> Matcher:
    return lambda given: _run_through(key, given)


def _run_through(key: str, given: Mapping[str, Any]) -> Match | None:
    if "input" not in given or given["train"]:  # packed sequences have another form
        return None
    names, params = recurrent_names(given), given["params"]
    if len(names) != len(params) or not (
        tensors := _tensors(**dict(zip(names, params, strict=True)))
    ):
        return None
    hidden, width = (
        tensors["weight_hh_l0"].tensor.shape[1],
        tensors["weight_ih_l0"].tensor.shape[1],
    )
    settings = (
        Setting("input_size", width, named=False),
        Setting("hidden_size", hidden, named=False),
        Setting("num_layers", given["num_layers"], 1),
        *((Setting("nonlinearity", "relu"),) if key == "rnn_relu" else ()),
        Setting("bias", given["has_biases"], default=True),
        Setting("batch_first", given["batch_first"], default=False),
        Setting("dropout", float(given["dropout"]), 0.0),
        Setting("bidirectional", given["bidirectional"], default=False),
        _dtype(tensors["weight_ih_l0"]),
    )
    state = given["hx"]
    made = state if isinstance(state, list | tuple) else [state]
    layer = Layer(RECURRENT[key], settings, tensors)
    if all(_is_zeros(each) for each in made):
        return Match(layer, (given["input"],), tuple(made))
    return Match(layer, (given["input"], tuple(made) if key == "lstm" else state))


def _is_zeros(value: Any) -> bool:
    while isinstance(value, Op) and value.key in PARTS:
        value = value.args[0]
    if isinstance(value, State):
        return value.kind is Kind.CONSTANT and not bool(value.tensor.any())
    return isinstance(value, Op) and value.key in {"zeros", "new_zeros", "zeros_like"}


MATCHERS: Final[Mapping[str, Matcher]] = {
    "linear": _linear,
    **{f"conv{rank}d": _convolution(rank, transposed=False) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _convolution(rank, transposed=True) for rank in (1, 2, 3)},
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "embedding": _embedding,
    "index": _rows,
    "prelu": _prelu,
    **{key: _recurrent(key) for key in RECURRENT},
}

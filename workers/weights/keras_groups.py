"""The groups of a .weights.h5: classes in snake case and numbers, turned into names.

Such a file does not say what its variables are called. The layer's own name is noted beside them
since Keras 3.3; `kernel` and `bias` follow from the class.
"""

import re
from typing import Any, Final

from workers.weights.variables import Layer

LEAVES: Final = {
    "kernel bias": "dense conv1d conv2d conv3d conv1d_transpose conv2d_transpose conv3d_transpose"
    " einsum_dense depthwise_conv1d depthwise_conv2d",
    "depthwise_kernel pointwise_kernel bias": "separable_conv1d separable_conv2d",
    "kernel recurrent_kernel bias": "lstm_cell gru_cell simple_rnn_cell conv_lstm_cell",
    "gamma beta moving_mean moving_variance": "batch_normalization",
    "gamma beta": "layer_normalization group_normalization",
    "scale": "rms_normalization",
    "embeddings": "embedding",
    "mean variance count": "normalization",
    "alpha": "p_re_lu",
}
"""Names of variables in the order in which a layer of these classes saves them."""

INSIDE: Final = {
    "query_dense": "einsum_dense",
    "key_dense": "einsum_dense",
    "value_dense": "einsum_dense",
    "output_dense": "einsum_dense",
}
"""Layers that are found under the attribute's name and not under that of their class."""

SPELT: Final = {
    "conv1d": "Conv1D",
    "conv2d": "Conv2D",
    "conv3d": "Conv3D",
    "lstm": "LSTM",
    "gru": "GRU",
    "lstm_cell": "LSTMCell",
    "gru_cell": "GRUCell",
    "simple_rnn": "SimpleRNN",
    "simple_rnn_cell": "SimpleRNNCell",
    "p_re_lu": "PReLU",
    "rms_normalization": "RMSNormalization",
}

ROOT: Final = ("layers", "_layer_checkpoint_dependencies")


def grouped(file: Any) -> tuple[dict[str, str], dict[str, Layer]]:
    """The dataset of each variable, and the layers, by name."""
    places: dict[str, str] = {}
    layers: dict[str, Layer] = {}

    def visit(group: Any, scope: str, kind: str) -> None:
        own = group.get("vars")
        if own is not None and len(own):
            layers[scope] = Layer(_camel(kind), {})
            numbers = sorted(own, key=int)
            shapes = [tuple(own[each].shape) for each in numbers]
            for number, leaf in zip(numbers, _leaves(kind, shapes), strict=True):
                places[f"{scope}/{leaf}" if scope else leaf] = own[number].name
        for key, child in group.items():
            if key == "vars" or not hasattr(child, "items") or "optimizer" in key:
                continue
            if key in ROOT:
                visit(child, scope, kind)
                continue
            name = _noted(child) or key
            inner = f"{scope}/{name}" if scope else name
            visit(child, inner, _kind(key, kind, child))

    visit(file, "", "")
    return places, layers


def _noted(group: Any) -> str:
    own = group.get("vars")
    name = "" if own is None else own.attrs.get("name", "")
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)


def _kind(key: str, parent: str, group: Any) -> str:
    if key == "cell":
        return f"{parent}_cell"
    if key in {"forward_layer", "backward_layer"}:
        return re.sub(r"^(?:forward|backward)_|_\d+$", "", _noted(group)) or "lstm"
    if key == "layer":
        return re.sub(r"_\d+$", "", _noted(group))
    return INSIDE.get(key.lstrip("_")) or re.sub(r"_\d+$", "", key)


def _leaves(kind: str, shapes: list[tuple[int, ...]]) -> list[str]:
    count = len(shapes)
    known = next((names for names, kinds in LEAVES.items() if kind in kinds.split()), "").split()
    if kind == "batch_normalization" and count < len(known):
        known = {3: known[1:], 2: known[2:]}.get(count, [])
    if not known and [len(each) == 1 for each in shapes] == [False, True]:
        known = ["kernel", "bias"]
    return known[:count] if len(known) >= count else [str(each) for each in range(count)]


def _camel(kind: str) -> str:
    if kind in SPELT:
        return SPELT[kind]
    return re.sub(r"(\d)d\b", r"\1D", "".join(each.capitalize() for each in kind.split("_")))

"""com.microsoft.DynamicQuantizeLSTM: an LSTM whose weights are integers with scales."""

from typing import Any

import numpy as np
from torch import Tensor

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_torch.operators.lstm import lstm


@operator("DynamicQuantizeLSTM")
def dynamic_quantize_lstm(  # noqa: PLR0917 - the inputs of the schema
    x: Tensor,
    w: Array,
    r: Array,
    b: Array | None,
    sequence_lens: Tensor | None,
    initial_h: Tensor | None,
    initial_c: Tensor | None,
    p: Tensor | None,
    w_scale: Array,
    w_zero_point: Array,
    r_scale: Array,
    r_zero_point: Array,
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str | None,
    hidden_size: int,
    input_forget: int | None,
) -> tuple[Tensor, ...]:
    """Weights are read as floats once; ONNX Runtime quantizes the activations, too, as it goes."""
    made: tuple[Tensor, ...] = lstm(
        x,
        Constant(_real(w, w_scale, w_zero_point)),
        Constant(_real(r, r_scale, r_zero_point)),
        None if b is None else Constant(b),
        sequence_lens,
        initial_h,
        initial_c,
        p,
        activation_alpha=activation_alpha,
        activation_beta=activation_beta,
        activations=activations,
        clip=clip,
        direction=direction or "forward",
        hidden_size=hidden_size,
        input_forget=input_forget,
        layout=0,
    )
    return made


def _real(weights: Any, scale: Any, zero: Any) -> Any:
    """(directions, inputs, 4 hidden), with a scale by direction or by column, turned as LSTM's."""
    way = (weights.shape[0], 1, -1)
    whole = weights.astype(np.float32) - zero.astype(np.float32).reshape(way)
    return np.ascontiguousarray((whole * scale.reshape(way)).transpose(0, 2, 1))

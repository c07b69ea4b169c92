"""Attention whose mask hides a whole row: PyTorch gives zeros there, its exporters do not.

A row is hidden where the mask is False, or -inf, all along it: padding on the left of a decoder
makes such rows. PyTorch answers zeros (aten::_safe_softmax); the exporter's graph the mean of all
values for a bool mask, and NaN for one of floats. The lowest finite number hides nothing by
itself: such a row is the mean, in PyTorch and in ONNX's definition of Attention, and zeros in ONNX
Runtime's kernel of it, so masks of floats are written out at every opset.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

FUSED: Final = 23
"""From this opset on there is an operator Attention, which keeps to PyTorch for bool masks."""

OLDEST: Final = 14
"""The first opset at which the older exporter knows attention."""

AXES_AS_INPUT: Final = 18
"""Since when ReduceMax takes its axes as an input."""

NAME: Final = "aten::scaled_dot_product_attention"


def translations(opset: int) -> Mapping[Any, Callable[..., Any]]:
    """What torch.onnx.export takes as its custom_translation_table."""
    import torch
    from onnxscript import ir
    from onnxscript.function_libs.torch_lib.ops.nn import (
        aten_scaled_dot_product_attention as written_out,
    )
    from onnxscript.onnx_opset import opset18 as op
    from torch.onnx._internal.exporter._torchlib.ops.nn import (
        aten_scaled_dot_product_attention_23 as fused,
    )

    known = fused if opset >= FUSED else written_out

    def attention(  # noqa: PLR0917 - aten's own arguments
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,  # noqa: FBT001, FBT002 - aten's own
        scale: float | None = None,
        enable_gqa: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        told = {"scale": scale, "enable_gqa": enable_gqa}
        flags = attn_mask is not None and attn_mask.dtype == ir.DataType.BOOL
        if attn_mask is None or (flags and opset >= FUSED):
            return known(query, key, value, attn_mask, dropout_p, is_causal, **told)
        zero = op.Constant(value=ir.tensor(0.0, dtype=query.dtype))
        bias = attn_mask
        if flags:
            lowest = op.Constant(value=ir.tensor(query.dtype.min, dtype=query.dtype))
            bias = op.Where(attn_mask, zero, lowest)
        most = op.ReduceMax(bias, op.Constant(value_ints=[-1]), keepdims=1)
        nothing = op.Constant(value=ir.tensor(float("-inf"), dtype=query.dtype))
        hidden = op.Less(most, zero) if flags else op.Equal(most, nothing)
        seen = written_out(query, key, value, bias, dropout_p, is_causal, **told)
        return op.Where(hidden, zero, seen)

    return {torch.ops.aten.scaled_dot_product_attention.default: attention}


@contextmanager
def traced_rows() -> Iterator[None]:
    """Have the older exporter write zeros, too, as long as the block lasts.

    It does so by itself for a bool mask; for one of floats it leaves NaN.
    """
    import torch
    from torch.onnx._internal.torchscript_exporter import symbolic_helper, symbolic_opset14
    from torch.onnx._internal.torchscript_exporter._type_utils import JitScalarType

    known = symbolic_opset14.scaled_dot_product_attention

    def attention(g: Any, query: Any, key: Any, value: Any, mask: Any, *told: Any) -> Any:
        seen = known(g, query, key, value, mask, *told)
        if symbolic_helper._is_none(mask) or mask.type().scalarType() == "Bool":  # noqa: SLF001 - torch has no public one
            return seen
        last = torch.tensor([-1])
        if g.opset >= AXES_AS_INPUT:
            most = g.op("ReduceMax", mask, g.op("Constant", value_t=last))
        else:
            most = g.op("ReduceMax", mask, axes_i=last.tolist())
        kind = JitScalarType.from_value(mask).dtype()
        nothing = g.op("Constant", value_t=torch.tensor(float("-inf"), dtype=kind))
        zero = g.op("Constant", value_t=torch.tensor(0.0, dtype=kind))
        return g.op("Where", g.op("Equal", most, nothing), zero, seen)

    torch.onnx.register_custom_op_symbolic(NAME, attention, OLDEST)
    try:
        yield
    finally:
        torch.onnx.unregister_custom_op_symbolic(NAME, OLDEST)

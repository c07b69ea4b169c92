"""Bodies: operators replaced by what ONNX says they do."""

from collections.abc import Sequence
from typing import Any

from workers.onnx_graph.light import inferred, inlined


def written_out(model: Any, operators: Sequence[tuple[str, str]]) -> Any:
    """The model with calls of these operators replaced, where ONNX has a body for their version.

    Some bodies depend on types, and ONNX's inliner does not look for those of weights: it is
    told as it is told of other tensors.
    """
    typed = inferred(model)
    weights = {each.name for each in typed.graph.initializer}
    for each in typed.graph.initializer:
        value = typed.graph.value_info.add(name=each.name)
        value.type.tensor_type.elem_type = each.data_type
        for length in each.dims:
            value.type.tensor_type.shape.dim.add(dim_value=length)
    whole = inlined(typed, list(operators))
    kept = [each for each in whole.graph.value_info if each.name not in weights]
    del whole.graph.value_info[:]
    whole.graph.value_info.extend(kept)
    return whole

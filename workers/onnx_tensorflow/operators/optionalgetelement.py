"""OptionalGetElement: what is in an optional."""

from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Stored


@operator("OptionalGetElement")
def optional_get_element(x: Stored | None) -> Any:
    """From version 18 on also a tensor or a sequence itself."""
    if x is None:
        raise CannotTranslate("is given an optional that is empty")
    return x

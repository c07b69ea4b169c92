"""OptionalGetElement: the value of an optional."""

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator


@operator("OptionalGetElement")
def optional_get_element(x: Raw) -> Raw:
    """It must have one."""
    if x is None:
        raise CannotTranslate("is given an optional without a value")
    return x

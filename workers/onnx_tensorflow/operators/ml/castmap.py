"""CastMap: maps as rows."""

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.maps import HINT, REASON


@operator("CastMap", refuses=lambda _: REASON)
def cast_map(_: Raw) -> Raw:
    """Refused."""
    raise CannotTranslate(REASON, hint=HINT)

"""DictVectorizer: maps as rows, by a vocabulary of their keys."""

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.maps import HINT, REASON


@operator("DictVectorizer", refuses=lambda _: REASON)
def dict_vectorizer(_: Raw) -> Raw:
    """Refused."""
    raise CannotTranslate(REASON, hint=HINT)

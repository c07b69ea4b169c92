"""StringNormalizer: strings in one case, without stop words."""

import numpy as np

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("StringNormalizer")
def string_normalizer(
    x: Array, *, case_change_action: str, is_case_sensitive: int, stopwords: list[str] | None
) -> Constant:
    """A row of strings; one that loses all of them keeps an empty one. Locales are not heeded."""
    change = {"LOWER": str.lower, "UPPER": str.upper}.get(case_change_action, str)
    stops = set(stopwords or ())
    if not is_case_sensitive:
        stops = {each.lower() for each in stops}
    words = [str(each) for each in x.reshape(-1)]
    kept = [each for each in words if (each if is_case_sensitive else each.lower()) not in stops]
    found = np.array([change(each) for each in kept] or [""], dtype=object)
    return Constant(found.reshape(*x.shape[:-1], -1))

"""RegexFullMatch: which strings a pattern matches as a whole."""

import re

import numpy as np

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("RegexFullMatch")
def regex_full_match(x: Array, *, pattern: str) -> Constant:
    """Patterns are RE2's, of which Python's own have nearly everything."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CannotTranslate(
            f"has the pattern {pattern!r}, which Python refuses: {error}"
        ) from error
    held = [compiled.fullmatch(str(each)) is not None for each in x.reshape(-1)]
    return Constant(np.array(held, bool).reshape(x.shape))

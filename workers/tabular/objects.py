"""Objects: everything that a loaded model is made of."""

from collections.abc import Iterator
from typing import Any, Final

LEAVES: Final = (str, bytes, int, float, bool, type(None), type)


def objects(root: Any) -> Iterator[Any]:
    """Each object that can be reached from `root` by attributes, lists, dicts and arrays, once."""
    import numpy as np

    seen: set[int] = set()
    left = [root]
    while left:
        each = left.pop()
        if isinstance(each, LEAVES) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            left.extend(each.flat if each.dtype.kind == "O" else ())
            continue
        yield each
        if isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list | tuple | set | frozenset):
            left.extend(each)
        else:
            left.extend(getattr(each, "__dict__", {}).values())

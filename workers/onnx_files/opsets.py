"""The opset of the standard operators, whichever of its two names a file has for it."""

from typing import Any, Final

DEFAULT: Final = ("", "ai.onnx")
"""Both name the standard operators."""


def version(model: Any) -> int:
    """The opset of the standard operators; 1 where a file names none."""
    return max((each.version for each in model.opset_import if each.domain in DEFAULT), default=1)

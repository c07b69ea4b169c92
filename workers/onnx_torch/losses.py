"""Losses: what torch's and ONNX's do not share."""

from typing import Final

NOWHERE: Final = -(2**31)
"""A class to ignore that no label is: torch ignores one always, ONNX only if it is told which."""

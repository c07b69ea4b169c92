"""Scattering: how an update meets what is there."""

from typing import Final

REDUCTIONS: Final = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
"""torch's names of ONNX's."""

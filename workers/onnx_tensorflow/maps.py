"""Maps: what TensorFlow has none of."""

from typing import Final

REASON: Final = "takes or gives maps, which TensorFlow does not have"
HINT: Final = "Export the model without maps: skl2onnx does with options={'zipmap': False}."

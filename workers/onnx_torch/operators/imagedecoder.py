"""ImageDecoder: pixels of an encoded image."""

from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator

REASON = "decodes files of images, which PyTorch itself does not"
HINT = "Decode images before the model, and feed it the pixels."


@operator("ImageDecoder", refuses=lambda _: f"{REASON}. {HINT}")
def image_decoder(*_: Any) -> Any:
    """Refused: nothing that a PyTorch program can hold would do it."""
    raise CannotTranslate(REASON, hint=HINT)

"""The catalogue of checkers, by source and target."""

from collections.abc import Mapping
from typing import Final

from workers.checker import Checker
from workers.checkers.onnx_to_openvino import TO_OPENVINO
from workers.checkers.onnx_to_ort import TO_ORT
from workers.checkers.onnx_to_pt2 import TO_PT2
from workers.checkers.onnx_to_savedmodel import TO_SAVEDMODEL
from workers.checkers.onnx_to_tensorrt import TO_TENSORRT, TO_TENSORRT_RTX

CHECKERS: Final[Mapping[tuple[str, str], Checker]] = {
    (each.source.name, each.target.name): each
    for each in (TO_OPENVINO, TO_ORT, TO_PT2, TO_SAVEDMODEL, TO_TENSORRT, TO_TENSORRT_RTX)
}

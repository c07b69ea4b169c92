"""The catalogue of converters: those of this package, and those that others bring along."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from workers.converter import Converter
from workers.converters import (
    frozen_graph_to_onnx,
    frozen_graph_to_savedmodel,
    huggingface_to_pt2,
    keras_h5_to_onnx,
    keras_h5_to_pt2,
    keras_h5_to_savedmodel,
    keras_to_onnx,
    keras_to_pt2,
    keras_to_savedmodel,
    lightgbm_to_onnx,
    onnx_dims,
    onnx_input_shapes,
    onnx_join,
    onnx_opset,
    onnx_outputs,
    onnx_simplify,
    onnx_split,
    onnx_to_bf16,
    onnx_to_fp16,
    onnx_to_fp32,
    onnx_to_int8,
    onnx_to_openvino,
    onnx_to_ort,
    onnx_to_pt2,
    onnx_to_savedmodel,
    onnx_to_tensorrt,
    onnx_to_tensorrt_rtx,
    onnx_to_triton,
    pt2_to_coreml,
    pt2_to_coreml_traced,
    pt2_to_onnx,
    pt2_to_onnx_traced,
    pt2_to_pytorch,
    pt2_to_safetensors,
    pt2_to_tflite,
    pt2_to_triton,
    pytorch_to_pt2,
    savedmodel_to_onnx,
    savedmodel_to_onnx_lite,
    savedmodel_to_tflite,
    savedmodel_to_triton,
    skops_to_onnx,
    tensorrt_to_triton,
    tflite_to_onnx,
    torchscript_to_coreml,
    torchscript_to_onnx,
    torchscript_to_pt2,
    torchscript_to_triton,
    transplants,
    xgboost_to_onnx,
)

GROUP = "modelferry.converters"
"""The entry point group of converters that come with other packages."""

CONVERTERS: tuple[Converter[Any], ...] = (
    frozen_graph_to_onnx.convert,
    frozen_graph_to_savedmodel.convert,
    huggingface_to_pt2.convert,
    keras_h5_to_onnx.convert,
    keras_h5_to_pt2.convert,
    keras_h5_to_savedmodel.convert,
    keras_to_onnx.convert,
    keras_to_pt2.convert,
    keras_to_savedmodel.convert,
    lightgbm_to_onnx.convert,
    onnx_dims.convert,
    onnx_input_shapes.convert,
    onnx_join.convert,
    onnx_opset.convert,
    onnx_outputs.convert,
    onnx_simplify.convert,
    onnx_split.convert,
    onnx_to_bf16.convert,
    onnx_to_fp16.convert,
    onnx_to_fp32.convert,
    onnx_to_int8.convert,
    onnx_to_openvino.convert,
    onnx_to_ort.convert,
    onnx_to_pt2.convert,
    onnx_to_savedmodel.convert,
    onnx_to_tensorrt.convert,
    onnx_to_tensorrt_rtx.convert,
    onnx_to_triton.convert,
    pt2_to_coreml.convert,
    pt2_to_coreml_traced.convert,
    pt2_to_onnx.convert,
    pt2_to_onnx_traced.convert,
    pt2_to_pytorch.convert,
    pt2_to_safetensors.convert,
    pt2_to_tflite.convert,
    pt2_to_triton.convert,
    pytorch_to_pt2.convert,
    savedmodel_to_onnx.convert,
    savedmodel_to_onnx_lite.convert,
    savedmodel_to_tflite.convert,
    savedmodel_to_triton.convert,
    skops_to_onnx.convert,
    tensorrt_to_triton.convert,
    tflite_to_onnx.convert,
    torchscript_to_coreml.convert,
    torchscript_to_onnx.convert,
    torchscript_to_pt2.convert,
    torchscript_to_triton.convert,
    *transplants.transplants(),
    xgboost_to_onnx.convert,
)


@cache
def catalogue() -> Mapping[str, Converter[Any]]:
    """Every converter by its name.

    Raises:
        ValueError: two have the same name.
        TypeError: an entry point leads to something else.
    """
    found: dict[str, Converter[Any]] = {}
    for each in (*CONVERTERS, *_plugged_in()):
        if each.name in found:
            raise ValueError(f"two converters are called {each.name!r}")
        found[each.name] = each
    return found


def _plugged_in() -> Iterator[Converter[Any]]:
    for entry in entry_points(group=GROUP):
        loaded = entry.load()
        if not isinstance(loaded, Converter):
            raise TypeError(f"entry point {entry.name!r} of {GROUP} is no Converter")
        yield loaded
